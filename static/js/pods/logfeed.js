/**
 * One container's log in the browser: its lines, where it stands, and the socket that brings them.
 *
 * Holds the last MOST lines. A connection that breaks is made again and goes on after the last line; a
 * reader that pauses has the portal stop, which stops reading itself (docs/contract.md, "Logs").
 */
import { Connection } from './connection.js';
import { FrameError, parseFrame } from './protocol.js';
import { socketAddress } from './url.js';

/** So many lines are kept; earlier ones are let go. */
export const MOST = 10_000;

const ACK_CHARACTERS = 128 * 1024;
const ACK_WITHIN = 4000;

export class LogFeed {
  #env;
  #on;
  #address;
  #connection;
  #token = null;
  #unacknowledged = 0;
  #timer = null;

  /**
   * @param {string} address the socket's, with the pod and container that are asked for
   * @param {{lines: (lines: {time: string|null, text: string}[]) => void, state: () => void,
   *   forgotten: () => void}} on
   * @param {object} env as `browserEnv` gives it
   */
  constructor(address, on, env) {
    this.#address = address;
    this.#on = on;
    this.#env = env;
    this.lines = [];
    /** How many lines were let go. */
    this.dropped = 0;
    this.paused = false;
    /** `opening`, `following`, `broken`, `ended`, or `refused`; with the reason's code, params and text. */
    this.state = { state: 'opening', code: 'log_opening', params: {}, reason: '' };
    this.#connection = new Connection(
      {
        address: () => socketAddress(this.#from(), env.base, []),
        opened: () => this.#opened(),
        text: (text) => this.#heard(text),
        silent: () => this.#say('broken', 'portal_lost'),
        broken: () => this.#over(() => this.#say('broken', 'portal_lost')),
        failed: () => {},
        ended: (rule) => this.#ended(rule),
      },
      env,
    );
  }

  start() {
    this.#connection.start();
  }

  /** Whether there is a socket, or one will be tried. */
  get running() {
    return this.#connection.running;
  }

  /** Gives the socket back; `start` goes on after the last line. */
  stop() {
    this.#connection.stop();
    this.#env.clearTimeout(this.#timer);
    this.#timer = null;
    this.#unacknowledged = 0;
  }

  pause(paused) {
    this.paused = paused;
    this.#tell(paused ? 'pause' : 'go_on');
  }

  /** All lines as text, each with its time where that is wanted. */
  text(withTimes) {
    return this.lines.map(({ time, text }) => `${withTimes && time !== null ? `${time} ` : ''}${text}\n`).join('');
  }

  #from() {
    const last = this.lines.findLast(({ time }) => time !== null);
    return last === undefined ? this.#address : `${this.#address}&since=${encodeURIComponent(last.time)}`;
  }

  #opened() {
    if (this.paused) {
      this.#tell('pause');
    }
  }

  #heard(text) {
    let frame;
    try {
      frame = parseFrame(text);
    } catch (error) {
      if (!(error instanceof FrameError)) {
        throw error;
      }
      this.#connection.restart();
      return;
    }
    if (frame?.type === 'log') {
      this.#take(frame, text.length);
    } else if (frame?.type === 'log_state') {
      this.#set(frame.state, frame);
    } else if (frame?.type === 'error') {
      this.#set('refused', { ...frame, reason: frame.message });
    }
  }

  #take({ lines, token }, size) {
    this.lines.push(...lines);
    if (this.lines.length > MOST) {
      this.dropped += this.lines.splice(0, this.lines.length - MOST).length;
    }
    this.#token = token;
    this.#unacknowledged += size;
    if (this.#unacknowledged >= ACK_CHARACTERS) {
      this.#acknowledge();
    } else {
      this.#timer ??= this.#env.setTimeout(() => this.#acknowledge(), ACK_WITHIN);
    }
    this.#on.lines(lines);
  }

  #acknowledge() {
    this.#env.clearTimeout(this.#timer);
    this.#timer = null;
    this.#unacknowledged = 0;
    this.#connection.send(JSON.stringify({ type: 'ack', token: this.#token }));
  }

  #tell(type) {
    this.#connection.send(JSON.stringify({ type }));
  }

  /** No more tries; what may no longer be seen is forgotten. */
  #ended(rule) {
    this.#over(() => this.#say('refused', rule.outcome));
    if (rule.forget) {
      this.lines = [];
      this.dropped = 0;
      this.#on.forgotten();
    }
  }

  /** The socket is gone: says so with `tell`, unless the log had ended, or was refused, before. */
  #over(tell) {
    this.#env.clearTimeout(this.#timer);
    this.#timer = null;
    if (!['ended', 'refused'].includes(this.state.state)) {
      tell();
    }
  }

  #say(state, code) {
    this.#set(state, { code, params: {}, reason: '' });
  }

  #set(state, { code, params, reason }) {
    this.state = { state, code, params, reason };
    this.#on.state();
  }
}
