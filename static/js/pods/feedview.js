/**
 * The feed's state on the page: the mark in the header's fixed place, the bar across the top of the
 * rows, and what stands in place of rows that cannot be shown.
 */
import { byId, setText } from './page.js';
import { roleFor } from './role.js';
import { clockTime, humanDuration } from './time.js';

export class FeedView {
  #config;
  #texts;
  #live;

  constructor(config, texts, live) {
    this.#config = config;
    this.#texts = texts;
    this.#live = live;
    byId('retry').addEventListener('click', () => live.retry());
    byId('copy-role').addEventListener('click', () => this.#copyRole());
  }

  /** Draws mark and bar; returns the state that it drew. */
  draw() {
    const view = this.#live.view();
    document.body.dataset.feed = view.state;
    this.#drawMark(view);
    this.#drawBar(view);
    this.#drawRole(view);
    return view;
  }

  /** Why the feed is as it is, in the page's language. */
  reason(view) {
    if (view.outcome !== undefined) {
      const said = this.#texts.sentence('error', view.code, view.params, view.reason);
      return `${said} ${this.#texts.sentence('end', view.outcome)}`.trim();
    }
    return this.#texts.sentence('feed', view.code, view.params, view.reason);
  }

  #drawMark(view) {
    const { ui } = this;
    const words = {
      live: ui('live'),
      catching_up: ui('catching_up'),
      stale: ui('stale'),
      signed_out: ui('signed_out'),
      ended: ui('ended'),
    };
    setText(byId('feed-word'), words[view.state]);
    const shown = view.state === 'live' || view.state === 'stale' ? this.#since(view) : '';
    setText(byId('feed-time'), shown);
  }

  ui = (key, fields) => this.#texts.ui(key, fields);

  #since(view) {
    return view.since === null ? '' : clockTime(this.#local(view.since), Date.now());
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
    byId('retry').hidden = view.state === 'live' || view.retryAt === null && view.state !== 'ended';
    byId('bar-sign-in').hidden = view.state !== 'signed_out';
    byId('bar-sign-in').href = this.signInAddress();
  }

  #barText(view) {
    const reason = this.reason(view);
    switch (view.state) {
      case 'live':
        return view.code === null ? '' : reason;
      case 'catching_up':
        return view.code === 'portal_lost' || view.since !== null ? reason : '';
      case 'stale': {
        const head =
          view.since === null
            ? this.ui('stale_never')
            : this.ui('stale_since', {
                time: this.#since(view),
                age: humanDuration(this.#live.clock.now() - view.since),
              });
        const part =
          view.affected < view.all
            ? this.ui('stale_part', { count: view.affected, all: view.all })
            : '';
        return [head, part, reason].filter(Boolean).join(' ');
      }
      default:
        return reason;
    }
  }

  /** The sign-in, coming back to this very view. */
  signInAddress() {
    return this.#config.urls.sign_in + encodeURIComponent(location.pathname + location.search);
  }

  #drawRole(view) {
    const box = byId('role');
    box.hidden = view.code !== 'forbidden' || view.outcome !== undefined;
    if (!box.hidden) {
      const namespace = view.params.namespace ?? view.namespace;
      setText(byId('role-yaml'), roleFor({ ...view.params, namespace }));
    }
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
