/**
 * The table's rows on screen, pods and headers of groups: only those in view are in the document.
 *
 * Rows stand at the tops that RowIndex knows, so nothing is measured but where the table begins.
 * Nodes are kept while they are in view and re-used afterwards; one drawing a frame. The
 * document's order is the order on screen, for the Tab key and for screen readers.
 */
import { GroupRow } from './grouprow.js';
import { placeInOrder } from './parts.js';
import { PodRow } from './podrow.js';

/** Row heights in pixels, as static/css/table.css sets them. */
export const HEIGHTS = {
  wide: { plain: 34, reason: 60, header: 40, rollout: 66, longRollout: 66 },
  narrow: { plain: 54, reason: 113, header: 58, rollout: 104, longRollout: 158 },
};

/** How long a changed row bears its mark. */
export const FRESH_FOR = 2500;

const OVERSCAN = 200;
const SPARE_NODES = 60;

export class Table {
  #body;
  #templates;
  #index;
  #env;
  #nodes = new Map();
  #spare = { pod: [], header: [] };
  #frame = null;
  #anchor = null;

  /**
   * @param {{body: HTMLElement, templates: {pod: HTMLTemplateElement, header: HTMLTemplateElement},
   *   index: RowIndex}} parts
   * @param {{texts: Texts, clock: ServerClock, podAddress: (row: object) => string,
   *   isOpen: (row: object) => boolean, toggle: (header: object) => void, tell: (rollout: object) => void,
   *   covered: () => number}} env
   *   `covered`: pixels at the window's top that a fixed header hides
   */
  constructor({ body, templates, index }, env) {
    this.#body = body;
    this.#templates = templates;
    this.#index = index;
    this.#env = env;
    /** What the keys act on: an entry or a header of RowIndex, or null. */
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

  /** The template is another one: makes all rows anew. */
  rebuild() {
    this.#nodes.forEach(({ drawing }) => drawing.root.remove());
    this.#nodes.clear();
    this.#spare.pod = [];
  }

  draw() {
    const held = document.activeElement;
    const begin = this.#anchored(this.#body.getBoundingClientRect().top);
    const { order } = this.#index;
    const wanted = this.#inView(begin, held).map((at) => order[at]);
    this.#recycle(new Set(wanted));
    const now = this.#env.clock.now();
    placeInOrder(this.#body, wanted.map((item) => this.#fill(item, now)));
    this.#body.style.height = `${this.#index.height}px`;
    if (held !== document.activeElement && this.#body.contains(held)) {
      held.focus({ preventScroll: true });
    }
  }

  /** Ages and marks of the rows in view. */
  tick() {
    const now = this.#env.clock.now();
    this.#nodes.forEach((node) => node.drawing.tick(now));
  }

  // ---- keys

  /** Moves to what stands `step` further, or to the first or last. */
  move(step) {
    const from = this.#index.position(this.active ?? undefined);
    this.#moveTo(from < 0 && Number.isFinite(step) ? this.#firstInView() : from + step);
  }

  /** Moves to the first pod in view. */
  enter() {
    const { order } = this.#index;
    const first = this.#firstInView();
    const pod = order.findIndex((item, at) => at >= first && !item.header);
    this.#moveTo(pod < 0 ? first : pod);
  }

  /** Opens or closes the header that the keys stand on; left of a row stands its header. */
  fold(open) {
    const { active } = this;
    if (this.#index.position(active ?? undefined) < 0) {
      return;
    }
    if (active.header && active.open !== open) {
      this.#env.toggle(active);
    } else if (open) {
      this.move(active.header ? 1 : 0);
    } else {
      this.#moveTo(this.#above(active));
    }
  }

  /** Index of the header above. */
  #above(item) {
    const { order } = this.#index;
    let at = item.at;
    while (at > 0 && order[at].level >= item.level) {
      at -= 1;
    }
    return at;
  }

  #moveTo(wanted) {
    const { order } = this.#index;
    if (order.length === 0) {
      return;
    }
    this.active = order[Math.min(order.length - 1, Math.max(0, wanted))];
    // A filter may have been taken since the last frame: the page must be long enough to scroll.
    this.#body.style.height = `${this.#index.height}px`;
    this.#reveal(this.active);
    this.draw();
    this.#nodes.get(this.active)?.drawing.focusable.focus({ preventScroll: true });
  }

  #firstInView() {
    const top = this.#env.covered() - this.#body.getBoundingClientRect().top;
    return this.#index.rowAt(Math.max(0, top));
  }

  #reveal(item) {
    const top = this.#body.getBoundingClientRect().top + item.top;
    const over = top - this.#env.covered() - 8;
    const under = top + item.height - (window.innerHeight - 56);
    if (over < 0) {
      window.scrollBy({ top: over, behavior: 'instant' });
    } else if (under > 0) {
      window.scrollBy({ top: under, behavior: 'instant' });
    }
  }

  // ---- what is in view

  /** Keeps the first row in view where it is when rows above it come and go. */
  #anchored(begin) {
    const { item, top } = this.#anchor ?? {};
    if (this.#index.position(item) >= 0 && item.top !== top && begin < this.#env.covered()) {
      this.#body.style.height = `${this.#index.height}px`;
      window.scrollBy({ top: item.top - top, behavior: 'instant' });
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
      const item = order[this.#index.rowAt(top)];
      this.#anchor = { item, top: item.top };
    }
    // The row that has the focus stays in the document, else the focus would be lost.
    const kept = this.#index.position(this.#itemOf(held));
    if (kept >= 0 && kept < first) {
      wanted.unshift(kept);
    } else if (kept > last) {
      wanted.push(kept);
    }
    return wanted;
  }

  #itemOf(element) {
    if (this.#body.contains(element)) {
      for (const [item, { drawing }] of this.#nodes) {
        if (drawing.root.contains(element)) {
          return item;
        }
      }
    }
    return undefined;
  }

  #recycle(wanted) {
    for (const [item, node] of this.#nodes) {
      if (!wanted.has(item)) {
        this.#nodes.delete(item);
        node.drawing.root.remove();
        const spare = this.#spare[kindOf(item)];
        if (spare.length < SPARE_NODES) {
          spare.push(node);
        }
      }
    }
  }

  #fill(item, now) {
    const node = this.#node(item);
    const { root } = node.drawing;
    node.drawing.fill(item, now);
    if (node.top !== item.top) {
      node.top = item.top;
      root.style.transform = `translateY(${item.top}px)`;
    }
    if (node.at !== item.at || node.level !== item.level) {
      node.at = item.at;
      node.level = item.level;
      root.setAttribute('aria-rowindex', String(item.at + 2));
      root.setAttribute('aria-level', String(item.level));
    }
    root.classList.toggle('active', item === this.active);
    return node.drawing;
  }

  #node(item) {
    let node = this.#nodes.get(item);
    if (node === undefined) {
      node = this.#spare[kindOf(item)].pop() ?? this.#build(item);
      this.#nodes.set(item, node);
    }
    return node;
  }

  #build(item) {
    const kind = kindOf(item);
    const Drawing = kind === 'header' ? GroupRow : PodRow;
    return { drawing: new Drawing(this.#templates[kind], this.#env), at: -1, level: 0, top: -1 };
  }
}

function kindOf(item) {
  return item.header ? 'header' : 'pod';
}
