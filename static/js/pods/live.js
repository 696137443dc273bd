/**
 * One live view: the connection, the rows and the state of the feed, joined.
 *
 * Owns every timer of the view. What changed is handed on by `changed`; drawing is the
 * page's own business. A page that goes to the back/forward cache or is frozen gives its socket
 * back, and so does one that has been hidden for a while; both resume by token.
 */
import { Acks } from './acks.js';
import { fetchPicture, firstFrames, pictureFrames } from './boot.js';
import { browserEnv } from './browser.js';
import { Connection } from './connection.js';
import { Fallback } from './fallback.js';
import { FeedBoard } from './feed.js';
import { FrameError, parseFrame, taken } from './protocol.js';
import { PodState } from './state.js';
import { ServerClock, instant } from './time.js';
import { socketAddress } from './url.js';

/** A hidden page keeps its socket this long. */
const HIDDEN_KEEPS = 60_000;

export class Live {
  #env;
  #on;
  #urls;
  #first;
  #connection;
  #fallback;
  #acks;
  #hiddenTimer = null;
  #paused = false;
  #error = null;
  #over = false;

  /**
   * @param {{namespaces: string[], urls: {socket: string, rows: string|null, poll: string}}} config
   *   `urls.rows` is given where the first picture shall come over HTTP
   * @param {{changed: (changes: object, fresh: boolean, left: boolean) => void, feed: () => void,
   *   refused: (frame: object) => void, waits?: () => boolean}} on `changes` as PodState gives them; `fresh` is
   *   false for a first picture, which is no news; `left` is true where pods that went are known to have left just
   *   now, and not the right to see them; `refused` for a namespace that may not be seen any more
   * @param {object} env as `browserEnv` gives it
   */
  constructor(config, on, env = browserEnv()) {
    this.#env = env;
    this.#on = on;
    this.#urls = config.urls;
    this.#first = config.first ?? { pods: [] };
    this.state = new PodState();
    this.clock = new ServerClock(env.now);
    this.feed = new FeedBoard(config.namespaces, env.now(), config.version);
    this.#connection = this.#newConnection();
    this.#fallback = this.#newFallback();
    this.#acks = new Acks(this.state, (text) => this.#connection.send(text), env);
  }

  #newConnection() {
    return new Connection(
      {
        address: () => socketAddress(this.#urls.socket, this.#env.base, this.state.tokens()),
        opened: () => this.#opened(),
        text: (text) => this.#heard(text),
        silent: () => this.#fallback.polling || this.feed.silent(this.#env.now()),
        broken: (retryAt, rule) => this.#broken(retryAt, rule),
        failed: (opened) => this.#fallback.failed(opened),
        ended: (rule) => this.#ended(rule),
      },
      this.#env,
    );
  }

  #newFallback() {
    const { feed } = this;
    const told = (tell) => (...values) => {
      tell(...values);
      this.#on.feed();
    };
    return new Fallback(
      {
        socket: () => this.#urls.socket,
        address: () => this.#urls.poll,
        changed: told(() => this.#fellBack()),
        rows: told((answer, feeds) => this.#polled(answer, feeds)),
        same: told(() => feed.again(this.clock.now())),
        failed: told((retryAt, silent) => feed[silent ? 'silent' : 'broken'](this.#env.now(), retryAt)),
        refused: told((rule, error, retryAt) => this.#refused(rule, error, retryAt)),
      },
      this.#env,
    );
  }

  /**
   * The state of the feed now, as FeedBoard.view gives it. While the rows are polled, `polling` says
   * why, and `live` is `polling`.
   */
  view() {
    const view = this.feed.view(this.#env.now(), (namespace) => this.state.seeded(namespace));
    const polling = this.#fallback.reason;
    const state = polling !== null && view.state === 'live' ? 'polling' : view.state;
    return { ...view, state, polling, outdated: view.outdated || polling?.code === 'other_version' };
  }

  /** Begins; resolves when the first picture over HTTP is there, or the socket has taken over. */
  async start() {
    const first = firstFrames(this.#first.pods, this.feed.namespaces);
    first.forEach((frame) => this.feed.brought(frame.namespace, instant(this.#first.as_of)));
    this.#merge(first);
    if (this.#urls.rows) {
      const answer = await fetchPicture(this.#urls.rows, this.#env);
      this.#merge(answer === null ? [] : pictureFrames(answer, this.feed.namespaces));
    }
    if (!this.#paused && !this.#over) {
      this.#connection.start();
    }
  }

  /** Tries again now, also after an end. */
  retry() {
    this.#over = false;
    this.#error = null;
    if (!this.#fallback.polling) {
      this.feed.restarted(this.#env.now());
    }
    this.#connection.stop();
    this.#connection.start();
    this.#fallback.nudge();
    this.#on.feed();
  }

  /** Gives the socket back until `resume`. */
  pause() {
    if (!this.#paused) {
      this.#paused = true;
      this.#acks.flush(true);
      this.#connection.stop();
      this.#fallback.pause();
      this.#cut();
      this.feed.broken(this.#env.now());
      this.#on.feed();
    }
  }

  /** Takes up again where `pause` left off. */
  resume() {
    this.#env.clearTimeout(this.#hiddenTimer);
    this.#hiddenTimer = null;
    if (this.#paused) {
      this.#paused = false;
      if (!this.#over) {
        this.#connection.start();
        this.#fallback.nudge();
      }
    }
    this.#on.feed();
  }

  /** The page became hidden: the socket stays for a while, and for as long as somebody waits for something. */
  hidden() {
    this.#env.clearTimeout(this.#hiddenTimer);
    this.#hiddenTimer = this.#env.setTimeout(() => this[this.#on.waits?.() ? 'hidden' : 'pause'](), HIDDEN_KEEPS);
  }

  /** The network is back. */
  online() {
    this.#connection.nudge();
    this.#fallback.nudge();
  }

  #merge(frames) {
    for (const frame of frames) {
      this.#on.changed(this.state.apply(frame), false);
    }
    this.state.cut();
  }

  #opened() {
    this.#error = null;
    this.feed.joined();
    this.#on.feed();
  }

  #heard(text) {
    try {
      const frame = parseFrame(text);
      if (frame?.final !== true) {
        this.#fallback.heard();
      }
      if (frame !== null) {
        this.#take(frame, text.length);
      }
    } catch (error) {
      if (!(error instanceof FrameError)) {
        throw error;
      }
      this.#cut();
      this.#connection.restart();
    }
  }

  #take(frame, size) {
    if (frame.type === 'feed') {
      this.#takeFeed(frame);
    } else if (frame.type === 'error') {
      this.#takeError(frame);
    } else {
      const fresh = this.state.seeded(frame.namespace);
      this.#on.changed(this.state.apply(frame, size), fresh, frame.type === 'delta');
      this.#acks.merged();
      if (!fresh) {
        this.#on.feed();
      }
    }
  }

  #takeFeed(frame) {
    const now = instant(frame.now);
    if (now !== null) {
      this.clock.observe(now);
    }
    this.feed.heard(frame);
    if (frame.token !== null) {
      this.state.confirm(frame.namespace, frame.token);
    }
    this.#on.feed();
  }

  #takeError(frame) {
    this.#error = frame;
    if (!frame.final && frame.namespace !== null) {
      this.feed.drop(frame.namespace);
      this.#on.changed(this.state.drop(frame.namespace), false);
      this.#on.refused(frame);
      this.#on.feed();
    }
  }

  /** There is a reason to poll, another one, or none any more. */
  #fellBack() {
    const { polling, reason } = this.#fallback;
    const began = polling && !this.#connection.rare && reason.code !== 'other_version';
    this.#connection.rare = polling;
    if (began) {
      this.#connection.nudge(); // the portal may have been away for no longer than the two failures
    }
  }

  #polled(answer, feeds) {
    this.feed.joined();
    for (const frame of pictureFrames(answer, this.feed.namespaces)) {
      const fresh = this.state.seeded(frame.namespace);
      this.#on.changed(this.state.apply(frame), fresh);
    }
    this.state.cut();
    for (const error of answer.refused ?? []) {
      this.#takeError({ ...taken(error, this.state.seeded(error.namespace)), final: false });
    }
    feeds.forEach((frame) => this.#takeFeed(frame));
  }

  #refused(rule, error, retryAt) {
    this.#error = taken(error, this.state.rows.size > 0);
    if (retryAt === null) {
      this.#ended(rule);
    } else {
      this.feed.broken(this.#env.now(), retryAt);
      this.feed.ended(rule.outcome, this.#error, retryAt);
    }
  }

  #broken(retryAt, rule) {
    if (rule.outcome === 'other_version') {
      this.#fallback.instead(rule.outcome);
    }
    if (!this.#fallback.polling) {
      this.#cut();
      this.feed.broken(this.#env.now(), retryAt);
      if (rule.outcome) {
        this.feed.ended(rule.outcome, this.#error, retryAt);
      }
      this.#on.feed();
    }
  }

  #ended(rule) {
    this.#over = true;
    this.#connection.stop();
    this.#fallback.stop();
    this.#cut();
    this.feed.ended(rule.outcome, this.#error);
    if (rule.forget) {
      this.#on.changed(this.state.clear(), false);
    }
    this.#on.feed();
  }

  #cut() {
    this.#acks.stop();
    this.state.cut();
  }
}
