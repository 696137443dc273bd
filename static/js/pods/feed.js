/**
 * The state of the feed as one word for the whole page: live, catching up, stale, signed out or
 * ended, with since when and why.
 *
 * Rule: nothing on screen is silently old. A namespace counts as live only after a `feed` frame on
 * this connection said so and its rows are complete; 5 s without confirmed contact are `stale`,
 * whether the portal says so or the portal itself is not heard. Several namespaces: the worst speaks.
 */
import { instant } from './time.js';

/** docs/contract.md: catching up for less than this, stale from then on. */
export const STALE_AFTER = 5000;

const SEVERITY = { live: 0, catching_up: 1, stale: 2 };

export class FeedBoard {
  #feeds = new Map();
  #brokenAt;
  #retryAt = null;
  #end = null;
  #version;
  #outdated = false;

  /**
   * @param {string[]} namespaces those of the view, or `['*']`
   * @param {number} now milliseconds, the local clock as in every method
   * @param {string|null} version of the portal that the page is of
   */
  constructor(namespaces, now, version = null) {
    this.#brokenAt = now;
    this.#version = version;
    for (const namespace of namespaces) {
      this.#feeds.set(namespace, { frame: null, fresh: false, right: null });
    }
  }

  /** Takes a `feed` frame. */
  heard(frame) {
    const right = instant(frame.state === 'live' ? frame.now : frame.since);
    const known = this.#feeds.get(frame.namespace)?.right ?? null;
    this.#feeds.set(frame.namespace, { frame, fresh: true, right: right ?? known });
    if (frame.version && this.#version) {
      this.#outdated = frame.version !== this.#version;
    }
    this.#settle();
  }

  /** Rows of a namespace came with the page, and were right at that moment, by the server's clock. */
  brought(namespace, moment) {
    this.#feeds.get(namespace).right = moment;
  }

  /** All is as the last frames said, still: at `now` by the server's clock. */
  again(now) {
    this.joined();
    for (const { frame } of [...this.#feeds.values()]) {
      if (frame !== null) {
        this.heard({ ...frame, now: new Date(now).toISOString() });
      }
    }
  }

  /** A namespace was refused or taken away. */
  drop(namespace) {
    this.#feeds.delete(namespace);
    this.#settle();
  }

  get namespaces() {
    return [...this.#feeds.keys()];
  }

  /** The connection broke, or stays silent; `retryAt` is when it will be tried again. */
  broken(now, retryAt = null) {
    this.#brokenAt ??= now;
    this.#retryAt = retryAt;
    for (const feed of this.#feeds.values()) {
      feed.fresh = false;
    }
  }

  /** The portal has not been heard for too long: stale from now on, without a grace. */
  silent(now, retryAt = null) {
    this.broken(now, retryAt);
    this.#brokenAt = Math.min(this.#brokenAt, now - STALE_AFTER);
  }

  /** The connection stands again; its frames are awaited. */
  joined() {
    this.#retryAt = null;
    this.#end = null;
  }

  /**
   * It ended, for good or until `retryAt`: `outcome` as in protocol.js, with the error frame that
   * said why.
   */
  ended(outcome, error = null, retryAt = null) {
    this.#end = { outcome, error };
    this.#retryAt = retryAt;
  }

  /** It begins again after an end. */
  restarted(now) {
    this.#end = null;
    this.#brokenAt = now;
  }

  /**
   * The page's state.
   *
   * @param {number} now
   * @param {(namespace: string) => boolean} complete whether the namespace's rows are all there
   * @returns {{state: string, since: number|null, code: string|null, params: object,
   *   reason: string, namespace: string|null, retryAt: number|null, affected: number, all: number,
   *   outdated: boolean}}
   *   `since`: milliseconds by the server's clock; when live, the moment of the last confirmation;
   *   `outdated`: the portal runs another version than the page is of
   */
  view(now, complete) {
    return { ...this.#view(now, complete), outdated: this.#outdated };
  }

  #view(now, complete) {
    if (this.#end !== null) {
      return this.#ending();
    }
    let worst = null;
    let affected = 0;
    for (const [namespace, feed] of this.#feeds) {
      const one = { ...this.#judge(feed, now, complete(namespace)), namespace };
      affected += one.state === 'live' ? 0 : 1;
      if (worst === null || worse(one, worst)) {
        worst = one;
      }
    }
    const nothing = { state: 'catching_up', since: null, code: null, params: {}, reason: '' };
    return { ...(worst ?? nothing), retryAt: this.#retryAt, affected, all: this.#feeds.size };
  }

  /** Once every namespace has been heard on this connection, nothing is broken any more. */
  #settle() {
    if ([...this.#feeds.values()].every((feed) => feed.fresh)) {
      this.#brokenAt = null;
    }
  }

  #judge(feed, now, complete) {
    if (!feed.fresh) {
      const away = this.#brokenAt === null ? 0 : now - this.#brokenAt;
      const known = feed.right !== null;
      const code = known ? 'portal_lost' : 'connecting';
      return away < STALE_AFTER
        ? { state: 'catching_up', since: feed.right, code, params: {}, reason: '' }
        : { state: 'stale', since: feed.right, code: 'portal_lost', params: {}, reason: '' };
    }
    const { state, code, params, reason } = feed.frame;
    if (state === 'live' && !complete) {
      return { state: 'catching_up', since: null, code: 'loading', params: {}, reason: '' };
    }
    const known = Object.hasOwn(SEVERITY, state) ? state : 'stale';
    return { state: known, since: feed.right, code, params, reason };
  }

  #ending() {
    const { outcome, error } = this.#end;
    const rights = [...this.#feeds.values()].map((feed) => feed.right).filter((right) => right !== null);
    return {
      state: outcome === 'signed_out' ? 'signed_out' : 'ended',
      outcome,
      since: rights.length === 0 ? null : Math.min(...rights),
      code: error?.code ?? null,
      params: error?.params ?? {},
      reason: error?.message ?? '',
      namespace: error?.namespace ?? null,
      retryAt: this.#retryAt,
      affected: this.#feeds.size,
      all: this.#feeds.size,
    };
  }
}

function worse(a, b) {
  if (SEVERITY[a.state] !== SEVERITY[b.state]) {
    return SEVERITY[a.state] > SEVERITY[b.state];
  }
  return (a.since ?? 0) < (b.since ?? 0);
}
