/** What a row of the ledger shows of a viewer's socket, or of an upstream watch. */
import { byteSize } from './ledgerfigures.js';
import { humanDuration } from './time.js';

const SOCKET_SHAPES = { opening: 'waiting', watching: 'running', behind: 'waiting', left_behind: 'failing' };
const SOCKET_TINTS = { opening: '', watching: '', behind: 'warn', left_behind: 'bad' };
const WATCH_SHAPES = { live: 'running', catching_up: 'waiting', stale: 'failing', unneeded: 'failing' };
const WATCH_TINTS = { live: '', catching_up: '', stale: 'bad', unneeded: 'bad' };

/** A length of time in seconds as the pages print ages; null is a dash. */
export function age(seconds) {
  return seconds === null ? '–' : humanDuration(Math.max(seconds, 0) * 1000);
}

export class RowWords {
  #texts;
  #mayAct;

  /**
   * @param {import('./texts.js').Texts} texts
   * @param {boolean} mayAct whether there are buttons
   */
  constructor(texts, mayAct) {
    this.#texts = texts;
    this.#mayAct = mayAct;
  }

  /** A text of the ledger. */
  say = (key, fields = {}) => this.#texts.sentence('ledger', key, fields, key);

  /** Who a viewer is. */
  who(socket) {
    return socket.user ?? this.say('nobody');
  }

  /** Cluster and namespaces, as one text. */
  where({ cluster, namespace, namespaces }) {
    const names = namespaces ?? [namespace];
    return cluster === null ? '–' : `${cluster}: ${names.join(', ')}`;
  }

  /** The cells of a viewer's socket. */
  socket = (row) => ({
    health: SOCKET_SHAPES[row.state],
    tint: SOCKET_TINTS[row.state],
    parts: {
      state: this.say(`state_${row.state}`),
      connection: row.connection,
      who: this.who(row),
      where: this.where(row),
      filter: row.filter.replace(/^;|;$/, ''),
      age: age(row.age_seconds),
      from: row.address,
      frames: this.#texts.number(row.frames),
      bytes: byteSize(row.bytes),
      unacked: byteSize(row.unacknowledged_bytes),
      waiting: age(row.waiting_seconds),
      last: age(row.last_frame_seconds),
      why: this.#socketWhy(row),
    },
    action: row.state === 'opening' ? null : this.#action('end', { who: this.who(row), connection: row.connection }),
  });

  /** The cells of an upstream watch. */
  watch = (row) => {
    const lingers = row.users === 0 && row.state !== 'unneeded';
    return {
      health: lingers && row.state === 'live' ? 'gone' : WATCH_SHAPES[row.state],
      tint: WATCH_TINTS[row.state],
      parts: {
        state: this.say(lingers && row.state === 'live' ? 'state_lingers' : `state_${row.state}`),
        cluster: row.cluster,
        namespace: row.namespace,
        resource: row.resource,
        age: age(row.age_seconds),
        last: age(row.last_event_seconds),
        version: row.version ?? '–',
        events: this.#texts.number(row.events),
        restarts: this.#texts.number(row.restarts),
        users: this.#texts.number(row.users),
        why: this.#watchWhy(row),
      },
      action:
        row.state === 'unneeded'
          ? null
          : this.#action('restart', { resource: row.resource, where: this.where(row) }),
    };
  };

  #action(name, fields) {
    return this.#mayAct ? { word: this.say(name), label: this.say(`${name}_label`, fields) } : null;
  }

  #socketWhy(row) {
    if (row.state !== 'behind' && row.state !== 'left_behind') {
      return '';
    }
    const fields = { bytes: byteSize(row.unacknowledged_bytes), age: age(row.waiting_seconds) };
    return this.say(`why_${row.state}`, fields);
  }

  #watchWhy({ state, reason }) {
    if (state === 'unneeded') {
      return this.say('why_unneeded');
    }
    return reason === null ? '' : this.#texts.sentence('feed', reason.code, reason.params, reason.reason);
  }
}
