/**
 * The log that a reason says to read, one press away: which container's, and of which of its runs.
 *
 * Offered only where the portal told that logs may be read and that there is such a container.
 */
import { byId } from './page.js';

/** Next steps that send the reader to a log; true: to the log of the run before. */
const SENDS = {
  next_last_log: true,
  next_failed_probe: true,
  next_asked_to_end: true,
  next_log: false,
  next_init_log: false,
  next_probe_refused: false,
  next_probe_status: false,
  next_probe: false,
  next_startup_probe: false,
  next_readiness: false,
};

export class WhyLog {
  #button = byId('why-log');
  #answer = null;
  #found = null;

  /** @param {(container: string, previous: boolean) => void} show shows a container's log */
  constructor(show) {
    this.#button.addEventListener('click', () => show(this.#found.container, this.#found.previous));
  }

  /** @param {{pod: object, logs: boolean}|null} answer what the portal told of the pod; null: nothing yet */
  set answer(answer) {
    this.#answer = answer;
  }

  draw(row) {
    this.#found = this.#answer?.logs ? logOf(row.why, this.#answer.pod.containers) : null;
    this.#button.hidden = this.#found === null;
  }
}

/**
 * @param {object|null} why of a row
 * @param {{name: string, last: object|null}[]} containers
 * @returns {{container: string, previous: boolean}|null} null where the reason sends to no log that there is
 */
export function logOf(why, containers) {
  const code = why?.next?.code;
  const container = containers.find(({ name }) => name === why?.params?.container);
  if (container === undefined || !Object.hasOwn(SENDS, code)) {
    return null;
  }
  return { container: container.name, previous: SENDS[code] && container.last !== null };
}
