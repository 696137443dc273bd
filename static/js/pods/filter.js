/**
 * Which rows the reader wants to see: words in the search box, health, status.
 *
 * Words are joined by "and". A plain word is looked for in name, status, node, owner, address and
 * namespace; `field:word` looks in one of them; `restarts:>3` compares; `label:tier=web` and
 * `label:tier` ask for a label.
 */

const FIELDS = {
  name: (row) => row.name,
  status: (row) => row.status,
  node: (row) => row.node,
  owner: (row) => row.owner?.name,
  ip: (row) => row.ip,
  namespace: (row) => row.namespace,
};

/** The text in which plain words are looked for. */
function haystack(row) {
  const values = Object.values(FIELDS).map((read) => read(row) ?? '');
  return values.join('\n').toLowerCase();
}

/**
 * The predicate of a view.
 *
 * @param {{q: string, health: Set<string>, status: Set<string>}} view an empty set asks for nothing
 * @returns {(entry: {row: object, hay: string|null}) => boolean} `hay` is filled in when first needed
 */
export function rowFilter({ q, health, status }) {
  const tests = q.split(/\s+/).filter(Boolean).map(wordTest);
  return (entry) =>
    (health.size === 0 || health.has(entry.row.health)) &&
    (status.size === 0 || status.has(entry.row.status)) &&
    tests.every((test) => test(entry));
}

function wordTest(word) {
  const [, field, value] = /^(\w+):(.+)$/.exec(word) ?? [];
  if (field === 'restarts') {
    const test = restartTest(value);
    if (test !== null) {
      return test;
    }
  }
  if (field === 'label') {
    return labelTest(value);
  }
  if (field !== undefined && Object.hasOwn(FIELDS, field)) {
    const wanted = value.toLowerCase();
    return ({ row }) => (FIELDS[field](row) ?? '').toLowerCase().includes(wanted);
  }
  const wanted = word.toLowerCase();
  return (entry) => {
    entry.hay ??= haystack(entry.row);
    return entry.hay.includes(wanted);
  };
}

const COMPARE = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '=': (a, b) => a === b,
};

function restartTest(value) {
  const [, operator, digits] = /^([<>]=?|=)?(\d+)$/.exec(value) ?? [];
  if (digits === undefined) {
    return null;
  }
  const compare = COMPARE[operator ?? '='];
  return ({ row }) => compare(row.restarts, Number(digits));
}

function labelTest(value) {
  const [key, ...rest] = value.split('=');
  const wanted = rest.join('=');
  return rest.length === 0
    ? ({ row }) => Object.hasOwn(row.labels ?? {}, key)
    : ({ row }) => row.labels?.[key] === wanted;
}
