/**
 * The Role that would let the portal do what the Kubernetes API refused. Kubernetes' own words,
 * therefore not translated.
 */

const CLUSTER_WIDE = new Set(['namespaces', 'nodes']);
const VERBS = { pods: ['list', 'watch'], namespaces: ['list', 'watch'] };
const ALL_READING = ['get', 'list', 'watch'];

/**
 * @param {{resource?: string, group?: string, namespace?: string}} params of the reason `forbidden`
 * @returns {string} YAML
 */
export function roleFor({ resource = 'pods', group = '', namespace = '*' }) {
  const wide = namespace === '*' || namespace === '' || CLUSTER_WIDE.has(resource);
  const verbs = VERBS[resource] ?? ALL_READING;
  return [
    'apiVersion: rbac.authorization.k8s.io/v1',
    `kind: ${wide ? 'ClusterRole' : 'Role'}`,
    'metadata:',
    '  name: k8sportal-reader',
    ...(wide ? [] : [`  namespace: ${namespace}`]),
    'rules:',
    `- apiGroups: ["${group}"]`,
    `  resources: ["${resource}"]`,
    `  verbs: [${verbs.map((verb) => `"${verb}"`).join(', ')}]`,
    '',
  ].join('\n');
}
