/**
 * The Role that would let the portal do what the Kubernetes API refused. Kubernetes' own words,
 * therefore not translated.
 */

const API_GROUPS = { pods: '""', replicasets: '"apps"', deployments: '"apps"', namespaces: '""' };
const CLUSTER_WIDE = new Set(['namespaces', 'nodes']);

/**
 * @param {{resource?: string, namespace?: string}} params of the reason `forbidden`
 * @returns {string} YAML
 */
export function roleFor({ resource = 'pods', namespace = '*' }) {
  const wide = namespace === '*' || namespace === '' || CLUSTER_WIDE.has(resource);
  return [
    'apiVersion: rbac.authorization.k8s.io/v1',
    `kind: ${wide ? 'ClusterRole' : 'Role'}`,
    'metadata:',
    '  name: k8sportal-reader',
    ...(wide ? [] : [`  namespace: ${namespace}`]),
    'rules:',
    `- apiGroups: [${API_GROUPS[resource] ?? '""'}]`,
    `  resources: ["${resource}"]`,
    '  verbs: ["get", "list", "watch"]',
    '',
  ].join('\n');
}
