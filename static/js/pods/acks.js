/** When acknowledgements go out: within 5 s, at once where much is un-acknowledged, never too often. */
import { ackFrame } from './protocol.js';

/** docs/contract.md: an acknowledgement comes within 5 s. */
const WITHIN = 4000;
/** The portal counts a viewer's messages: acknowledgements keep this distance. */
const DISTANCE = 15;

export class Acks {
  #state;
  #send;
  #env;
  #timer = null;
  #sentAt = -Infinity;

  /**
   * @param {PodState} state knows what is un-acknowledged
   * @param {(text: string) => void} send
   * @param {object} env as `browserEnv` gives it
   */
  constructor(state, send, env) {
    this.#state = state;
    this.#send = send;
    this.#env = env;
  }

  /** A frame was merged. */
  merged() {
    const distance = this.#env.now() - this.#sentAt;
    if (this.#state.ackDue && distance >= DISTANCE) {
      this.flush(false);
    }
    if (this.#state.ackDue) {
      this.#later(DISTANCE);
    } else if (this.#state.ackPending && this.#timer === null) {
      this.#later(WITHIN);
    }
  }

  /** Sends what is due, or `all`. */
  flush(all) {
    this.#sentAt = this.#env.now();
    for (const ack of this.#state.takeAcks(all)) {
      this.#send(ackFrame(ack));
    }
  }

  /** The connection is gone: nothing waits any more. */
  stop() {
    this.#env.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #later(delay) {
    this.#env.clearTimeout(this.#timer);
    this.#timer = this.#env.setTimeout(() => {
      this.#timer = null;
      this.flush(true);
    }, delay);
  }
}
