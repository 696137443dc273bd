/**
 * The rollouts of workloads that came: by uid, by name, and by the group that their pods stand in.
 *
 * Pure: whoever merges frames puts and removes; each gives what changed, or null for what is no news.
 */
import { groupId, placeOf } from './groups.js';

export class Rollouts {
  #byUid = new Map();
  #byName = new Map();
  #byGroup = new Map();
  /** Uids of those that want pods. */
  #wanting = new Set();

  get size() {
    return this.#byUid.size;
  }

  /** The one of a workload, undefined where none is known. */
  get(namespace, kind, name) {
    return this.#byName.get(nameOf({ namespace, kind, name }));
  }

  /** The one to show for a group of owners: of several Jobs of a CronJob the newest; null for none. */
  inGroup(id) {
    let newest = null;
    for (const rollout of this.#byGroup.get(id) ?? []) {
      if (newest === null || (rollout.created ?? '') > (newest.created ?? '')) {
        newest = rollout;
      }
    }
    return newest;
  }

  /** The places of workloads that want pods and are not as they should be, as `placeOf` gives them. */
  *wanting() {
    for (const uid of this.#wanting) {
      yield placeOfRollout(this.#byUid.get(uid));
    }
  }

  /** @returns {{before: object|null, after: object}|null} */
  put(rollout) {
    const before = this.#byUid.get(rollout.uid) ?? null;
    if (before !== null && JSON.stringify(before) === JSON.stringify(rollout)) {
      return null;
    }
    if (before !== null) {
      this.#takeOut(before);
    }
    this.#byUid.set(rollout.uid, rollout);
    this.#byName.set(nameOf(rollout), rollout);
    const id = groupId(placeOfRollout(rollout));
    this.#byGroup.set(id, (this.#byGroup.get(id) ?? new Set()).add(rollout));
    if (isWanting(rollout)) {
      this.#wanting.add(rollout.uid);
    }
    return { before, after: rollout };
  }

  /** @returns {{before: object, after: null}|null} */
  remove(uid) {
    const before = this.#byUid.get(uid);
    if (before === undefined) {
      return null;
    }
    this.#byUid.delete(uid);
    this.#takeOut(before);
    return { before, after: null };
  }

  #takeOut(rollout) {
    const name = nameOf(rollout);
    if (this.#byName.get(name) === rollout) { // one that was made again under its name is another
      this.#byName.delete(name);
    }
    const id = groupId(placeOfRollout(rollout));
    const group = this.#byGroup.get(id);
    group.delete(rollout);
    if (group.size === 0) {
      this.#byGroup.delete(id);
    }
    this.#wanting.delete(rollout.uid);
  }
}

function nameOf({ namespace, kind, name }) {
  return `${namespace}\n${kind}\n${name}`;
}

function placeOfRollout({ namespace, kind, name }) {
  return placeOf({ namespace, owner: { kind, name } }, 'owner');
}

/** How many of the pods that a rollout goes to are ready: new ones, where it is told of each revision. */
export function reached({ kind, updated, ready, desired, revisions }) {
  const newest = revisions.find(({ current }) => current)?.ready;
  const count = newest ?? (kind === 'Job' ? ready : Math.min(updated, ready));
  return Math.min(count, desired);
}

/** Whether a rollout that tells something takes more than a line of a narrow screen. */
export function isLong({ why, revisions }) {
  return why !== null || revisions.length > 1;
}

/** Whether a workload wants pods and is not as it should be. */
export function isWanting({ state, desired }) {
  return state !== 'done' && desired > 0;
}

/** Whether a rollout says more than the pods of its group do; null for none. */
export function isTelling(rollout) {
  return rollout !== null && (rollout.state !== 'done' || rollout.why !== null);
}
