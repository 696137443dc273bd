/**
 * All rows with their place in the list: filtered, grouped, sorted, counted, with the top of each.
 *
 * A batch of changes re-sorts only the rows that changed: they are taken out of their groups in one
 * pass, placed by binary search and put back in one pass; then the list is written anew from the
 * groups. 200 changes among 10,000 rows cost a few walks over arrays and no full sort. Heights
 * are known from the data, so nothing is measured.
 */
import { Departed } from './departed.js';
import { rowFilter } from './filter.js';
import { Group, folds, groupComparator, groupId, newEntry, placeOf } from './groups.js';
import { writeList } from './list.js';
import { RolloutGroups } from './rolloutgroups.js';
import { Rollouts } from './rollouts.js';
import { comparator, sortKeys } from './sort.js';
import { Tally } from './tally.js';
import { narrows } from './url.js';

const NO_NEWS = Object.freeze({ freshUntil: null, left: null });

export class RowIndex {
  #entries = new Map();
  #departed = new Departed();
  #tally = new Tally();
  #groups = new Map();
  #sorted = [];
  #shown = [];
  #rollouts;
  #accepts = () => true;
  #clock;
  #folds;
  #view;
  #keys;
  #compare;
  #heights = { plain: 34, reason: 60, header: 40, rollout: 66, longRollout: 66 };

  /**
   * @param {object} view as readView gives it
   * @param {{now: () => number}} clock the server's, for filters by age
   * @param {Map<string, boolean>} folded which headers the reader opened (true) or closed
   * @param {Rollouts} rollouts what the headers of owners tell besides, looked at in each batch
   */
  constructor(view, clock = Date, folded = new Map(), rollouts = new Rollouts()) {
    this.#clock = clock;
    this.#folds = folded;
    this.#rollouts = new RolloutGroups(rollouts);
    /**
     * What the list shows, in its order: headers (see groups.js) and entries (`{id, row, level, hay, rank,
     * key, shown, leaving, folded, group, freshUntil, left, top, height, at}`; `left` as `apply` takes it
     * for a pod that is no more, else null).
     */
    this.order = [];
    /** Pixels that they take. */
    this.height = 0;
    /** How many pods the filter lets through, folded away or not; those that left are not counted. */
    this.matching = 0;
    this.setView(view);
  }

  /** How many rows there are, shown or not. */
  get size() {
    return this.#entries.size;
  }

  /** How many pods of each health there are. */
  get counts() {
    return this.#tally.counts;
  }

  /** How many pods have each status. */
  get statuses() {
    return this.#tally.statuses;
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

  /** The groups with rows to show, in their order. */
  get groups() {
    return this.#sorted;
  }

  /** Whether groups have heads: not where there is but one, of what has no owner. */
  get headed() {
    return this.#shown.length > 1 || Boolean(this.#shown[0]?.name);
  }

  /** The rows that the filter lets through, folded away or not, in the list's order. */
  *matchingRows() {
    for (const { rows, done } of this.#sorted) {
      for (const { row, left } of [...rows, ...done]) {
        if (left === null) {
          yield row;
        }
      }
    }
  }

  /** Where a header or an entry stands in the list, -1 where it does not. */
  position(item) {
    return item !== undefined && this.order[item.at] === item ? item.at : -1;
  }

  /** Index of what is at `y` pixels from the list's top. */
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

  /** Takes another filter, grouping or order. */
  setView(view) {
    this.#view = view;
    this.#accepts = rowFilter(view, this.#clock);
    this.#keys = sortKeys(view.sort);
    this.#compare = comparator(view.sort);
    this.#groups.clear();
    this.#sorted = [];
    this.#place([...this.#entries.values(), ...this.#departed.entries()], new Set());
    this.#arrange();
  }

  /** Takes other heights: `{plain, reason, header, rollout, longRollout}` in pixels. */
  setHeights(heights) {
    this.#heights = heights;
    this.#arrange();
  }

  /** Opens or closes what stands under a header. */
  setOpen({ id }, open) {
    this.#folds.set(id, open);
    this.#arrange();
  }

  /**
   * Takes a batch of changes.
   *
   * @param {Iterable<object>} upserts rows
   * @param {Iterable<string>} removes uids
   * @param {{freshUntil: number|null, left: Map<string, {at: number, now: number}>|null}} news until
   *   when changed rows bear the mark, and when each pod left, by the reader's clock and by the
   *   server's; null for what is no news. Without `left` pods leave no trace, and those that did are
   *   forgotten: the right to see them may have ended
   */
  apply(upserts, removes, { freshUntil, left } = NO_NEWS) {
    const touched = new Set();
    if (left === null) {
      this.#departed.clear().forEach((entry) => this.#leave(entry, touched));
    }
    const changed = new Set();
    for (const uid of removes) {
      this.#remove(uid, left?.get(uid) ?? null, touched, changed);
    }
    for (const row of upserts) {
      const entry = this.#put(row, touched);
      this.#leave(entry, touched);
      entry.freshUntil = freshUntil ?? entry.freshUntil;
      changed.add(entry);
    }
    this.#departed.overflow().forEach((entry) => {
      changed.delete(entry);
      this.#leave(entry, touched);
    });
    this.#place(changed, touched);
    this.#arrange();
  }

  /** Forgets pods that left long before `at`, by the reader's clock; whether there were any. */
  forgetDeparted(at) {
    const touched = new Set();
    this.#departed.expire(at).forEach((entry) => this.#leave(entry, touched));
    if (touched.size > 0) {
      this.#place([], touched);
      this.#arrange();
    }
    return touched.size > 0;
  }

  /** Time went on: asks the filter again about each row; whether any enters or leaves. */
  judgeAgain() {
    const differing = [...this.#entries.values()].filter((entry) => this.#accepts(entry) !== entry.shown);
    if (differing.length === 0) {
      return false;
    }
    const touched = new Set();
    differing.forEach((entry) => this.#leave(entry, touched));
    this.#place(differing, touched);
    this.#arrange();
    return true;
  }

  /** Takes a pod out; one that is in sight of the reader stays as one that left. */
  #remove(uid, left, touched, changed) {
    const entry = this.#entries.get(uid);
    if (entry !== undefined) {
      const seen = entry.shown && !entry.folded;
      this.#entries.delete(uid);
      this.#tally.add(entry.row, -1);
      this.#leave(entry, touched);
      if (seen && left !== null) {
        entry.left = left;
        this.#departed.add(entry);
        changed.add(entry);
      }
    }
  }

  #put(row, touched) {
    const returned = this.#departed.take(row.uid);
    if (returned !== undefined) {
      this.#leave(returned, touched);
    }
    let entry = this.#entries.get(row.uid);
    if (entry === undefined) {
      entry = newEntry(row.uid);
      this.#entries.set(row.uid, entry);
    } else {
      this.#tally.add(entry.row, -1);
    }
    entry.row = row;
    entry.hay = null;
    this.#tally.add(row, 1);
    return entry;
  }

  /** Marks a shown entry as leaving its group. */
  #leave(entry, touched) {
    if (entry.shown && !entry.leaving) {
      entry.leaving = true;
      entry.shown = false;
      touched.add(entry.group);
    }
  }

  /** Gives entries their keys and groups, and settles these groups and those that were touched. */
  #place(entries, touched) {
    touched.forEach((group) => group.takeOut());
    for (const entry of entries) {
      entry.leaving = false;
      entry.shown = this.#accepts(entry);
      if (entry.shown) {
        Object.assign(entry, this.#keys(entry.row, entry.left !== null));
        entry.folded = entry.left === null && folds(entry.row, this.#view.group);
        entry.group = this.#groupOf(entry.row);
        entry.group.coming.push(entry);
        touched.add(entry.group);
      }
    }
    touched.forEach((group) => this.#settle(group));
  }

  #groupOf(row) {
    const place = placeOf(row, this.#view.group);
    const id = groupId(place);
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = new Group(id, place);
      this.#groups.set(id, group);
      this.#sorted.push(group);
    }
    return group;
  }

  #settle(group) {
    group.takeIn(this.#compare);
    if (group.size === 0) {
      this.#groups.delete(group.id);
    } else {
      group.rankBy(this.#view.sort);
    }
  }

  /** Writes the list from the groups. */
  #arrange() {
    // Nearly sorted from the last time, which sorts in one pass.
    const groups = this.#sorted.filter((group) => group.size > 0);
    const inOrder = groupComparator(this.#view.sort);
    this.#sorted = groups.sort(inOrder);
    this.#shown = [...groups, ...this.#rollouts.place(groups, this.#view)].sort(inOrder);
    const narrowed = narrows(this.#view);
    this.height = writeList(this.order, this.#shown, this.headed, this.#heights, this.#folds, narrowed);
    this.matching = groups.reduce((sum, group) => sum + group.live, 0);
  }
}
