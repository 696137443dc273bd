/** How many pods there are of each health and of each status. */

export class Tally {
  constructor() {
    this.counts = { failing: 0, waiting: 0, running: 0, done: 0 };
    this.statuses = new Map();
  }

  /** Counts a row in (`step` 1) or out (-1). */
  add({ health, status }, step) {
    this.counts[health] += step;
    const left = (this.statuses.get(status) ?? 0) + step;
    if (left === 0) {
      this.statuses.delete(status);
    } else {
      this.statuses.set(status, left);
    }
  }
}
