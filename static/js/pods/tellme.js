/**
 * What a reader waits for, as plain data: "tell me when this pod is ready", once.
 *
 * Guarantee: a watch tells what became true after it was asked for, judged by the subject's uid and by its
 * state at that moment. The same state again (a relist, a reconnect, another tab) tells nothing; a change that
 * happened while nobody looked tells once.
 *
 * A watch: `{id, cluster, namespace, kind, name, uid, want, base, met, at}`. `base`: restarts when it was asked;
 * `met`: whether what is wanted was true when it was last looked at; `at`: when it was asked, by the reader's clock.
 */

/** So many are kept, the newest. */
export const MOST = 50;
export const KEPT_FOR = 24 * 3600_000;

/** What one can wait for, of a pod and of another kind's rollout. */
const WANTS = { Pod: ['ready', 'restart'], rollout: ['done', 'stuck'] };

export function wantsOf({ kind }) {
  return WANTS[kind] ?? WANTS.rollout;
}

/** Whether a row, or a rollout, is now as it is wanted. */
const MET = {
  ready: (row) => row.health === 'running',
  restart: (row, { base }) => row.restarts > base,
  done: (rollout) => rollout.state === 'done',
  stuck: (rollout) => rollout.state === 'stuck',
};

/** A new watch. `state`: the row or the rollout as it is at this moment. */
export function newWatch({ cluster, kind, state }, want, at) {
  const { uid, namespace, name } = state;
  const base = kind === 'Pod' ? state.restarts : 0;
  const watch = { id: `${uid} ${want}`, cluster, namespace, kind, name, uid, want, base, at };
  return { ...watch, met: MET[want](state, watch) };
}

/** The watches with one more; the same asked again is as asked now. */
export function added(watches, watch) {
  return [...watches.filter(({ id }) => id !== watch.id), watch].slice(-MOST);
}

/**
 * Looks at a watch's subject.
 *
 * @returns {{watch: object, told: string|null}} `told`: what has come true: the want, or `completed` where a
 *   pod that was to be ready has ended instead, `gone` where another workload has its name
 */
export function judged(watch, state) {
  if (state.uid !== watch.uid) {
    return { watch, told: watch.kind === 'Pod' ? null : 'gone' }; // under its name there is another workload
  }
  const met = MET[watch.want](state, watch);
  if (met && !watch.met) {
    return { watch, told: watch.want };
  }
  if (watch.want === 'ready' && state.health === 'done') {
    return { watch, told: 'completed' };
  }
  return { watch: met === watch.met ? watch : { ...watch, met }, told: null };
}

/** Reads what was kept; what is too old, or no watch, is left out. */
export function readWatches(text, now) {
  let found;
  try {
    found = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  return Array.isArray(found) ? found.filter((one) => isWatch(one) && isCurrent(one, now)).slice(-MOST) : [];
}

/** Whether it was asked for no longer ago than is kept. */
export function isCurrent({ at }, now) {
  return now - at < KEPT_FOR;
}

function isWatch(one) {
  const texts = ['id', 'cluster', 'namespace', 'kind', 'name', 'uid'];
  return (
    one !== null &&
    typeof one === 'object' &&
    texts.every((key) => typeof one[key] === 'string') &&
    wantsOf(one).includes(one.want) &&
    typeof one.met === 'boolean' &&
    Number.isFinite(one.base) &&
    Number.isFinite(one.at)
  );
}
