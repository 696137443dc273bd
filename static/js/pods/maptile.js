/** The drawing of one tile of the map: the head of its group, and a link for each pod. */
import { Counts } from './counts.js';
import { groupName } from './grouprow.js';
import { setText } from './page.js';
import { partsOf } from './parts.js';

/** The entry of each link that is drawn. */
const ENTRIES = new WeakMap();

export function entryOf(link) {
  return ENTRIES.get(link) ?? null;
}

export class Tile {
  #env;
  #body;
  #parts;
  #counts;
  #place = '';

  /** @param {HTMLTemplateElement} template  @param {object} env as Table has it */
  constructor(template, env) {
    this.#env = env;
    this.root = template.content.firstElementChild.cloneNode(true);
    this.#parts = partsOf(this.root);
    this.#counts = new Counts(this.#parts);
    this.#body = this.#parts.cells;
    /** What is drawn of each pod: `{link, row, left, fresh}`. */
    this.cells = [];
  }

  /** Draws a tile of mapLayout, with its `top`. */
  fill({ group, from, to, left, top, width, perLine, head }) {
    this.#stand(left, top, width, perLine);
    this.#parts.head.hidden = head === 0;
    if (head > 0) {
      this.#fillHead(group);
    }
    for (let at = from; at < to; at += 1) {
      this.#fillCell(at - from, group.entryAt(at));
    }
    this.cells.splice(to - from).forEach(({ link }) => link.remove());
  }

  #stand(left, top, width, perLine) {
    const place = `${left} ${top} ${width}`;
    if (place !== this.#place) {
      this.#place = place;
      this.root.style.transform = `translate(${left}px, ${top}px)`;
      this.root.style.width = `${width}px`;
      this.#body.style.setProperty('--per-line', String(perLine));
    }
  }

  #fillHead(group) {
    const name = groupName(group, this.#env.texts);
    setText(this.#parts.name, name);
    const title = [group.kind, name, group.namespace].filter(Boolean).join(' ');
    if (this.#parts.head.title !== title) {
      this.#parts.head.title = title;
    }
    this.#counts.draw(group.counts);
  }

  #fillCell(at, entry) {
    let cell = this.cells[at];
    if (cell === undefined) {
      const link = this.#body.appendChild(document.createElement('a'));
      link.tabIndex = -1;
      cell = { link, row: null, left: null, fresh: false };
      this.cells.push(cell);
    }
    if (cell.row !== entry.row || cell.left !== entry.left) {
      Object.assign(cell, { row: entry.row, left: entry.left, fresh: false });
      this.#writeCell(cell);
    }
    ENTRIES.set(cell.link, entry);
    const open = String(this.#env.isOpen(entry.row));
    if (cell.link.ariaCurrent !== open) {
      cell.link.ariaCurrent = open;
    }
    const fresh = entry.freshUntil > performance.now();
    if (cell.fresh !== fresh) {
      cell.fresh = fresh;
      cell.link.classList.toggle('new', fresh);
    }
  }

  #writeCell({ link, row, left }) {
    const { podAddress, texts } = this.#env;
    const word = left === null ? `${texts.ui(`health_${row.health}`)}, ${row.status}` : texts.ui('left_word');
    link.className = `cell ${left === null ? row.health : 'gone'}`;
    link.dataset.name = row.name;
    link.href = podAddress(row);
    link.dataset.pod = `${row.namespace}/${row.name}`;
    link.dataset.uid = row.uid;
    link.setAttribute('aria-label', `${row.name}: ${word}`);
  }
}
