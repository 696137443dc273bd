/**
 * What the page does where WebSockets do not get through.
 *
 * A browser does not tell a page why a socket did not open. After two on which nothing was heard, the
 * socket's own address is asked by HTTP: the portal says what arrived there (docs/contract.md). If it
 * was the portal's fault, or nothing answers, sockets alone are not to blame, and the connection goes
 * on trying as ever. Else the rows are polled, until a socket speaks.
 */
import { Poller, readObject } from './poller.js';

const FAILURES = 2;
const WITHIN = 8000;

export class Fallback {
  #on;
  #env;
  #poller;
  #failures = 0;
  #asking = null;

  /** Why there is no socket (`{code, params, message}`), while the rows are polled; else null. */
  reason = null;

  /**
   * @param {object} on as Poller has it, and `socket: () => string`, the socket's address as the page
   *   has it, and `changed: () => void`, when `reason` has
   * @param {object} env as `browserEnv` gives it
   */
  constructor(on, env) {
    this.#on = on;
    this.#env = env;
    this.#poller = new Poller(on, env);
  }

  get polling() {
    return this.reason !== null;
  }

  /** A socket ended on which nothing was heard; `opened`: it had opened at least. */
  failed(opened) {
    this.#failures += 1;
    if (this.#failures >= FAILURES && this.#asking === null) {
      this.#findOut(opened);
    }
  }

  /** The portal has no socket for this page, and said why: the rows are polled at once. */
  instead(code) {
    const began = !this.polling;
    this.#tell({ code, params: {}, message: '' });
    if (began) {
      this.#poller.start();
    }
  }

  /** A socket speaks: over. */
  heard() {
    if (this.#failures > 0 || this.polling) {
      this.stop();
    }
  }

  /** Polls now, where it polls. */
  nudge() {
    if (this.polling) {
      this.#poller.start();
    }
  }

  /** Asks nothing until `nudge`. */
  pause() {
    this.#asking?.abort();
    this.#asking = null;
    this.#poller.stop();
  }

  /** Forgets all of it. */
  stop() {
    this.pause();
    this.#failures = 0;
    this.#tell(null);
  }

  async #findOut(opened) {
    const asking = new AbortController();
    this.#asking = asking;
    const deadline = this.#env.setTimeout(() => asking.abort(), WITHIN);
    const found = await ask(whyAddress(this.#on.socket(), this.#env.base), asking.signal, this.#env);
    this.#env.clearTimeout(deadline);
    if (this.#asking !== asking) {
      return;
    }
    this.#asking = null;
    const began = found !== null && !this.polling;
    if (found !== null) {
      this.#tell(opened && found.code === 'no_upgrade' ? { ...found, code: 'mute' } : found);
    }
    if (began) {
      this.#poller.start();
    }
  }

  #tell(reason) {
    if (this.reason?.code !== reason?.code) {
      this.reason = reason;
      this.#on.changed();
    }
  }
}

async function ask(address, signal, env) {
  try {
    const answer = await env.fetch(address, { credentials: 'same-origin', cache: 'no-store', signal });
    return verdict(answer.status, await answer.text());
  } catch {
    return null;
  }
}

/** The socket's address for HTTP, with the page's origin, which browsers send along only with sockets. */
export function whyAddress(path, base) {
  const address = new URL(path, base);
  address.searchParams.set('origin', address.origin);
  return address.href;
}

/**
 * Why sockets do not open, where that alone is what is wrong.
 *
 * @param {number} status of the answer at the socket's address
 * @param {string} text
 * @returns {{code: string, params: object, message: string}|null} null where the portal is not reached
 *   at all at the moment: then it is not known
 */
export function verdict(status, text) {
  const body = readObject(text);
  if (status === 200 && typeof body?.code === 'string' && body.arrived) {
    return { code: body.code, params: body.params ?? {}, message: body.message ?? '' };
  }
  return status >= 500 ? null : { code: 'not_routed', params: {}, message: '' };
}
