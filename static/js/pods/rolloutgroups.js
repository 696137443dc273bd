/** Rollouts among the groups of rows: what each header tells, and headers for owners without any pod. */
import { ALL_DONE, Group, groupId } from './groups.js';
import { isWanting } from './rollouts.js';
import { narrows } from './url.js';

/** Before other groups, where trouble comes first. */
const FIRST = 0;

export class RolloutGroups {
  #rollouts;
  #empty = new Map();

  /** @param {Rollouts} rollouts */
  constructor(rollouts) {
    this.#rollouts = rollouts;
  }

  /**
   * Sets the `rollout` of each group, null for what has none.
   *
   * @param {Group[]} groups those that have rows
   * @param {object} view as readView gives it
   * @returns {Group[]} groups besides, without rows: workloads that want pods and are not as they should
   *   be. None while the reader looks for something: then it is pods
   */
  place(groups, view) {
    const byOwner = view.group === 'owner';
    for (const group of groups) {
      group.rollout = byOwner ? this.#rollouts.inGroup(group.id) : null;
    }
    return byOwner && !narrows(view) ? this.#without(groups, view.sort) : [];
  }

  #without(groups, { notWell, column }) {
    const there = new Set(groups.map(({ id }) => id));
    const before = this.#empty;
    this.#empty = new Map();
    for (const place of this.#rollouts.wanting()) {
      const id = groupId(place);
      const rollout = this.#rollouts.inGroup(id);
      if (!there.has(id) && isWanting(rollout)) {
        const group = before.get(id) ?? new Group(id, place);
        group.rollout = rollout;
        group.rank = notWell ? rankOf(rollout) : 0;
        group.key = column === 'name' ? group.name : null;
        this.#empty.set(id, group);
      }
    }
    return [...this.#empty.values()];
  }
}

/** A Job that failed long ago may lie about; what still wants its pods is trouble. */
function rankOf({ kind, state }) {
  return kind === 'Job' && state === 'stuck' ? ALL_DONE : FIRST;
}
