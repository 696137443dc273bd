/**
 * The browser's copy of the pods and rollouts: snapshots and deltas merged, by namespace.
 *
 * Guarantee: after a snapshot at a token and every later delta, `rows` equals the server's state of
 * that view. A pod is its uid. Rows of a snapshot in parts show as they come; the rows that it
 * replaces go with its last part. `apply` returns only what differs, so that news that is no news
 * draws nothing.
 */

import { FrameError } from './protocol.js';
import { Rollouts } from './rollouts.js';

/** docs/contract.md: an acknowledgement is due when this much is un-acknowledged. */
export const ACK_BYTES = 128 * 1024;

const NOTHING = Object.freeze({ upserts: [], removes: [], rollouts: [] });

export class PodState {
  constructor() {
    /** @type {Map<string, object>} rows by uid, over all namespaces of the view */
    this.rows = new Map();
    /** How far the workloads of these pods are. */
    this.rollouts = new Rollouts();
    this.feeds = new Map();
    this.unacknowledged = 0;
  }

  /**
   * Merges one `snapshot` or `delta`.
   *
   * @param {object} frame as `parseFrame` gives it
   * @param {number} size the frame's length, which counts towards the next acknowledgement
   * @returns {{upserts: object[], removes: string[], rollouts: {before: object|null, after: object|null}[]}}
   *   rows that are new or differ, uids of pods that left, and rollouts that came, differ or went
   * @throws {FrameError} where a part of a snapshot is missing
   */
  apply(frame, size = 0) {
    const feed = this.#feed(frame.namespace);
    const changes =
      frame.type === 'snapshot' ? this.#snapshot(feed, frame) : this.#delta(feed, frame);
    feed.pending = { token: frame.token, part: frame.part ?? null };
    feed.unacknowledged += size;
    this.unacknowledged += size;
    return changes;
  }

  /** Takes a position that a `feed` frame confirmed: all up to it has been sent. */
  confirm(namespace, token) {
    const feed = this.feeds.get(namespace);
    if (feed !== undefined && feed.token !== null && feed.incoming === null) {
      feed.token = token;
    }
  }

  /** Forgets a namespace that was refused or taken away. */
  drop(namespace) {
    const feed = this.feeds.get(namespace);
    if (feed === undefined) {
      return NOTHING;
    }
    this.feeds.delete(namespace);
    this.unacknowledged -= feed.unacknowledged;
    return this.#remove(feed.uids);
  }

  /** Forgets everything. */
  clear() {
    const all = [...this.feeds.values()].flatMap(({ uids }) => [...uids]);
    this.feeds.clear();
    this.unacknowledged = 0;
    return this.#remove(all);
  }

  /** Whether the whole of this namespace has been received at least once. */
  seeded(namespace) {
    return this.feeds.get(namespace)?.seeded === true;
  }

  /** The resume tokens, one for each namespace whose rows are complete. */
  tokens() {
    const tokens = [];
    for (const feed of this.feeds.values()) {
      if (feed.token !== null) {
        tokens.push(feed.token);
      }
    }
    return tokens;
  }

  /**
   * The connection broke. A snapshot that was cut short leaves rows of two moments behind, and no
   * token speaks for those: such a namespace starts again with a snapshot.
   */
  cut() {
    for (const feed of this.feeds.values()) {
      if (feed.incoming !== null) {
        feed.incoming = null;
        feed.token = null;
      }
      feed.pending = null;
      feed.unacknowledged = 0;
    }
    this.unacknowledged = 0;
  }

  /** Whether enough is un-acknowledged for an acknowledgement now. */
  get ackDue() {
    return this.unacknowledged >= ACK_BYTES;
  }

  /** Whether anything is un-acknowledged. */
  get ackPending() {
    return this.unacknowledged > 0;
  }

  /**
   * Takes the acknowledgements to send: of every namespace, or (the portal counts them) of those
   * with the most bytes until less than half of the limit is left.
   *
   * @param {boolean} all
   * @returns {{namespace: string, token: string, part: number|null}[]}
   */
  takeAcks(all) {
    const waiting = [...this.feeds].filter(([, feed]) => feed.pending !== null);
    waiting.sort(([, a], [, b]) => b.unacknowledged - a.unacknowledged);
    const acks = [];
    for (const [namespace, feed] of waiting) {
      if (!all && this.unacknowledged < ACK_BYTES / 2) {
        break;
      }
      acks.push({ namespace, ...feed.pending });
      this.unacknowledged -= feed.unacknowledged;
      feed.unacknowledged = 0;
      feed.pending = null;
    }
    return acks;
  }

  #feed(namespace) {
    let feed = this.feeds.get(namespace);
    if (feed === undefined) {
      feed = {
        uids: new Set(),
        incoming: null,
        parts: 0,
        token: null,
        seeded: false,
        pending: null,
        unacknowledged: 0,
      };
      this.feeds.set(namespace, feed);
    }
    return feed;
  }

  #snapshot(feed, frame) {
    if (frame.first) {
      feed.incoming = new Set();
      feed.parts = 0;
    }
    feed.parts += 1;
    if (feed.incoming === null || (frame.part !== null && frame.part !== feed.parts)) {
      throw new FrameError(`Part ${frame.part} of a snapshot came out of turn.`);
    }
    const came = this.#put(feed, frame.pods, frame.rollouts);
    if (!frame.last) {
      return { ...NOTHING, ...came };
    }
    const { incoming } = feed;
    const gone = this.#remove([...feed.uids].filter((uid) => !incoming.has(uid)));
    feed.uids = feed.incoming;
    feed.incoming = null;
    feed.token = frame.token;
    feed.seeded = true;
    return joined(gone, came);
  }

  #delta(feed, frame) {
    const left = frame.remove.filter((uid) => {
      feed.incoming?.delete(uid);
      return feed.uids.delete(uid);
    });
    const gone = this.#remove(left);
    const came = this.#put(feed, frame.upsert, frame.rollouts);
    if (feed.incoming === null) {
      feed.token = frame.token;
    }
    return joined(gone, came);
  }

  /** Takes rows and rollouts that came; gives those that are new or differ. */
  #put(feed, rows, rollouts) {
    for (const { uid } of [...rows, ...rollouts]) {
      feed.uids.add(uid);
      feed.incoming?.add(uid);
    }
    const upserts = rows.filter((row) => {
      const old = this.rows.get(row.uid);
      const differs = old === undefined || !sameRow(old, row);
      if (differs) {
        this.rows.set(row.uid, row);
      }
      return differs;
    });
    return { upserts, rollouts: rollouts.map((one) => this.rollouts.put(one)).filter(Boolean) };
  }

  /** Forgets pods and rollouts; gives them. */
  #remove(uids) {
    const removes = [];
    const rollouts = [];
    for (const uid of uids) {
      const rollout = this.rollouts.remove(uid);
      if (rollout !== null) {
        rollouts.push(rollout);
      } else if (this.rows.delete(uid)) {
        removes.push(uid);
      }
    }
    return { upserts: [], removes, rollouts };
  }
}

function joined(gone, came) {
  return { upserts: came.upserts, removes: gone.removes, rollouts: [...gone.rollouts, ...came.rollouts] };
}

const PLAIN_FIELDS = [
  'ready', 'status', 'restarts', 'last_restart', 'health', 'node', 'ip', 'name', 'namespace',
  'created', 'labels_cut',
];

/** Whether two rows of one pod say the same. */
export function sameRow(a, b) {
  return (
    PLAIN_FIELDS.every((field) => a[field] === b[field]) &&
    a.owner?.name === b.owner?.name &&
    a.owner?.kind === b.owner?.kind &&
    sameValues(a.why, b.why) &&
    sameValues(a.labels, b.labels)
  );
}

function sameValues(a, b) {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
