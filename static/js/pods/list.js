/** The list that RowIndex shows, written anew from its groups: headers and rows one below the other. */

export class List {
  #order;
  #heights;
  #folds;
  #narrowed;
  #length = 0;

  /**
   * @param {object[]} order the array to write into
   * @param {{plain, reason, header}} heights in pixels
   * @param {Map<string, boolean>} folds which headers the reader opened or closed
   * @param {boolean} narrowed whether the reader looks for something: then nothing is folded by itself
   */
  constructor(order, heights, folds, narrowed) {
    this.#order = order;
    this.#heights = heights;
    this.#folds = folds;
    this.#narrowed = narrowed;
    /** Pixels taken so far. */
    this.top = 0;
  }

  /** A group with its header. Where all its pods are completed ones of a Job it begins closed. */
  addGroup(group) {
    const { header, fold, rows, done } = group;
    this.#addHeader(header, !group.allDone);
    if (!header.open) {
      return;
    }
    this.addRows(rows, 2);
    if (rows.length === 0) {
      this.addRows(done, 2);
    } else if (done.length > 0) {
      this.#addHeader(fold, false);
      this.addRows(fold.open ? done : [], 3);
    }
  }

  addRows(entries, level) {
    const { plain, reason } = this.#heights;
    for (const entry of entries) {
      entry.level = level;
      this.#add(entry, entry.row.why && entry.left === null ? reason : plain);
    }
  }

  /** Forgets what the array held beyond this list. */
  end() {
    this.#order.length = this.#length;
  }

  #addHeader(header, openByItself) {
    header.open = this.#folds.get(header.id) ?? (openByItself || this.#narrowed);
    this.#add(header, this.#heights.header);
  }

  #add(item, height) {
    item.top = this.top;
    item.height = height;
    item.at = this.#length;
    this.#order[this.#length] = item;
    this.#length += 1;
    this.top += height;
  }
}
