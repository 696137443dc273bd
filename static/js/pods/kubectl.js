/** The `kubectl get pods` that shows what the page shows, as far as kubectl can express it. Pure. */
import { parseQuery, printTerm } from './query.js';

/** Terms with `=` that are fields of a pod for the API server. Names there are in lower case. */
const FIELDS = { name: 'metadata.name', namespace: 'metadata.namespace', node: 'spec.nodeName', ip: 'status.podIP' };

/**
 * @param {{context: string|null, namespaces: string[], selector: string, deployment: string}} asked
 *   what the portal was asked for; without a context the command goes to whichever is the current one
 * @param {{q: string, health: Set<string>, status: Set<string>}} view
 * @returns {{command: string, left: string[]}} one line a namespace, and what it does not narrow by
 */
export function kubectlCommand({ context, namespaces, selector, deployment }, { q, health, status }) {
  const labels = selector === '' ? [] : [selector];
  const fields = [];
  const left = deployment === '' ? [] : [`deployment=${deployment}`];
  for (const term of parseQuery(q).terms) {
    if (term.key === 'label' && isLabel(term)) {
      labels.push(labelRequirement(term));
    } else if (term.operator === '=' && Object.hasOwn(FIELDS, term.key)) {
      fields.push(`${FIELDS[term.key]}${term.negated ? '!=' : '='}${term.value}`);
    } else {
      left.push(printTerm(term));
    }
  }
  left.push(...[...health].map((one) => `health:${one}`), ...[...status].map((one) => `status:=${one}`));
  const options = [...option('-l', labels.join(',')), ...option('--field-selector', fields.join(','))];
  const where = (namespace) => (namespace === '*' ? ['-A'] : ['-n', namespace]);
  const lines = namespaces.map((namespace) =>
    ['kubectl', ...option('--context', context ?? ''), 'get', 'pods', ...where(namespace), ...options].map(shellWord).join(' '),
  );
  return { command: lines.join('\n'), left };
}

function option(name, value) {
  return value === '' ? [] : [name, value];
}

/** Whether name and value could be a label's at all: others would make the command fail. */
function isLabel({ name, value }) {
  return /^[\w./-]+$/.test(name) && /^[\w.-]*$/.test(value);
}

function labelRequirement({ negated, name, operator, value }) {
  if (operator === '') {
    return negated ? `!${name}` : name;
  }
  return negated === (operator === '=') ? `${name}!=${value}` : `${name}=${value}`;
}

/** A word as the shell reads it back. */
function shellWord(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
