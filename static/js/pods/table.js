/**
 * The table's rows on screen: only those in view are in the document.
 *
 * Rows stand at the tops that RowIndex knows, so nothing is measured but where the table begins.
 * Nodes are kept by uid while they are in view and re-used afterwards; one drawing a frame. The
 * document's order is the order on screen, for the Tab key and for screen readers.
 */
import { nameParts, reasonOf, setShape, setText } from './page.js';
import { humanDuration, instant } from './time.js';

/** Row heights in pixels, as static/css/table.css sets them. */
export const HEIGHTS = {
  wide: { plain: 34, reason: 60 },
  narrow: { plain: 54, reason: 113 },
};

/** How long a changed row bears its mark. */
export const FRESH_FOR = 2500;

const OVERSCAN = 200;
const SPARE_NODES = 60;
const NONE = '–';
const NO_REASON = { first: '', rest: '', next: '', more: '', all: '' };

export class Table {
  #body;
  #template;
  #index;
  #env;
  #nodes = new Map();
  #spare = [];
  #frame = null;
  #anchor = null;

  /**
   * @param {{body: HTMLElement, template: HTMLTemplateElement, index: RowIndex}} parts
   * @param {{texts: Texts, clock: ServerClock, podAddress: (row: object) => string,
   *   covered: () => number}} env `covered`: pixels at the window's top that a fixed header hides
   */
  constructor({ body, template, index }, env) {
    this.#body = body;
    this.#template = template;
    this.#index = index;
    this.#env = env;
    /** The row that the keys act on. */
    this.active = null;
  }

  /** Draws with the next animation frame. */
  schedule() {
    if (this.#frame === null) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = null;
        this.draw();
      });
    }
  }

  /** Another order or filter: the rows need not stay where they were. */
  letGo() {
    this.#anchor = null;
  }

  draw() {
    const held = document.activeElement;
    const begin = this.#anchored(this.#body.getBoundingClientRect().top);
    const { order } = this.#index;
    const wanted = this.#inView(begin, held);
    this.#recycle(new Set(wanted.map((at) => order[at].row.uid)));
    let before = this.#body.firstElementChild;
    const now = this.#env.clock.now();
    for (const at of wanted) {
      const node = this.#node(order[at]);
      this.#fill(node, order[at], at, now);
      if (node.root === before) {
        before = before.nextElementSibling;
      } else {
        this.#body.insertBefore(node.root, before);
      }
    }
    this.#body.style.height = `${this.#index.height}px`;
    if (held !== document.activeElement && this.#body.contains(held)) {
      held.focus({ preventScroll: true });
    }
  }

  /** Ages and marks of the rows in view. */
  tick() {
    const now = this.#env.clock.now();
    for (const [uid, node] of this.#nodes) {
      const entry = this.#index.get(uid);
      if (entry !== undefined) {
        this.#ages(node, entry.row, now);
        this.#mark(node, entry);
      }
    }
  }

  /** Moves to the row `step` further, or to the first or last one. */
  move(step) {
    const { order } = this.#index;
    if (order.length === 0) {
      return;
    }
    const from = this.active === null ? -1 : this.#index.position(this.active);
    const wanted = from < 0 && Number.isFinite(step) ? this.#firstInView() : from + step;
    const to = Math.min(order.length - 1, Math.max(0, wanted));
    this.active = order[to].row.uid;
    // A filter may have been taken since the last frame: the page must be long enough to scroll.
    this.#body.style.height = `${this.#index.height}px`;
    this.#reveal(order[to]);
    this.draw();
    this.#nodes.get(this.active)?.link.focus({ preventScroll: true });
  }

  /** The address of the row that the keys act on, or null. */
  activeAddress() {
    return this.#nodes.get(this.active)?.link.href ?? null;
  }

  /** Keeps the first row in view where it is when rows above it come and go. */
  #anchored(begin) {
    const anchor = this.#anchor;
    const entry = anchor === null ? undefined : this.#index.get(anchor.uid);
    if (entry?.shown && entry.top !== anchor.top && begin < this.#env.covered()) {
      const shift = entry.top - anchor.top;
      this.#body.style.height = `${this.#index.height}px`;
      window.scrollBy({ top: shift, behavior: 'instant' });
      return this.#body.getBoundingClientRect().top;
    }
    return begin;
  }

  #inView(begin, held) {
    const { order } = this.#index;
    this.#anchor = null;
    if (order.length === 0) {
      return [];
    }
    const top = this.#env.covered() - begin;
    const first = this.#index.rowAt(Math.max(0, top - OVERSCAN));
    const last = this.#index.rowAt(Math.max(0, window.innerHeight - begin + OVERSCAN));
    const wanted = [];
    for (let at = first; at <= last; at += 1) {
      wanted.push(at);
    }
    if (top > 0) {
      const entry = order[this.#index.rowAt(top)];
      this.#anchor = { uid: entry.row.uid, top: entry.top };
    }
    // The row that has the focus stays in the document, else the focus would be lost.
    const kept = this.#body.contains(held) ? this.#index.position(held.closest('.p').dataset.uid) : -1;
    if (kept >= 0 && kept < first) {
      wanted.unshift(kept);
    } else if (kept > last) {
      wanted.push(kept);
    }
    return wanted;
  }

  #firstInView() {
    const top = this.#env.covered() - this.#body.getBoundingClientRect().top;
    return this.#index.rowAt(Math.max(0, top));
  }

  #reveal(entry) {
    const top = this.#body.getBoundingClientRect().top + entry.top;
    const over = top - this.#env.covered() - 8;
    const under = top + entry.height - (window.innerHeight - 56);
    if (over < 0) {
      window.scrollBy({ top: over, behavior: 'instant' });
    } else if (under > 0) {
      window.scrollBy({ top: under, behavior: 'instant' });
    }
  }

  #recycle(wanted) {
    for (const [uid, node] of this.#nodes) {
      if (!wanted.has(uid)) {
        this.#nodes.delete(uid);
        node.root.remove();
        if (this.#spare.length < SPARE_NODES) {
          this.#spare.push(node);
        }
      }
    }
  }

  #node(entry) {
    const { uid } = entry.row;
    let node = this.#nodes.get(uid);
    if (node === undefined) {
      node = this.#spare.pop() ?? this.#build();
      node.row = null;
      node.root.dataset.uid = uid;
      this.#nodes.set(uid, node);
    }
    return node;
  }

  #build() {
    const root = this.#template.content.firstElementChild.cloneNode(true);
    const node = { root, row: null, at: -1, top: -1, freshUntil: 0 };
    node.icon = root.querySelector('svg');
    node.link = root.querySelector('a');
    for (const part of root.querySelectorAll('[data-part]')) {
      node[part.dataset.part] = part;
    }
    return node;
  }

  #fill(node, entry, at, now) {
    if (node.row !== entry.row) {
      node.row = entry.row;
      this.#write(node, entry.row);
    }
    if (node.top !== entry.top) {
      node.top = entry.top;
      node.root.style.transform = `translateY(${entry.top}px)`;
    }
    if (node.at !== at) {
      node.at = at;
      node.root.setAttribute('aria-rowindex', String(at + 2));
    }
    node.root.classList.toggle('active', entry.row.uid === this.active);
    this.#ages(node, entry.row, now);
    this.#mark(node, entry);
  }

  #write(node, row) {
    const { texts, podAddress } = this.#env;
    const { root } = node;
    root.classList.toggle('bad', row.health === 'failing');
    root.classList.toggle('warn', row.health === 'waiting');
    root.classList.toggle('idle-row', row.health === 'done');
    root.classList.toggle('tall', Boolean(row.why));
    root.dataset.name = row.name;
    setShape(node.icon, row.health);
    setText(node.health, texts.ui(`health_${row.health}`));
    const { prefix, middle, tail } = nameParts(row);
    setText(node.prefix, prefix);
    setText(node.middle, middle);
    setText(node.tail, tail);
    node.link.href = podAddress(row);
    node.link.title = row.name;
    node.link.setAttribute('aria-label', row.name);
    if (node.namespace) {
      setText(node.namespace, row.namespace);
    }
    setText(node.ready, row.ready);
    setText(node.status, row.status);
    setText(node.restarts, String(row.restarts));
    setText(node.node, row.node ?? NONE);
    setText(node.ip, row.ip ?? NONE);
    setText(node.kind, row.owner?.kind ?? '');
    setText(node.owner, row.owner?.name ?? NONE);
    node.why.hidden = !row.why;
    const words = row.why ? reasonOf(row, texts) : NO_REASON;
    setText(node.reason, words.first);
    setText(node.rest, words.rest);
    setText(node.next, words.next);
    setText(node.more, words.more);
    node.why.title = words.all;
  }

  #ages(node, row, now) {
    const created = instant(row.created);
    setText(node.age, created === null ? NONE : humanDuration(now - created));
    const last = instant(row.last_restart);
    const ago = row.restarts > 0 && last !== null ? humanDuration(now - last) : null;
    setText(node.ago, ago === null ? '' : this.#env.texts.ui('ago', { age: ago }));
  }

  #mark(node, entry) {
    const fresh = entry.freshUntil > performance.now();
    const { classList } = node.root;
    if (!fresh) {
      classList.remove('fresh-a', 'fresh-b');
    } else if (node.freshUntil !== entry.freshUntil || !classList.contains('fresh')) {
      // Two names for one animation: changing between them starts it anew without a layout.
      const name = classList.contains('fresh-a') ? 'fresh-b' : 'fresh-a';
      classList.remove('fresh-a', 'fresh-b');
      classList.add(name);
    }
    classList.toggle('fresh', fresh);
    node.freshUntil = entry.freshUntil;
  }
}
