/**
 * Groups of rows: which one a row belongs to, its rows in their order, and the order of groups.
 *
 * Completed pods of Jobs stand apart in their group (`done`), so that thousands of them fold into one
 * line. The Jobs of a CronJob, whose names differ by the minute they were due, are one group.
 */
import { compare, compareKeys } from './sort.js';

export const GROUPINGS = ['owner', 'node', 'namespace', 'none'];

/** `report-29384710`: the CronJob controller's name for the Job of that minute since 1970. */
const DUE = /^(.+)-\d{8,10}$/;

/** Groups whose pods are all done come after those that are well. */
export const ALL_DONE = 3;

const PLACES = {
  owner: ({ owner, namespace }) => {
    if (owner === null) {
      return { kind: null, name: null, namespace: null };
    }
    const [, cron] = (owner.kind === 'Job' && DUE.exec(owner.name)) || [];
    return cron === undefined ? { ...owner, namespace } : { kind: 'Jobs', name: `${cron}-*`, namespace };
  },
  node: ({ node }) => ({ kind: 'Node', name: node, namespace: null }),
  namespace: ({ namespace }) => ({ kind: 'Namespace', name: namespace, namespace: null }),
  none: () => ({ kind: null, name: null, namespace: null }),
};

/** What the group of a row is called: `{kind, name, namespace}`; without a name for what has none. */
export function placeOf(row, grouping) {
  return PLACES[grouping](row);
}

/** The id of the group at a place. */
export function groupId({ namespace, kind, name }) {
  return [namespace, kind, name].join('\n');
}

/** Whether a row is folded away in its group. */
export function folds({ health, owner }, grouping) {
  return grouping === 'owner' && health === 'done' && owner?.kind === 'Job';
}

/** A header in the list: of a group, or of the completed pods in one that has others as well. */
function header(group, id, level) {
  return { header: true, group, id, level, open: true, tall: false, top: 0, height: 0, at: -1 };
}

/** An entry of RowIndex, for a row that comes. */
export function newEntry(id) {
  return { id, level: 1, shown: false, leaving: false, freshUntil: 0, left: null, top: 0, height: 0, at: -1 };
}

export class Group {
  /** @param {string} id  @param {{kind, name, namespace}} place */
  constructor(id, place) {
    Object.assign(this, place);
    this.id = id;
    this.rows = [];
    this.done = [];
    this.counts = { failing: 0, waiting: 0, running: 0, done: 0 };
    this.header = header(this, `group ${id}`, 1);
    this.fold = header(this, `done ${id}`, 2);
    /** How many pods it has that did not leave. */
    this.live = 0;
    this.coming = [];
    this.rank = 0;
    this.key = null;
    /** How far its workload's rollout is, see rolloutgroups.js. */
    this.rollout = null;
  }

  /** How many rows it has, those that left included. */
  get size() {
    return this.rows.length + this.done.length;
  }

  /** Its rows one after the other, folded or not. */
  entryAt(at) {
    return at < this.rows.length ? this.rows[at] : this.done[at - this.rows.length];
  }

  /** Whether all its pods are completed ones of a Job. */
  get allDone() {
    return this.live > 0 && this.live === this.done.length;
  }

  /** Closes the gaps of the entries that leave, in one pass. */
  takeOut() {
    takeOut(this.rows);
    takeOut(this.done);
  }

  /** Puts the entries that are coming among the others, in one pass. */
  takeIn(compareEntries) {
    this.coming.sort(compareEntries);
    insert(this.rows, this.coming.filter((entry) => !entry.folded), compareEntries);
    insert(this.done, this.coming.filter((entry) => entry.folded), compareEntries);
    this.coming = [];
    this.#count();
  }

  /** Finds its place among the groups, which its first row tells. */
  rankBy({ notWell, column }) {
    const first = this.rows[0] ?? this.done[0];
    this.rank = notWell && this.allDone ? ALL_DONE : first.rank;
    this.key = column === 'name' ? this.name : first.key;
  }

  #count() {
    const { counts } = this;
    Object.assign(counts, { failing: 0, waiting: 0, running: 0, done: this.done.length });
    this.live = this.done.length;
    for (const { row, left } of this.rows) {
      if (left === null) {
        counts[row.health] += 1;
        this.live += 1;
      }
    }
  }
}

/** Compares two groups after `rankBy`. */
export function groupComparator({ descending }) {
  const sign = descending ? -1 : 1;
  return (a, b) =>
    a.rank - b.rank ||
    compareKeys(a.key, b.key, sign) ||
    compareKeys(a.name, b.name, 1) ||
    compareKeys(a.kind, b.kind, 1) ||
    compareKeys(a.namespace, b.namespace, 1) ||
    compare(a.id, b.id);
}

function takeOut(entries) {
  let kept = 0;
  for (const entry of entries) {
    if (!entry.leaving) {
      entries[kept] = entry;
      kept += 1;
    }
  }
  entries.length = kept;
}

/** Puts sorted entries among sorted entries. */
function insert(entries, coming, compareEntries) {
  const places = coming.map((entry) => search(entries, entry, compareEntries));
  let from = entries.length - 1;
  entries.length += coming.length;
  for (let one = coming.length - 1; one >= 0; one -= 1) {
    for (; from >= places[one]; from -= 1) {
      entries[from + one + 1] = entries[from];
    }
    entries[places[one] + one] = coming[one];
  }
}

/** Where `entry` would stand. */
function search(entries, entry, compareEntries) {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareEntries(entries[middle], entry) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
