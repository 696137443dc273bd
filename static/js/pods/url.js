/**
 * The view in the URL: what is looked for, in which groups, order and columns, as a table or a map, and which
 * pod is open, beside what the portal was asked for (cluster, namespaces, deployment, selector), which stays as it is.
 */
import { formatColumns, parseColumns } from './columns.js';
import { GROUPINGS } from './groups.js';
import { HEALTHS, formatSort, parseSort } from './sort.js';

/** Reads `{q, health, status, sort, group, columns, map, pod}` from a query string; what is not understood is left out. */
export function readView(search) {
  const params = new URLSearchParams(search);
  return {
    q: params.get('q') ?? '',
    health: new Set(params.getAll('health').filter((health) => HEALTHS.includes(health))),
    status: new Set(params.getAll('status').filter(Boolean)),
    sort: parseSort(params.get('sort')),
    group: GROUPINGS.includes(params.get('group')) ? params.get('group') : GROUPINGS[0],
    columns: parseColumns(params.get('columns')),
    map: params.get('view') === 'map',
    pod: parsePod(params.get('pod')),
  };
}

/** The pod that is open beside the list, `NAMESPACE/NAME`; null for none. */
function parsePod(text) {
  return /^[a-z0-9-]+\/[a-z0-9.-]+$/.test(text ?? '') ? text : null;
}

/** Writes the view into a query string, keeping every other parameter; begins with `?` or is empty. */
export function writeView(search, view) {
  const params = new URLSearchParams(search);
  for (const name of ['q', 'health', 'status', 'sort', 'group', 'columns', 'view']) {
    params.delete(name);
  }
  params.delete('pod'); // what is open is no part of a view that is kept: pods come and go
  if (view.q.trim() !== '') {
    params.set('q', view.q);
  }
  for (const health of HEALTHS.filter((one) => view.health.has(one))) {
    params.append('health', health);
  }
  for (const status of [...view.status].sort()) {
    params.append('status', status);
  }
  const sort = formatSort(view.sort);
  if (sort !== '') {
    params.set('sort', sort);
  }
  if (view.group !== GROUPINGS[0]) {
    params.set('group', view.group);
  }
  if (view.columns !== null) {
    params.set('columns', formatColumns(view.columns));
  }
  if (view.map) {
    params.set('view', 'map');
  }
  if (view.pod !== null) {
    params.set('pod', view.pod);
  }
  const text = params.toString().replaceAll('%2F', '/');
  return text === '' ? '' : `?${text}`;
}

/** An address of `config.urls` for this pod. */
export function podAddress(pattern, { namespace, name }) {
  return pattern
    .replace('__namespace__', encodeURIComponent(namespace))
    .replace('__pod__', encodeURIComponent(name));
}

/** Whether a view asks for less than everything. */
export function narrows(view) {
  return view.q.trim() !== '' || view.health.size > 0 || view.status.size > 0;
}

// nginx's default buffer for a request's head is 8 KiB: a longer address fails on the way.
const MAX_ADDRESS = 7000;

/**
 * The socket's address with as many resume tokens as fit; a namespace without one is answered with
 * a snapshot.
 */
export function socketAddress(path, base, tokens) {
  const address = new URL(path, base);
  address.protocol = address.protocol.replace(/^http/, 'ws');
  let text = address.href;
  for (const token of tokens) {
    const longer = `${text}${text.includes('?') ? '&' : '?'}resume=${encodeURIComponent(token)}`;
    if (longer.length <= MAX_ADDRESS) {
      text = longer;
    }
  }
  return text;
}
