/** What is told of the pod under the pointer or with the focus, beside its cell. */
import { entryOf } from './maptile.js';
import { reasonOf, setText } from './page.js';
import { humanDuration, instant } from './time.js';

const DISTANCE = 8;

export class MapTip {
  #tip;
  #env;
  #cell = null;

  /**
   * @param {HTMLElement} body of the map
   * @param {HTMLElement} tip
   * @param {object} env as Table has it
   */
  constructor(body, tip, env) {
    this.#tip = tip;
    this.#env = env;
    const show = ({ target }) => this.#show(target.closest('.cell'));
    body.addEventListener('pointerover', show);
    body.addEventListener('focusin', show);
    body.addEventListener('pointerleave', () => this.#show(null));
    body.addEventListener('focusout', () => this.#show(null));
    document.addEventListener('keydown', ({ key }) => key === 'Escape' && this.#show(null));
  }

  /** Draws it anew: the pod may have changed or gone. */
  draw() {
    this.#show(this.#cell?.isConnected ? this.#cell : null);
  }

  #show(cell) {
    this.#cell = cell;
    const entry = cell === null ? null : entryOf(cell);
    this.#tip.hidden = entry === null;
    if (entry !== null) {
      this.#write(entry);
      this.#place(cell.getBoundingClientRect());
    }
  }

  #write({ row, left }) {
    const [name, facts, why] = this.#tip.children;
    const { clock, texts } = this.#env;
    const created = instant(row.created);
    const age = created === null ? null : humanDuration((left?.now ?? clock.now()) - created);
    const status = left === null ? row.status : texts.ui('left', { time: texts.time(left.at) });
    setText(name, row.name);
    setText(facts, [status, row.ready, texts.ui('restarts', { count: row.restarts }), age, row.node].filter(Boolean).join(' · '));
    setText(why, left === null && row.why ? reasonOf(row, texts).all : '');
    why.hidden = why.textContent === '';
  }

  /** Under the cell, or above it where the window ends. */
  #place(cell) {
    const { offsetWidth, offsetHeight, style } = this.#tip;
    const below = cell.bottom + DISTANCE;
    const top = below + offsetHeight > window.innerHeight ? cell.top - DISTANCE - offsetHeight : below;
    const left = Math.max(DISTANCE, Math.min(cell.left, document.documentElement.clientWidth - offsetWidth - DISTANCE));
    style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}
