/**
 * The rows over HTTP, again and again, where no socket opens.
 *
 * One request at a time, each with a deadline: after EVERY and WITHIN together, 12 s, what was not
 * heard is stale, as with a socket. An answer that the page has already comes as 304. What the portal
 * refuses has the same consequence as the close code that a socket would have had; what some proxy
 * answers in its place is a broken line.
 */
import { closeRule, readFrame } from './protocol.js';

export const EVERY = 5000;
const WITHIN = 7000;
const DISTANCE = 1000;

export class Poller {
  #on;
  #env;
  #timer = null;
  #asking = null;
  #tag = null;

  /**
   * @param {{address: () => string, rows: (answer: object, feeds: object[]) => void, same: () => void,
   *   failed: (retryAt: number, silent: boolean) => void,
   *   refused: (rule: object, error: object, retryAt: number|null) => void}} on
   * @param {object} env as `browserEnv` gives it
   */
  constructor(on, env) {
    this.#on = on;
    this.#env = env;
  }

  /** Asks now, unless it is asking. */
  start() {
    if (this.#asking === null) {
      this.#ask();
    }
  }

  /** Asks no more; an answer that is on its way is not taken. */
  stop() {
    this.#env.clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = null;
    this.#tag = null;
  }

  async #ask() {
    this.#env.clearTimeout(this.#timer);
    const asking = new AbortController();
    this.#asking = asking;
    const began = this.#env.now();
    const deadline = this.#env.setTimeout(() => asking.abort(), WITHIN);
    const headers = this.#tag === null ? {} : { 'If-None-Match': this.#tag };
    const options = { credentials: 'same-origin', cache: 'no-store', headers, signal: asking.signal };
    const answer = await ask(this.#on.address(), options, this.#env);
    this.#env.clearTimeout(deadline);
    if (this.#asking === asking) {
      this.#asking = null;
      this.#take(answer, began, asking.signal.aborted);
    }
  }

  #take(answer, began, silent) {
    const every = EVERY * (0.9 + 0.2 * this.#env.random());
    const delay = Math.max(every - (this.#env.now() - began), DISTANCE, answer.retryAfter ?? 0);
    const retryAt = this.#env.now() + delay;
    const again = answer.kind !== 'refused' || answer.rule.again !== 'never';
    if (again) {
      this.#timer = this.#env.setTimeout(() => this.#ask(), delay);
    }
    switch (answer.kind) {
      case 'rows':
        this.#tag = answer.tag;
        this.#on.rows(answer.body, answer.feeds);
        break;
      case 'same':
        this.#on.same();
        break;
      case 'refused':
        this.#on.refused(answer.rule, answer.error, again ? retryAt : null);
        break;
      default:
        this.#on.failed(retryAt, silent);
    }
  }
}

async function ask(address, options, env) {
  try {
    const answer = await env.fetch(address, options);
    return readAnswer(answer.status, answer.headers, await answer.text());
  } catch {
    return FAILED;
  }
}

const FAILED = { kind: 'failed' };

/** The close code that a socket would have been refused with, by HTTP status. */
const CLOSE_CODES = { 400: 4400, 401: 4401, 403: 4403, 404: 4404, 429: 4429, 503: 1013 };

/**
 * What an answer of `/api/v1/pods` means.
 *
 * @param {number} status
 * @param {{get: (name: string) => string|null}} headers
 * @param {string} text
 * @returns {{kind: 'rows'|'same'|'refused'|'failed', body?: object, feeds?: object[],
 *   tag?: string|null, rule?: object, error?: object, retryAfter?: number}} `feeds` are frames
 * @throws {FrameError} where one of those is none
 */
export function readAnswer(status, headers, text) {
  if (status === 304) {
    return { kind: 'same' };
  }
  const body = readObject(text);
  if (status === 200 && body?.feeds) {
    const feeds = Object.values(body.feeds).map((frame) => readFrame(frame));
    return { kind: 'rows', body, feeds, tag: headers.get('ETag') };
  }
  const code = CLOSE_CODES[status];
  if (code === undefined || typeof body?.error?.code !== 'string') {
    return FAILED;
  }
  const { code: name, params, message } = body.error;
  const error = { code: name, params: params ?? {}, message: message ?? '', namespace: null };
  const retryAfter = 1000 * (Number(headers.get('Retry-After')) || 0);
  return { kind: 'refused', rule: closeRule(code), error, retryAfter };
}

/** The JSON object that a text is; null where it is none. */
export function readObject(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
