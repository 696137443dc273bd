/** Rows as text for other programs: names, CSV, JSON. Pure. */

const COLUMNS = {
  namespace: (row) => row.namespace,
  name: (row) => row.name,
  ready: (row) => row.ready,
  status: (row) => row.status,
  restarts: (row) => row.restarts,
  last_restart: (row) => row.last_restart,
  created: (row) => row.created,
  node: (row) => row.node,
  ip: (row) => row.ip,
  owner_kind: (row) => row.owner?.kind,
  owner_name: (row) => row.owner?.name,
  health: (row) => row.health,
  why: (row) => row.why?.summary,
  labels: (row) =>
    Object.entries(row.labels ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .sort()
      .join(','),
};

/** One name a line. */
export function namesText(rows) {
  return rows.map((row) => `${row.name}\n`).join('');
}

/** RFC 4180, with a line of heads. */
export function csvText(rows) {
  const lines = [Object.keys(COLUMNS), ...rows.map((row) => Object.values(COLUMNS).map((read) => read(row)))];
  return lines.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

/**
 * A cell in quotes. Spreadsheets take text that begins with one of these signs for a formula, and what
 * stands in a cluster may be anybody's: an apostrophe before it makes it text.
 */
function cell(value) {
  const text = String(value ?? '');
  const harmless = /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}

/**
 * The rows as the API gives them (docs/contract.md).
 *
 * @param {{cluster: string, namespaces: string[], taken: string}} about
 */
export function jsonText(rows, about) {
  return `${JSON.stringify({ ...about, pods: rows }, null, 2)}\n`;
}

/** `pods-demo-shop-20260131T140312Z.csv`. */
export function fileName({ cluster, namespaces, taken }, extension) {
  const where = namespaces.length > 1 ? `${namespaces.length}-namespaces` : namespaces[0].replace('*', 'all');
  return `pods-${cluster}-${where}-${taken.replace(/[-:]|\.\d+/g, '')}.${extension}`;
}
