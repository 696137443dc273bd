/**
 * All rows with their place in the list: filtered, sorted, counted, with the top of each row.
 *
 * A batch of changes re-sorts only the rows that changed: they are taken out in one pass, placed by
 * binary search and put back in one pass, so that 200 changes among 10,000 rows cost two walks
 * over an array and no full sort. Heights are known from the data, so nothing is measured.
 */
import { rowFilter } from './filter.js';
import { comparator, sortKeys } from './sort.js';

export class RowIndex {
  #entries = new Map();
  #accepts = () => true;
  #clock;
  #keys;
  #compare;
  #heights = { plain: 34, reason: 60 };

  /**
   * @param {object} view as readView gives it
   * @param {{now: () => number}} clock the server's, for filters by age
   */
  constructor(view, clock = Date) {
    this.#clock = clock;
    /** Entries (`{row, hay, rank, key, shown, leaving, freshUntil, top, height}`) in their order. */
    this.order = [];
    /** Pixels that all shown rows take. */
    this.height = 0;
    this.counts = { failing: 0, waiting: 0, running: 0, done: 0 };
    /** How many pods have each status. */
    this.statuses = new Map();
    this.setView(view);
  }

  /** How many rows there are, shown or not. */
  get size() {
    return this.#entries.size;
  }

  get(uid) {
    return this.#entries.get(uid);
  }

  /** All rows, shown or not. */
  *rows() {
    for (const { row } of this.#entries.values()) {
      yield row;
    }
  }

  /** The row's place in the list, -1 where it is not shown. */
  position(uid) {
    const entry = this.#entries.get(uid);
    return entry?.shown ? this.#search(entry) : -1;
  }

  /** Index of the row at `y` pixels from the first row's top. */
  rowAt(y) {
    let low = 0;
    let high = this.order.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.order[middle].top <= y) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /** Takes another filter or order: `{q, health, status, sort}`. */
  setView(view) {
    this.#accepts = rowFilter(view, this.#clock);
    this.#keys = sortKeys(view.sort);
    this.#compare = comparator(view.sort);
    this.order = [];
    for (const entry of this.#entries.values()) {
      if (this.#place(entry)) {
        this.order.push(entry);
      }
    }
    this.order.sort(this.#compare);
    this.#layout();
  }

  /** Time went on: asks the filter again about each row; whether any enters or leaves. */
  judgeAgain() {
    const differing = [...this.#entries.values()].filter((entry) => this.#accepts(entry) !== entry.shown);
    if (differing.length === 0) {
      return false;
    }
    differing.forEach(leave);
    this.#takeOut();
    this.#insert(differing.filter((entry) => this.#place(entry)));
    this.#layout();
    return true;
  }

  /** Takes other row heights: `{plain, reason}` in pixels. */
  setHeights(heights) {
    this.#heights = heights;
    this.#layout();
  }

  /**
   * Takes a batch of changes.
   *
   * @param {Iterable<object>} upserts rows
   * @param {Iterable<string>} removes uids
   * @param {number|null} freshUntil until when changed rows bear the mark, null for no mark
   */
  apply(upserts, removes, freshUntil = null) {
    let leaving = 0;
    for (const uid of removes) {
      leaving += this.#remove(uid);
    }
    const changed = new Set();
    for (const row of upserts) {
      const entry = this.#put(row);
      leaving += leave(entry);
      entry.freshUntil = freshUntil ?? entry.freshUntil;
      changed.add(entry);
    }
    if (leaving > 0) {
      this.#takeOut();
    }
    this.#insert([...changed].filter((entry) => this.#place(entry)));
    this.#layout();
  }

  /** Closes the gaps of the entries that leave, in one pass. */
  #takeOut() {
    const { order } = this;
    let kept = 0;
    for (const entry of order) {
      if (!entry.leaving) {
        order[kept] = entry;
        kept += 1;
      }
    }
    order.length = kept;
  }

  #remove(uid) {
    const entry = this.#entries.get(uid);
    if (entry === undefined) {
      return 0;
    }
    this.#entries.delete(uid);
    this.#count(entry.row, -1);
    return leave(entry);
  }

  #put(row) {
    let entry = this.#entries.get(row.uid);
    if (entry === undefined) {
      entry = { shown: false, leaving: false, freshUntil: 0, top: 0, height: 0 };
      this.#entries.set(row.uid, entry);
    } else {
      this.#count(entry.row, -1);
    }
    entry.row = row;
    entry.hay = null;
    this.#count(row, 1);
    return entry;
  }

  #count(row, step) {
    this.counts[row.health] += step;
    const left = (this.statuses.get(row.status) ?? 0) + step;
    if (left === 0) {
      this.statuses.delete(row.status);
    } else {
      this.statuses.set(row.status, left);
    }
  }

  /** Gives an entry its keys; whether it is shown. */
  #place(entry) {
    const { rank, key } = this.#keys(entry.row);
    entry.rank = rank;
    entry.key = key;
    entry.leaving = false;
    entry.shown = this.#accepts(entry);
    return entry.shown;
  }

  /** Puts sorted-in entries among the others, in one pass. */
  #insert(entries) {
    if (entries.length === 0) {
      return;
    }
    entries.sort(this.#compare);
    const places = entries.map((entry) => this.#search(entry));
    const { order } = this;
    let from = order.length - 1;
    order.length += entries.length;
    for (let one = entries.length - 1; one >= 0; one -= 1) {
      for (; from >= places[one]; from -= 1) {
        order[from + one + 1] = order[from];
      }
      order[places[one] + one] = entries[one];
    }
  }

  /** Where `entry` stands, or would stand, in the order. */
  #search(entry) {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(this.order[middle], entry) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  #layout() {
    const { plain, reason } = this.#heights;
    let top = 0;
    for (const entry of this.order) {
      entry.top = top;
      entry.height = entry.row.why ? reason : plain;
      top += entry.height;
    }
    this.height = top;
  }
}

/** Marks a shown entry as leaving its place; 1 where there was one. */
function leave(entry) {
  if (!entry.shown || entry.leaving) {
    return 0;
  }
  entry.leaving = true;
  entry.shown = false;
  return 1;
}
