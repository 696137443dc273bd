/**
 * What the portal's account needs to show a namespace's pods live: a Role with its binding, ready for
 * `kubectl apply` but for the account's name. Kubernetes' own words, therefore not translated.
 *
 * It is always the whole of it, whichever part was refused: applied over an earlier one it takes
 * nothing away.
 */

const NAME = 'k8sportal-pods';
const GROUP = 'rbac.authorization.k8s.io';

/** Stands for the account's name, which the page does not know. */
export const ACCOUNT = 'ACCOUNT';

/**
 * @param {string} namespace of the pods; `*` gives a ClusterRole
 * @returns {string} YAML of two documents
 */
export function roleFor(namespace) {
  const wide = namespace === '*';
  const kind = wide ? 'ClusterRole' : 'Role';
  const head = (one) => [
    `apiVersion: ${GROUP}/v1`,
    `kind: ${one}`,
    'metadata:',
    `  name: ${NAME}`,
    ...(wide ? [] : [`  namespace: ${namespace}`]),
  ];
  return [
    ...head(kind),
    'rules:',
    '- apiGroups: [""]',
    '  resources: ["pods"]',
    '  verbs: ["get", "list", "watch"]',
    '# for logs, which the portal grants apart',
    '- apiGroups: [""]',
    '  resources: ["pods/log"]',
    '  verbs: ["get"]',
    '# for warnings about pods',
    '- apiGroups: [""]',
    '  resources: ["events"]',
    '  verbs: ["list", "watch"]',
    '# for the names of Deployments',
    '- apiGroups: ["apps"]',
    '  resources: ["replicasets"]',
    '  verbs: ["get", "list", "watch"]',
    '# for rollouts',
    '- apiGroups: ["apps"]',
    '  resources: ["deployments", "statefulsets", "daemonsets"]',
    '  verbs: ["list", "watch"]',
    '- apiGroups: ["batch"]',
    '  resources: ["jobs"]',
    '  verbs: ["get", "list", "watch"]',
    '---',
    ...head(`${kind}Binding`),
    'roleRef:',
    `  apiGroup: ${GROUP}`,
    `  kind: ${kind}`,
    `  name: ${NAME}`,
    'subjects:',
    `- apiGroup: ${GROUP}`,
    '  kind: User',
    `  name: ${ACCOUNT}`,
    '',
  ].join('\n');
}
