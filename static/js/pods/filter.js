/**
 * Which rows the reader wants to see: the terms of the search box (query.js), health, status.
 *
 * Terms are joined by "and". A plain word is looked for in name, status, node, owner, address and
 * namespace.
 */
import { TEXT_KEYS, duration, parseQuery } from './query.js';
import { instant } from './time.js';

/** A row's text for each of TEXT_KEYS. */
const TEXT = {
  name: (row) => row.name,
  status: (row) => row.status,
  node: (row) => row.node ?? '',
  owner: (row) => row.owner?.name ?? '',
  ip: (row) => row.ip ?? '',
  namespace: (row) => row.namespace,
};

/** The time since which lengths of time are counted; null where a pod has none. */
const SINCE = {
  age: (row) => row.created,
  restarted: (row) => row.last_restart,
};

const COMPARE = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '=': (a, b) => a === b,
};

/**
 * The predicate of a view.
 *
 * @param {{q: string, health: Set<string>, status: Set<string>}} view an empty set asks for nothing
 * @param {{now: () => number}} clock the server's, for ages
 * @returns {(entry: {row: object, hay: string|null}) => boolean} `hay` is filled in when first needed
 */
export function rowFilter({ q, health, status }, clock) {
  const tests = parseQuery(q).terms.map((term) => termTest(term, clock));
  return (entry) =>
    (health.size === 0 || health.has(entry.row.health)) &&
    (status.size === 0 || status.has(entry.row.status)) &&
    tests.every((test) => test(entry));
}

/** Whether rows enter and leave this filter as they grow older. */
export function ages({ q }) {
  return parseQuery(q).terms.some(({ key }) => Object.hasOwn(SINCE, key));
}

function termTest(term, clock) {
  const test = (TESTS[term.key] ?? textTest)(term, clock);
  return term.negated ? (entry) => !test(entry) : test;
}

const TESTS = {
  text({ value }) {
    const wanted = value.toLowerCase();
    return (entry) => {
      entry.hay ??= haystack(entry.row);
      return entry.hay.includes(wanted);
    };
  },
  health({ value }) {
    return ({ row }) => row.health === value;
  },
  restarts({ operator, value }) {
    const compare = COMPARE[operator];
    return ({ row }) => compare(row.restarts, Number(value));
  },
  age: sinceTest,
  restarted: sinceTest,
  /** As kubectl has it: `app!=web` is also true of pods without the label. */
  label({ name, operator, value }) {
    if (operator === '') {
      return ({ row }) => Object.hasOwn(row.labels ?? {}, name);
    }
    const wanted = operator === '=';
    return ({ row }) => (labelOf(row, name) === value) === wanted;
  },
};

/** The value of a row's label, undefined where it has none. */
export function labelOf(row, name) {
  return Object.hasOwn(row.labels ?? {}, name) ? row.labels[name] : undefined;
}

function sinceTest({ key, operator, value }, clock) {
  const compare = COMPARE[operator];
  const length = duration(value);
  return ({ row }) => {
    const since = instant(SINCE[key](row));
    return since !== null && compare(clock.now() - since, length);
  };
}

function textTest({ key, operator, value }) {
  const wanted = value.toLowerCase();
  const ofKind = key === 'owner' && value.includes('/');
  const read = ofKind ? ({ owner }) => (owner === null ? '' : `${owner.kind}/${owner.name}`) : TEXT[key];
  return operator === '='
    ? ({ row }) => read(row).toLowerCase() === wanted
    : ({ row }) => read(row).toLowerCase().includes(wanted);
}

/** The text in which plain words are looked for. */
function haystack(row) {
  return TEXT_KEYS.map((key) => TEXT[key](row)).join('\n').toLowerCase();
}

/**
 * What stands in the rows for a key, the most frequent first.
 *
 * @param {Iterable<object>} rows
 * @param {string} key one of TEXT_KEYS, `label` for the names of labels, or `label:NAME` for its values
 * @returns {Map<string, number>} how many rows have each
 */
export function presentValues(rows, key) {
  const counts = new Map();
  for (const row of rows) {
    for (const value of valuesOf(row, key)) {
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
  return new Map([...counts].sort(([a, many], [b, few]) => few - many || (a < b ? -1 : 1)));
}

function valuesOf(row, key) {
  if (key === 'label') {
    return Object.keys(row.labels ?? {});
  }
  const value = key.startsWith('label:') ? labelOf(row, key.slice('label:'.length)) : TEXT[key](row);
  return value === undefined || value === '' ? [] : [value];
}
