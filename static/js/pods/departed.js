/**
 * Pods that left a moment ago: shown greyed for a minute, and counted nowhere.
 *
 * Bounded: beyond MOST_DEPARTED the oldest are forgotten at once.
 */

export const DEPARTED_FOR = 60_000;
export const MOST_DEPARTED = 200;

export class Departed {
  /** Entries of RowIndex by uid, the oldest first. */
  #entries = new Map();

  entries() {
    return this.#entries.values();
  }

  add(entry) {
    this.#entries.set(entry.id, entry);
  }

  /** Takes out the one of this uid, which is there again. */
  take(uid) {
    const entry = this.#entries.get(uid);
    this.#entries.delete(uid);
    return entry;
  }

  /** Forgets all; gives them. */
  clear() {
    return this.#forget(() => true);
  }

  /** Forgets those whose time is over at `at`, by the clock of their `left.at`; gives them. */
  expire(at) {
    return this.#forget((entry) => at - entry.left.at >= DEPARTED_FOR);
  }

  /** Forgets what is too many; gives it. */
  overflow() {
    let over = this.#entries.size - MOST_DEPARTED;
    return this.#forget(() => {
      over -= 1;
      return over >= 0;
    });
  }

  #forget(wanted) {
    const forgotten = [...this.#entries.values()].filter(wanted);
    forgotten.forEach(({ id }) => this.#entries.delete(id));
    return forgotten;
  }
}
