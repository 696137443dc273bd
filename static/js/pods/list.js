/** The list that RowIndex shows, written anew from its groups: headers and rows one below the other. */
import { isLong, isTelling } from './rollouts.js';

/**
 * Writes `groups`, which are in their order, with headers where they are `headed`; the rest as List has it.
 *
 * @returns {number} the list's height in pixels
 */
export function writeList(order, groups, headed, heights, folds, narrowed) {
  const list = new List(order, heights, folds, narrowed);
  groups.forEach((group) => (headed ? list.addGroup(group) : list.addRows(group.rows, 1)));
  list.end();
  return list.top;
}

class List {
  #order;
  #heights;
  #folds;
  #narrowed;
  #length = 0;

  /**
   * @param {object[]} order the array to write into
   * @param {{plain, reason, header, rollout, longRollout}} heights in pixels
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
    header.tall = header === header.group.header && isTelling(header.group.rollout);
    this.#add(header, header.tall ? this.#rolloutHeight(header.group.rollout) : this.#heights.header);
  }

  #rolloutHeight(rollout) {
    return isLong(rollout) ? this.#heights.longRollout : this.#heights.rollout;
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
