/**
 * A table of the ledger: its rows are brought in line with each picture. A row keeps its elements for
 * as long as it is there, so that whoever is on its button stays there when the order changes.
 */
import { byId, setShape, setText } from './page.js';

export class LedgerTable {
  #rows = new Map();
  #body;
  #template;
  #title;
  #key;
  #describe;
  #act;

  /**
   * @param {string} id the table's; its title is `<id>-title`
   * @param {string} template id of a row's template
   * @param {{key: (row: object) => string, describe: (row: object) => object,
   *   act: (row: object) => void}} how what identifies a row, what is shown of it (`{health, tint, parts,
   *   action}`), and what its button does
   */
  constructor(id, template, { key, describe, act }) {
    this.#body = byId(id).querySelector('.rows');
    this.#title = byId(`${id}-title`);
    this.#template = byId(template);
    this.#key = key;
    this.#describe = describe;
    this.#act = act;
  }

  /** Shows exactly these rows, in this order. */
  show(rows) {
    const held = this.#body.contains(document.activeElement) ? document.activeElement : null;
    const wanted = new Set(rows.map(this.#key));
    for (const [key, { element }] of this.#rows) {
      if (!wanted.has(key)) {
        element.remove();
        this.#rows.delete(key);
      }
    }
    let next = this.#body.firstElementChild;
    for (const row of rows) {
      const element = this.#draw(row);
      if (element === next) {
        next = next.nextElementSibling;
      } else {
        this.#body.insertBefore(element, next);
      }
    }
    if (held !== null && document.activeElement !== held) {
      (held.isConnected ? held : this.#title).focus({ preventScroll: true });
    }
  }

  #draw(row) {
    const key = this.#key(row);
    let entry = this.#rows.get(key);
    if (entry === undefined) {
      entry = this.#make();
      this.#rows.set(key, entry);
    }
    entry.row = row;
    const { health, tint, parts, action } = this.#describe(row);
    setShape(entry.shape, health);
    entry.element.className = `lg lr ${tint}`.trimEnd();
    for (const [name, part] of entry.parts) {
      if (name in parts) {
        setText(part, parts[name]);
        part.hidden = parts[name] === '' && (name === 'why' || name === 'filter');
      }
    }
    const button = entry.parts.get('act');
    button.hidden = action === null;
    if (action !== null) {
      setText(button, action.word);
      button.setAttribute('aria-label', action.label);
    }
    return entry.element;
  }

  #make() {
    const element = this.#template.content.firstElementChild.cloneNode(true);
    const parts = new Map([...element.querySelectorAll('[data-part]')].map((one) => [one.dataset.part, one]));
    const entry = { element, parts, shape: element.querySelector('svg.i'), row: null };
    parts.get('act').addEventListener('click', () => this.#act(entry.row));
    return entry;
  }
}
