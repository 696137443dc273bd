/**
 * The feed's state on the page: the mark in the header's fixed place, the bar across the top of the
 * rows, and what stands in place of rows that cannot be shown.
 */
import { byId, setText } from './page.js';
import { roleFor } from './role.js';
import { humanDuration } from './time.js';

/** Reasons to wait that are no news before the first rows are there. */
const ON_THE_WAY = new Set(['first_list', 'connecting', 'loading']);

/** Reasons that a Role would end. */
const RIGHTS = new Set(['forbidden', 'polling', 'owners_by_name']);

export class FeedView {
  #config;
  #texts;
  #live;
  #roleCode = null;
  #roleOpen = false;

  constructor(config, texts, live) {
    this.#config = config;
    this.#texts = texts;
    this.#live = live;
    byId('retry').addEventListener('click', () => live.retry());
    byId('reload').addEventListener('click', () => location.reload());
    byId('copy-role').addEventListener('click', () => this.#copyRole());
    byId('role-toggle').addEventListener('click', () => this.#toggleRole());
  }

  /** Draws mark and bar; returns the state that it drew. */
  draw() {
    const view = this.#live.view();
    document.body.dataset.feed = view.state;
    this.#drawMark(view);
    this.#drawBar(view);
    this.#drawRole(view);
    byId('version-note').hidden = !view.outdated;
    setText(byId('version-text'), view.outdated ? this.ui('other_version') : '');
    return view;
  }

  /** Why the feed is as it is, in the page's language. */
  reason(view) {
    if (view.outcome !== undefined) {
      const said = this.#texts.sentence('error', view.code, view.params, view.reason);
      return this.#texts.join([said, this.#texts.sentence('end', view.outcome)]);
    }
    return this.#texts.sentence('feed', view.code, view.params, view.reason);
  }

  /** What stands in place of a pod that cannot be shown. */
  words(view) {
    return { view, reason: this.reason(view), signInAddress: this.signInAddress() };
  }

  #drawMark(view) {
    const { ui } = this;
    const words = {
      live: ui('live'),
      polling: ui('polling'),
      catching_up: ui('catching_up'),
      stale: ui(view.since === null ? 'stale_unknown' : 'stale'),
      signed_out: ui('signed_out'),
      ended: ui('ended'),
    };
    setText(byId('feed-word'), words[view.state]);
    const shown = ['live', 'polling', 'stale'].includes(view.state) ? this.#since(view) : '';
    setText(byId('feed-time'), shown);
  }

  ui = (key, fields) => this.#texts.ui(key, fields);

  #since(view) {
    return view.since === null ? '' : this.#texts.time(this.#local(view.since));
  }

  /** A moment of the server's clock by the reader's own, which is the one on the wall. */
  #local(serverTime) {
    return serverTime - (this.#live.clock.now() - Date.now());
  }

  #drawBar(view) {
    const bar = byId('bar-note');
    const text = this.#barText(view);
    bar.hidden = text === '';
    setText(byId('bar-text'), text);
    const tries = view.retryAt !== null || view.state === 'ended' || view.state === 'polling';
    byId('retry').hidden = view.state === 'live' || !tries;
    byId('bar-sign-in').hidden = view.state !== 'signed_out';
    byId('bar-sign-in').href = this.signInAddress();
  }

  #barText(view) {
    const reason = this.reason(view);
    switch (view.state) {
      case 'live':
        return view.code === null ? '' : reason;
      case 'polling':
        return this.#texts.join([this.#noSocket(view.polling), view.code === null ? '' : reason]);
      case 'catching_up':
        return view.since === null && (view.code === null || ON_THE_WAY.has(view.code)) ? '' : reason;
      case 'stale': {
        const head = this.#staleSince(view);
        const part =
          view.affected < view.all
            ? this.ui('stale_part', { count: view.affected, all: view.all })
            : '';
        return this.#texts.join([head, part, reason]);
      }
      default:
        return reason;
    }
  }

  #noSocket({ code, params, message }) {
    return this.#texts.join([this.#texts.sentence('sockets', code, params, message), this.ui('polling_instead')]);
  }

  /** Since when; where rows are refused from the start the refusal says enough. */
  #staleSince({ since, code }) {
    if (since === null) {
      return code === 'forbidden' ? '' : this.ui('stale_never');
    }
    const age = humanDuration(this.#live.clock.now() - since);
    return this.ui('stale_since', { time: this.#since({ since }), age });
  }

  /** The sign-in, coming back to this very view. */
  signInAddress() {
    return this.#config.urls.sign_in + encodeURIComponent(location.pathname + location.search);
  }

  /** The Role that is missing: at once where there are no rows to show, else behind a button. */
  #drawRole(view) {
    const code = view.outcome === undefined && RIGHTS.has(view.code) ? view.code : null;
    const bare = code === 'forbidden' && this.#live.state.rows.size === 0;
    if (code !== this.#roleCode) {
      this.#roleCode = code;
      this.#roleOpen = false;
    }
    byId('role-toggle').hidden = code === null || bare;
    byId('role-toggle').setAttribute('aria-expanded', String(this.#roleOpen));
    byId('role').hidden = code === null || !(bare || this.#roleOpen);
    if (code !== null) {
      setText(byId('role-yaml'), roleFor(view.params.namespace ?? view.namespace));
    }
  }

  #toggleRole() {
    this.#roleOpen = !this.#roleOpen;
    this.draw();
  }

  async #copyRole() {
    const button = byId('copy-role');
    try {
      await navigator.clipboard.writeText(byId('role-yaml').textContent);
      setText(button, this.ui('copied'));
    } catch {
      // No clipboard without HTTPS: the text is selected, ready for the reader's own copy key.
      getSelection().selectAllChildren(byId('role-yaml'));
      setText(button, this.ui('copy_by_key'));
    }
  }
}
