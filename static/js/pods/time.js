/**
 * Ages as kubectl prints them, the server's clock, and times of day in the reader's own zone.
 */

/**
 * A length of time as `kubectl get` prints it (k8s.io/apimachinery/pkg/util/duration, HumanDuration).
 *
 * @param {number} milliseconds
 */
export function humanDuration(milliseconds) {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < -1) {
    return '<invalid>';
  }
  if (seconds < 0) {
    return '0s';
  }
  if (seconds < 120) {
    return `${seconds}s`;
  }
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) {
    return pair(minutes, 'm', seconds % 60, 's');
  }
  if (minutes < 180) {
    return `${minutes}m`;
  }
  const hours = Math.floor(minutes / 60);
  if (hours < 8) {
    return pair(hours, 'h', minutes % 60, 'm');
  }
  if (hours < 48) {
    return `${hours}h`;
  }
  const days = Math.floor(hours / 24);
  if (days < 8) {
    return pair(days, 'd', hours % 24, 'h');
  }
  if (days < 730) {
    return `${days}d`;
  }
  const years = Math.floor(days / 365);
  return years < 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`;
}

function pair(big, bigUnit, small, smallUnit) {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;
}

/** Milliseconds since the epoch of an RFC 3339 time; null for null or what is no time. */
export function instant(text) {
  if (text === null || text === undefined) {
    return null;
  }
  const value = Date.parse(text);
  return Number.isNaN(value) ? null : value;
}

const SAMPLES = 12;

/**
 * The server's clock, from the `now` of its frames. Transport only ever delays a frame, so of the
 * latest samples the largest difference is the nearest to the truth.
 */
export class ServerClock {
  #samples = [];

  constructor(localNow) {
    this.localNow = localNow;
  }

  /** Notes that the server's clock showed `serverTime` (milliseconds) when its frame left. */
  observe(serverTime) {
    this.#samples.push(serverTime - this.localNow());
    if (this.#samples.length > SAMPLES) {
      this.#samples.shift();
    }
  }

  /** Milliseconds since the epoch by the server's clock; the local clock until a frame has come. */
  now() {
    return this.localNow() + (this.#samples.length === 0 ? 0 : Math.max(...this.#samples));
  }
}

const FORMATS = new Map();

/**
 * `14:03:12` in the reader's zone, with the date as `locale` writes it where it is not today's. Always
 * of 24 hours: it is held against logs.
 */
export function clockTime(milliseconds, now, locale = 'en') {
  const time = new Date(milliseconds);
  const today = new Date(now).toDateString() === time.toDateString();
  const key = `${locale} ${today}`;
  if (!FORMATS.has(key)) {
    const options = { timeStyle: 'medium', hourCycle: 'h23', ...(today ? {} : { dateStyle: 'medium' }) };
    FORMATS.set(key, new Intl.DateTimeFormat(locale, options));
  }
  return FORMATS.get(key).format(time);
}
