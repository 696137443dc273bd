/** The drawing of one pod: a node made from the page's template, written anew only where it differs. */
import { nameParts, reasonOf, setShape, setText } from './page.js';
import { clockTime, humanDuration, instant } from './time.js';

const NONE = '–';

export class PodRow {
  #env;
  #row = null;
  #left = null;
  #entry = null;
  #freshUntil = 0;

  /** @param {HTMLTemplateElement} template  @param {object} env as Table has it */
  constructor(template, env) {
    this.#env = env;
    this.root = template.content.firstElementChild.cloneNode(true);
    this.icon = this.root.querySelector('svg');
    this.link = this.root.querySelector('a');
    for (const part of this.root.querySelectorAll('[data-part]')) {
      this[part.dataset.part] = part;
    }
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
    setText(this.health, left ? '' : texts.ui(`health_${row.health}`));
    this.link.href = podAddress(row);
    this.#writeName(row);
    this.#writeFacts(row);
    this.#writeWhy(left ? null : row.why, row);
  }

  #writeName(row) {
    const { prefix, middle, tail } = nameParts(row);
    setText(this.prefix, prefix);
    setText(this.middle, middle);
    setText(this.tail, tail);
    this.link.title = row.name;
    this.link.setAttribute('aria-label', row.name);
  }

  #writeFacts(row) {
    if (this.namespace) {
      setText(this.namespace, row.namespace);
    }
    setText(this.ready, row.ready);
    setText(this.status, this.#left === null ? row.status : this.#leftAt());
    setText(this.restarts, String(row.restarts));
    setText(this.node, row.node ?? NONE);
    setText(this.ip, row.ip ?? NONE);
    setText(this.kind, row.owner?.kind ?? '');
    setText(this.owner, row.owner?.name ?? NONE);
  }

  #leftAt() {
    return this.#env.texts.ui('left', { time: clockTime(this.#left.at, Date.now()) });
  }

  #writeWhy(why, row) {
    this.root.classList.toggle('tall', Boolean(why));
    this.why.hidden = !why;
    const { first, rest } = why ? reasonOf(row, this.#env.texts) : { first: '', rest: '' };
    setText(this.reason, first);
    setText(this.rest, rest);
    this.why.title = `${first} ${rest}`.trim();
  }

  #ages(row, now) {
    const created = instant(row.created);
    setText(this.age, created === null ? NONE : humanDuration(now - created));
    const last = instant(row.last_restart);
    const ago = row.restarts > 0 && last !== null ? humanDuration(now - last) : null;
    setText(this.ago, ago === null ? '' : this.#env.texts.ui('ago', { age: ago }));
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
