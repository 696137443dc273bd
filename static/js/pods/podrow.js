/** The drawing of one pod: a node made from the page's template, written anew only where it differs. */
import { nameParts, reasonOf, setShape, setText } from './page.js';
import { humanDuration, instant } from './time.js';

const NONE = '–';

export class PodRow {
  #env;
  #row = null;
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
    if (this.#row !== entry.row) {
      this.#row = entry.row;
      this.#write(entry.row);
    }
    this.tick(now);
  }

  /** Ages, and the mark of what changed. */
  tick(now) {
    this.#ages(this.#row, now);
    this.#mark(this.#entry);
  }

  #write(row) {
    const { texts, podAddress } = this.#env;
    const { classList, dataset } = this.root;
    classList.toggle('bad', row.health === 'failing');
    classList.toggle('warn', row.health === 'waiting');
    classList.toggle('idle-row', row.health === 'done');
    classList.toggle('tall', Boolean(row.why));
    dataset.name = row.name;
    setShape(this.icon, row.health);
    setText(this.health, texts.ui(`health_${row.health}`));
    this.link.href = podAddress(row);
    this.#writeName(row);
    this.#writeFacts(row);
    this.#writeWhy(row);
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
    setText(this.status, row.status);
    setText(this.restarts, String(row.restarts));
    setText(this.node, row.node ?? NONE);
    setText(this.ip, row.ip ?? NONE);
    setText(this.kind, row.owner?.kind ?? '');
    setText(this.owner, row.owner?.name ?? NONE);
  }

  #writeWhy(row) {
    this.why.hidden = !row.why;
    const { first, rest } = row.why ? reasonOf(row, this.#env.texts) : { first: '', rest: '' };
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
