/**
 * The page's one WebSocket: opened, watched, opened again.
 *
 * Never more than one socket at a time: events of an older one are not listened to. A connection is
 * given up when nothing was heard for 12 s (docs/contract.md), also while it opens. When to try
 * again follows from the close code (protocol.js), jittered, so that a restart does not bring all
 * browsers back in the same moment.
 */
import { SUBPROTOCOL, closeRule } from './protocol.js';

/** docs/contract.md: a browser that got nothing for this long reconnects. */
export const SILENCE = 12_000;

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const SOON = 1_500;
const LATER = 30_000;
/** Between two tries while the page does without: see `rare`. */
const RARE = 30_000;
/** A connection that lasted this long starts the waits anew. */
const GOOD_AFTER = 10_000;

export class Connection {
  #env;
  #on;
  #socket = null;
  #timer = null;
  #failures = 0;
  #openedAt = null;
  #heard = false;

  /** Whether to try again only now and then, because the rows come by another way. */
  rare = false;

  /**
   * @param {{address: () => string, opened: () => void, text: (text: string) => void,
   *   silent: () => void, broken: (retryAt: number|null, rule: object) => void,
   *   failed: (opened: boolean) => void, ended: (rule: object) => void}} on `failed`, before `broken`:
   *   nothing was heard on it, whether it opened or not
   * @param {{WebSocket: Function, now: () => number, setTimeout: Function, clearTimeout: Function,
   *   random: () => number, keepWhole: (wanted: boolean) => void}} env `keepWhole(true)` until
   *   `keepWhole(false)`: if the page is left it shall end, and not be kept in the browser's cache
   */
  constructor(on, env) {
    this.#on = on;
    this.#env = env;
  }

  get running() {
    return this.#socket !== null || this.#timer !== null;
  }

  get open() {
    return this.#socket !== null && this.#openedAt !== null;
  }

  /** Opens the socket, unless it is open or being opened. */
  start() {
    if (this.#socket === null) {
      this.#connect();
    }
  }

  /** Closes the socket and tries no more until `start`. */
  stop() {
    this.#clearTimer();
    this.#letGo();
    this.#failures = 0;
  }

  /** Closes the socket because it cannot be trusted, and opens another. */
  restart() {
    this.#letGo();
    this.#wait('backoff', {});
  }

  /** The network is back: does not wait any longer. */
  nudge() {
    if (this.#socket === null && this.#timer !== null) {
      this.#connect();
    }
  }

  /** Sends a text where the connection stands; whether it did. */
  send(text) {
    if (!this.open) {
      return false;
    }
    this.#socket.send(text);
    return true;
  }

  #connect() {
    this.#clearTimer();
    const socket = new this.#env.WebSocket(this.#on.address(), SUBPROTOCOL);
    this.#socket = socket;
    this.#openedAt = null;
    this.#heard = false;
    // In the cache nothing runs: a socket that opens in the moment the page is left would stay open
    // there, although it was closed, and the portal would serve it for nobody.
    this.#env.keepWhole(true);
    socket.onopen = () => {
      this.#openedAt = this.#env.now();
      this.#env.keepWhole(false);
      this.#listen();
      this.#on.opened();
    };
    socket.onmessage = (event) => {
      this.#heard = true;
      this.#listen();
      this.#on.text(event.data);
    };
    socket.onclose = (event) => this.#closed(event.code);
    this.#listen();
  }

  /** Starts the 12 seconds anew. */
  #listen() {
    this.#clearTimer();
    this.#timer = this.#env.setTimeout(() => {
      this.#letGo();
      this.#on.silent();
      this.#wait('backoff', {});
    }, SILENCE);
  }

  #closed(code) {
    this.#socket = null;
    this.#env.keepWhole(false);
    this.#clearTimer();
    const rule = closeRule(code);
    if (rule.again === 'never') {
      this.#on.ended(rule);
    } else {
      this.#wait(rule.again, rule);
    }
  }

  #wait(again, rule) {
    this.#clearTimer();
    if (!this.#heard) {
      this.#on.failed(this.#openedAt !== null);
    }
    const lasted = this.#openedAt === null ? 0 : this.#env.now() - this.#openedAt;
    this.#openedAt = null;
    this.#failures = lasted >= GOOD_AFTER ? 0 : this.#failures + 1;
    const delay = this.#delay(again);
    this.#timer = this.#env.setTimeout(() => this.#connect(), delay);
    this.#on.broken(this.#env.now() + delay, rule);
  }

  #delay(again) {
    const share = this.#env.random();
    if (again === 'later') {
      return LATER * (1 + share);
    }
    if (this.rare) {
      return RARE * (1 + share);
    }
    if (again === 'soon' && this.#failures <= 1) {
      return SOON * share;
    }
    const ceiling = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.max(0, this.#failures - 1));
    return ceiling * (0.5 + share / 2);
  }

  #letGo() {
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(1000);
    }
  }

  #clearTimer() {
    if (this.#timer !== null) {
      this.#env.clearTimeout(this.#timer);
      this.#timer = null;
    }
  }
}
