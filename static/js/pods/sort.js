/**
 * The order of rows. `sort` in the URL is a column, `-` before it for descending, and `notwell` for
 * failing and waiting pods above the others: `notwell,-restarts`. Without it: `notwell,name`.
 */

export const HEALTHS = ['failing', 'waiting', 'running', 'done'];

const RANK = { failing: 0, waiting: 1, running: 2, done: 2 };

/** What each column is sorted by: one comparable value, null last. */
const KEYS = {
  name: (row) => row.name,
  namespace: (row) => row.namespace,
  ready: (row) => readiness(row.ready),
  status: (row) => row.status,
  restarts: (row) => row.restarts,
  age: (row) => (row.created === null ? null : -Date.parse(row.created)),
  node: (row) => row.node,
  ip: (row) => addressKey(row.ip),
  owner: (row) => row.owner?.name ?? null,
};

/** The key of a column, undefined for what is none; `label:app` sorts by that label. */
function keyOf(column) {
  if (column.startsWith('label:')) {
    const name = column.slice('label:'.length);
    return (row) => (Object.hasOwn(row.labels ?? {}, name) ? row.labels[name] : null);
  }
  return Object.hasOwn(KEYS, column) ? KEYS[column] : undefined;
}

export const DEFAULT_SORT = Object.freeze({ notWell: true, column: 'name', descending: false });

/** Reads the `sort` parameter; what is not understood is left out. */
export function parseSort(text) {
  if (!text) {
    return DEFAULT_SORT;
  }
  const words = text.split(',');
  const sort = { ...DEFAULT_SORT, notWell: words.includes('notwell') };
  for (const word of words) {
    const column = word.replace(/^-/, '');
    if (keyOf(column) !== undefined) {
      sort.column = column;
      sort.descending = word.startsWith('-');
    }
  }
  return sort;
}

/** The `sort` parameter of an order; empty for the default. */
export function formatSort({ notWell, column, descending }) {
  const text = `${notWell ? 'notwell,' : ''}${descending ? '-' : ''}${column}`;
  return text === 'notwell,name' ? '' : text;
}

/**
 * The function that gives an entry's keys: computed once a row, compared often. A pod that left is no
 * trouble any more.
 */
export function sortKeys({ notWell, column }) {
  const key = keyOf(column);
  return (row, left = false) => ({ rank: notWell ? RANK[left ? 'done' : row.health] : 0, key: key(row) });
}

/** Compares two entries by the keys of `sortKeys`; never 0 for two different pods. */
export function comparator({ descending }) {
  const sign = descending ? -1 : 1;
  return (a, b) =>
    a.rank - b.rank ||
    compareKeys(a.key, b.key, sign) ||
    compare(a.row.name, b.row.name) ||
    compare(a.row.namespace, b.row.namespace) ||
    compare(a.row.uid, b.row.uid);
}

/** Compares two keys of rows or groups, `sign` -1 for descending; null is last either way. */
export function compareKeys(a, b, sign) {
  if (a === null || b === null) {
    return a === b ? 0 : a === null ? 1 : -1;
  }
  return sign * compare(a, b);
}

export function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function readiness(ready) {
  const [up, all] = ready.split('/').map(Number);
  return all > 0 ? up / all : 1;
}

/** Addresses by their numbers: 10.0.0.9 before 10.0.0.31. IPv6 as text, after IPv4. */
function addressKey(ip) {
  if (ip === null) {
    return null;
  }
  const parts = ip.split('.');
  return parts.length === 4 ? parts.map((part) => part.padStart(3, '0')).join('.') : `~${ip}`;
}
