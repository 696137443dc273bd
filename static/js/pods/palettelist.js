/**
 * What the palette offers, and the namespaces that are being chosen in it. Pure.
 *
 * An entry is `{kind, text, hint, folded, also}` with what its kind needs: a `namespace` and an `all` their
 * `cluster` (its name in addresses), a `view` and a `link` their `address`, an `action` its `run`.
 */
import { folded, search } from './fuzzy.js';

/** More options are not drawn, however many there are. */
export const MOST = 50;

/** So many of each kind stand there before anything is typed. */
const AT_FIRST = { open: 1, view: 8, all: 3, namespace: 20, cluster: 4, action: 20, link: 6 };

/** What of a view stays when one goes on to other namespaces: how pods are shown, not which. */
const KEPT = ['sort', 'group', 'columns', 'view'];

/** Places come before what can be done, where both are found equally well. */
const WEIGHTS = { action: 1, link: 1 };

export function entry(kind, text, also = '', more = {}) {
  return { kind, text, hint: '', ...more, folded: folded(text), also: folded(also), weight: WEIGHTS[kind] ?? 0 };
}

/**
 * The clusters and namespaces of `/api/v1/overview`, those of the current cluster first.
 *
 * @param {object[]} clusters
 * @param {string|null} current the name in addresses of the cluster that the page shows
 * @param {{all: string, namespace: string, cluster: string}} words
 */
export function placesOf(clusters, current, words) {
  const first = [...clusters].sort((a, b) => (b.url_name === current) - (a.url_name === current));
  const spaces = first.flatMap(({ name, url_name: cluster, namespaces }) => [
    entry('all', words.all, `${name} *`, { cluster, namespace: '*', hint: name }),
    ...namespaces.map((one) =>
      entry('namespace', one.name, `${name} ${words.namespace}`, { cluster, namespace: one.name, hint: name }),
    ),
  ]);
  return [
    ...spaces,
    ...first.map(({ name, url_name: cluster }) => entry('cluster', name, words.cluster, { cluster, hint: words.cluster })),
  ];
}

/** The saved views of `/api/v1/views`. */
export function viewsOf(views, words) {
  return views.map(({ name, href, owner }) =>
    entry('view', name, `${words.view} ${owner ?? ''}`, { address: href, hint: words.view, owner }),
  );
}

/**
 * What is to be seen for a query.
 *
 * @returns {{options: {entry: object, marks: number[][]}[], all: number}} at most MOST of `all`
 */
export function offered(query, entries) {
  if (query.trim() !== '') {
    const results = search(query, entries);
    return { options: results.slice(0, MOST), all: results.length };
  }
  const left = { ...AT_FIRST };
  const first = entries.filter(({ kind }) => (left[kind] -= 1) >= 0).slice(0, MOST);
  return { options: first.map((one) => ({ entry: one, marks: [] })), all: entries.length };
}

/** The address of namespaces of a cluster; of the page's own `search` stays how pods are shown. */
export function addressOf(page, cluster, namespaces, search = '') {
  const params = new URLSearchParams([['cluster', cluster], ...namespaces.map((name) => ['namespace', name])]);
  const own = new URLSearchParams(search);
  for (const name of KEPT) {
    own.getAll(name).forEach((value) => params.append(name, value));
  }
  return `${page}?${params.toString().replaceAll('%2A', '*')}`;
}

/** The namespaces that are being chosen: of one cluster, at first those that the page shows. */
export class Choice {
  /**
   * @param {string|null} cluster
   * @param {string[]} namespaces
   * @param {number} most so many can be shown at once
   */
  constructor(cluster, namespaces, most) {
    this.cluster = cluster;
    this.namespaces = namespaces.filter((name) => name !== '*');
    this.most = most;
    /** Whether somebody has chosen anything. */
    this.changed = false;
  }

  has({ cluster, namespace }) {
    return cluster === this.cluster && this.namespaces.includes(namespace);
  }

  /** Adds a namespace, or takes it away again; false where there would be too many. */
  toggle({ cluster, namespace }) {
    const before = cluster === this.cluster ? this.namespaces : [];
    const after = before.includes(namespace) ? before.filter((name) => name !== namespace) : [...before, namespace];
    if (after.length > this.most) {
      return false;
    }
    Object.assign(this, { cluster, namespaces: after, changed: true });
    return true;
  }
}
