/** What of the page's address a saved view holds, and whether two views are the same. Pure. */

/** What the portal is asked for, and what the page itself reads (url.js). */
const NAMES = [
  'cluster',
  'namespace',
  'deployment',
  'selector',
  'q',
  'health',
  'status',
  'sort',
  'group',
  'columns',
  'view',
];

/**
 * The view of an address as a query.
 *
 * @param {string} search
 * @param {string} cluster the page's: an address may leave it out
 */
export function viewQuery(search, cluster) {
  const given = new URLSearchParams(search);
  given.set('cluster', cluster);
  const kept = new URLSearchParams();
  for (const name of NAMES) {
    new Set(given.getAll(name).filter(Boolean)).forEach((value) => kept.append(name, value));
  }
  return kept.toString();
}

/** Whether two queries mean the same: namespaces and values may come in any order. */
export function sameView(one, other) {
  return sorted(one) === sorted(other);
}

function sorted(query) {
  return [...new URLSearchParams(query)].map(String).sort().join('\n');
}
