/** Counts by health in a header: a number beside each shape, and a bar where there is one. */
import { setText } from './page.js';
import { HEALTHS } from './sort.js';

export class Counts {
  #parts;
  #drawn = '';

  /** @param {Object<string, HTMLElement>} parts `failing`, `failing-box`, and `bar-failing` where there is a bar, … */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Draws `{failing, waiting, running, done}`; what is none is hidden. Equal counts cost nothing. */
  draw(counts) {
    const text = HEALTHS.map((health) => counts[health]).join();
    if (text !== this.#drawn) {
      this.#drawn = text;
      HEALTHS.forEach((health) => this.#drawOne(health, counts[health]));
    }
  }

  #drawOne(health, count) {
    this.#parts[`${health}-box`].hidden = count === 0;
    setText(this.#parts[health], String(count));
    const bar = this.#parts[`bar-${health}`];
    if (bar !== undefined) {
      bar.hidden = count === 0;
      bar.style.flexGrow = String(count);
    }
  }
}
