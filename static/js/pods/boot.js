/**
 * The rows before the socket: the first few with the page itself, and where they are many all of them over
 * HTTP, compressed by the portal, where the socket would send megabytes.
 */

/** How long it may take before the socket sends it instead. */
const WITHIN = 8000;

/**
 * Asks for the rows once.
 *
 * @returns {Promise<object|null>} the answer, null where there is none: the socket brings the rows then
 */
export async function fetchPicture(address, env) {
  const deadline = new AbortController();
  const timer = env.setTimeout(() => deadline.abort(), WITHIN);
  try {
    const answer = await env.fetch(address, { credentials: 'same-origin', signal: deadline.signal });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  } finally {
    env.clearTimeout(timer);
  }
}

/** The page's own rows as the first part of a snapshot, one a namespace: what follows replaces them. */
export function firstFrames(pods, namespaces) {
  const of = (namespace) => pods.filter((row) => namespaces.length === 1 || row.namespace === namespace);
  return namespaces
    .map((namespace) => ({
      type: 'snapshot',
      namespace,
      token: null,
      pods: of(namespace),
      rollouts: [],
      part: 1,
      first: true,
      last: false,
    }))
    .filter((frame) => frame.pods.length > 0);
}

/** The answer as whole snapshots, one a namespace; of all namespaces (`*`) there is one. */
export function pictureFrames({ token, tokens, pods, rollouts }, namespaces) {
  const given = Object.entries(tokens ?? { [namespaces[0]]: token }).filter(([, one]) => one);
  const frames = given.map(([namespace, one]) => ({
    type: 'snapshot',
    namespace,
    token: one,
    pods: [],
    rollouts: [],
    part: null,
    first: true,
    last: true,
  }));
  const byNamespace = new Map(frames.map((frame) => [frame.namespace, frame]));
  const frameOf = ({ namespace }) => (frames.length === 1 ? frames[0] : byNamespace.get(namespace));
  for (const row of pods ?? []) {
    frameOf(row)?.pods.push(row);
  }
  for (const rollout of rollouts ?? []) {
    frameOf(rollout)?.rollouts.push(rollout);
  }
  return frames;
}
