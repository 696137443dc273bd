/** What the ledger's figures mean. Pure: figures in, values and keys of texts out. */

/** Counts that differ for so long (milliseconds) are no coming and going any more. */
export const LEFT_AFTER = 60_000;

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A number of bytes as people read it. */
export function byteSize(count) {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** A length of time that may be far under a second; `seconds` null is a dash. */
export function shortTime(seconds) {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}

/** Whether sockets, lifecycles and tasks agree, and since when they do not. */
export class Balance {
  #differsSince = null;

  /**
   * @param {{sockets: number|null, lifecycles: number, watch_tasks: number, reconciles: boolean}} totals
   * @param {number} now milliseconds
   * @returns {{health: string, line: string, means: string, forSeconds: number}} a shape of page.js, and
   *   keys of texts
   */
  judge(totals, now) {
    const untold = totals.sockets === null ? '_untold' : '';
    if (totals.reconciles) {
      this.#differsSince = null;
      return { health: 'running', line: `equal${untold}`, means: `equal${untold}_means`, forSeconds: 0 };
    }
    this.#differsSince ??= now;
    const since = now - this.#differsSince;
    const left = since >= LEFT_AFTER;
    return {
      health: left ? 'failing' : 'waiting',
      line: `differ${untold}`,
      means: left ? 'left_means' : 'moving_means',
      forSeconds: since / 1000,
    };
  }
}

/** The totals that are as they should be only up to a bound. */
const BOUNDS = { close_wait: 0, reaped: 0, unneeded_watches: 0, longest_stall_seconds: 0.1 };

/** Whether a total is more than it should be. */
export function isTooMuch(name, value) {
  return value !== null && Object.hasOwn(BOUNDS, name) && value > BOUNDS[name];
}

/** A total as it is shown; a dash where it is not told. */
export function totalText(name, value, texts) {
  if (value === null) {
    return '–';
  }
  if (name.endsWith('_bytes')) {
    return byteSize(value);
  }
  return name.endsWith('_seconds') ? shortTime(value) : texts.number(value);
}
