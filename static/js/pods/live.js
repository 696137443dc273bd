/**
 * One live view: the connection, the rows and the state of the feed, joined.
 *
 * Owns every timer and listener of the view. What changed is handed on by `changed`; drawing is the
 * page's own business. A page that goes to the back/forward cache or is frozen gives its socket
 * back, and so does one that has been hidden for a while; both resume by token.
 */
import { fetchPicture, pictureFrames } from './boot.js';
import { Connection } from './connection.js';
import { FeedBoard } from './feed.js';
import { FrameError, ackFrame, parseFrame } from './protocol.js';
import { PodState } from './state.js';
import { ServerClock, instant } from './time.js';
import { socketAddress } from './url.js';

/** docs/contract.md: an acknowledgement comes within 5 s. */
const ACK_WITHIN = 4000;
/** The portal counts a viewer's messages: acknowledgements keep this distance. */
const ACK_DISTANCE = 15;
/** A hidden page keeps its socket this long. */
const HIDDEN_KEEPS = 60_000;

/** A page that listens to this event is not put into the back/forward cache. */
function nothing() {}

/** What the browser offers, in one place, so that tests can put their own clock and socket here. */
export function browserEnv() {
  return {
    WebSocket,
    now: () => Date.now(),
    setTimeout: (callback, delay) => setTimeout(callback, delay),
    clearTimeout: (timer) => clearTimeout(timer),
    random: Math.random,
    fetch: (address, options) => fetch(address, options),
    base: location.href,
    keepWhole: (wanted) => {
      (wanted ? addEventListener : removeEventListener)('unload', nothing);
    },
  };
}

export class Live {
  #env;
  #on;
  #urls;
  #connection;
  #ackTimer = null;
  #ackedAt = -Infinity;
  #hiddenTimer = null;
  #paused = false;
  #error = null;
  #over = false;

  /**
   * @param {{namespaces: string[], urls: {socket: string, rows: string|null}}} config `urls.rows`
   *   is given where the first picture shall come over HTTP
   * @param {{changed: (changes: object, fresh: boolean) => void, feed: () => void,
   *   refused: (frame: object) => void}} on `changes` as PodState gives them; `fresh` is false for a
   *   first picture, which is no news; `refused` for one namespace that may not be seen any more
   * @param {object} env as `browserEnv` gives it
   */
  constructor(config, on, env = browserEnv()) {
    this.#env = env;
    this.#on = on;
    this.#urls = config.urls;
    this.state = new PodState();
    this.clock = new ServerClock(env.now);
    this.feed = new FeedBoard(config.namespaces, env.now());
    this.#connection = new Connection(
      {
        address: () => socketAddress(this.#urls.socket, env.base, this.state.tokens()),
        opened: () => this.#opened(),
        text: (text) => this.#heard(text),
        silent: () => this.feed.silent(env.now()),
        broken: (retryAt, rule) => this.#broken(retryAt, rule),
        ended: (rule) => this.#ended(rule),
      },
      env,
    );
  }

  /** The state of the feed now, as FeedBoard.view gives it. */
  view() {
    return this.feed.view(this.#env.now(), (namespace) => this.state.seeded(namespace));
  }

  /** Begins; resolves when the first picture over HTTP is there, or the socket has taken over. */
  async start() {
    if (this.#urls.rows) {
      await this.#boot(this.#urls.rows);
    }
    if (!this.#paused && !this.#over) {
      this.#connection.start();
    }
  }

  /** Tries again now, also after an end. */
  retry() {
    this.#over = false;
    this.#error = null;
    this.feed.restarted(this.#env.now());
    this.#connection.stop();
    this.#connection.start();
    this.#on.feed();
  }

  /** Gives the socket back until `resume`. */
  pause() {
    if (!this.#paused) {
      this.#paused = true;
      this.#flushAcks(true);
      this.#connection.stop();
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
      }
    }
    this.#on.feed();
  }

  /** The page became hidden: the socket stays for a while. */
  hidden() {
    this.#env.clearTimeout(this.#hiddenTimer);
    this.#hiddenTimer = this.#env.setTimeout(() => this.pause(), HIDDEN_KEEPS);
  }

  /** The network is back. */
  online() {
    this.#connection.nudge();
  }

  /** Listens to the browser: hidden, frozen, cached and online pages. */
  attach(page = document, frame = window) {
    page.addEventListener('visibilitychange', () => {
      if (page.visibilityState === 'hidden') {
        this.hidden();
      } else {
        this.resume();
      }
    });
    page.addEventListener('freeze', () => this.pause());
    page.addEventListener('resume', () => this.resume());
    frame.addEventListener('pagehide', () => this.pause());
    frame.addEventListener('pageshow', (event) => event.persisted && this.resume());
    frame.addEventListener('online', () => this.online());
  }

  async #boot(address) {
    const answer = await fetchPicture(address, this.#env);
    for (const frame of answer === null ? [] : pictureFrames(answer, this.feed.namespaces)) {
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
      this.#on.changed(this.state.apply(frame, size), fresh);
      this.#acknowledge();
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

  #broken(retryAt, rule) {
    this.#cut();
    this.feed.broken(this.#env.now(), retryAt);
    if (rule.outcome) {
      this.feed.ended(rule.outcome, this.#error, retryAt);
    }
    this.#on.feed();
  }

  #ended(rule) {
    this.#over = true;
    this.#cut();
    this.feed.ended(rule.outcome, this.#error);
    if (FORGET.has(rule.outcome)) {
      this.#on.changed(this.state.clear(), false);
    }
    this.#on.feed();
  }

  #cut() {
    this.#env.clearTimeout(this.#ackTimer);
    this.#ackTimer = null;
    this.state.cut();
  }

  #acknowledge() {
    const distance = this.#env.now() - this.#ackedAt;
    if (this.state.ackDue && distance >= ACK_DISTANCE) {
      this.#flushAcks(false);
    }
    if (this.state.ackDue) {
      this.#ackLater(ACK_DISTANCE);
    } else if (this.state.ackPending && this.#ackTimer === null) {
      this.#ackLater(ACK_WITHIN);
    }
  }

  #ackLater(delay) {
    this.#env.clearTimeout(this.#ackTimer);
    this.#ackTimer = this.#env.setTimeout(() => {
      this.#ackTimer = null;
      this.#flushAcks(true);
    }, delay);
  }

  #flushAcks(all) {
    this.#ackedAt = this.#env.now();
    for (const ack of this.state.takeAcks(all)) {
      this.#connection.send(ackFrame(ack));
    }
  }
}

/** After these ends the reader may not see the rows any more. */
const FORGET = new Set(['signed_out', 'forbidden', 'not_found']);
