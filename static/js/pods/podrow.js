/** The drawing of one pod: a node made from the page's template, written anew only where it differs. */
import { labelOf } from './filter.js';
import { nameParts, reasonOf, setShape, setText } from './page.js';
import { partsOf } from './parts.js';
import { humanDuration, instant } from './time.js';

const NONE = '–';
const NO_REASON = { first: '', rest: '', next: '', more: '', all: '' };

export class PodRow {
  #env;
  #row = null;
  #left = null;
  #entry = null;
  #freshUntil = 0;
  #open = false;

  /** @param {HTMLTemplateElement} template  @param {object} env as Table has it */
  constructor(template, env) {
    this.#env = env;
    this.root = template.content.firstElementChild.cloneNode(true);
    this.icon = this.root.querySelector('svg');
    this.link = this.root.querySelector('a');
    /** Its parts by their names; those of columns that are not chosen are missing. */
    this.parts = partsOf(this.root);
    this.labels = [...this.root.querySelectorAll('[data-label]')];
  }

  /** Where the keys go. */
  get focusable() {
    return this.link;
  }

  /** Draws an entry of RowIndex; `now` by the server's clock. */
  fill(entry, now) {
    this.#entry = entry;
    if (this.#row !== entry.row || this.#left !== entry.left) {
      this.#row = entry.row;
      this.#left = entry.left;
      this.#write(entry.row, entry.left !== null);
    }
    this.#markOpen(this.#env.isOpen(entry.row));
    this.tick(now);
  }

  /** Ages, and the mark of what changed. */
  tick(now) {
    this.#ages(this.#row, this.#left?.now ?? now);
    this.#mark(this.#entry);
  }

  #write(row, left) {
    const { texts, podAddress } = this.#env;
    const { classList, dataset } = this.root;
    classList.toggle('bad', !left && row.health === 'failing');
    classList.toggle('warn', !left && row.health === 'waiting');
    classList.toggle('idle-row', left || row.health === 'done');
    classList.toggle('left', left);
    dataset.name = row.name;
    setShape(this.icon, left ? 'gone' : row.health);
    this.#set('health', left ? '' : texts.ui(`health_${row.health}`));
    this.link.href = podAddress(row);
    this.link.dataset.pod = `${row.namespace}/${row.name}`;
    this.link.dataset.uid = row.uid;
    this.#writeName(row);
    this.#writeFacts(row);
    this.#writeWhy(left ? null : row.why, row);
  }

  /** The pod that is open beside the list. */
  #markOpen(open) {
    if (open !== this.#open) {
      this.#open = open;
      this.root.setAttribute('aria-current', String(open));
    }
  }

  #set(part, text) {
    if (this.parts[part] !== undefined) {
      setText(this.parts[part], text);
    }
  }

  #writeName(row) {
    const { prefix, middle, tail } = nameParts(row);
    this.#set('prefix', prefix);
    this.#set('middle', middle);
    this.#set('tail', tail);
    this.link.title = row.name;
    this.link.setAttribute('aria-label', row.name);
  }

  #writeFacts(row) {
    this.#set('namespace', row.namespace);
    this.#set('ready', row.ready);
    this.#set('status', this.#left === null ? row.status : this.#leftAt());
    this.#set('restarts', String(row.restarts));
    this.#set('node', row.node ?? NONE);
    this.#set('ip', row.ip ?? NONE);
    this.#set('kind', row.owner?.kind ?? '');
    this.#set('owner', row.owner?.name ?? NONE);
    for (const cell of this.labels) {
      setText(cell, labelOf(row, cell.dataset.label) ?? NONE);
    }
  }

  #leftAt() {
    const { texts } = this.#env;
    return texts.ui('left', { time: texts.time(this.#left.at) });
  }

  #writeWhy(why, row) {
    this.root.classList.toggle('tall', Boolean(why));
    this.parts.why.hidden = !why;
    const words = why ? reasonOf(row, this.#env.texts) : NO_REASON;
    this.#set('reason', words.first);
    this.#set('rest', words.rest);
    this.#set('next', words.next);
    this.#set('more', words.more);
    this.parts.why.title = words.all;
  }

  #ages(row, now) {
    const created = instant(row.created);
    this.#set('age', created === null ? NONE : humanDuration(now - created));
    const last = instant(row.last_restart);
    const ago = row.restarts > 0 && last !== null ? humanDuration(now - last) : null;
    this.#set('ago', ago === null ? '' : this.#env.texts.ui('ago', { age: ago }));
  }

  #mark({ freshUntil }) {
    const fresh = freshUntil > performance.now();
    const { classList } = this.root;
    if (!fresh) {
      classList.remove('fresh-a', 'fresh-b');
    } else if (this.#freshUntil !== freshUntil || !classList.contains('fresh')) {
      // Two names for one animation: changing between them starts it anew without a layout.
      const name = classList.contains('fresh-a') ? 'fresh-b' : 'fresh-a';
      classList.remove('fresh-a', 'fresh-b');
      classList.add(name);
    }
    classList.toggle('fresh', fresh);
    this.#freshUntil = freshUntil;
  }
}
