/** A clock that moves when told, a socket that says what it is told, and rows. */
import { Live } from '../../static/js/pods/live.js';

export class FakeClock {
  constructor() {
    this.time = 1_000_000;
    this.whole = false;
    this.timers = new Map();
    this.next = 1;
  }

  env(more = {}) {
    return {
      now: () => this.time,
      setTimeout: (callback, delay) => {
        this.timers.set(this.next, { at: this.time + delay, callback });
        return this.next++;
      },
      clearTimeout: (timer) => this.timers.delete(timer),
      random: () => 0.5,
      WebSocket: FakeSocket,
      base: 'https://portal.example/pods/',
      keepWhole: (wanted) => (this.whole = wanted),
      ...more,
    };
  }

  /** Moves on by so many milliseconds, calling what falls due in its order. */
  advance(milliseconds) {
    const end = this.time + milliseconds;
    for (;;) {
      const due = [...this.timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (due === undefined) {
        break;
      }
      this.timers.delete(due[0]);
      this.time = due[1].at;
      due[1].callback();
    }
    this.time = end;
  }
}

export class FakeSocket {
  static all = [];

  constructor(address, protocol) {
    this.address = address;
    this.protocol = protocol;
    this.sent = [];
    this.closedWith = null;
    FakeSocket.all.push(this);
  }

  static reset() {
    FakeSocket.all = [];
  }

  static get last() {
    return FakeSocket.all.at(-1);
  }

  static get alive() {
    return FakeSocket.all.filter((socket) => socket.closedWith === null);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.closedWith = code;
  }

  opens() {
    this.onopen?.({});
  }

  says(frame) {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) });
  }

  closes(code) {
    this.closedWith = code;
    this.onclose?.({ code });
  }
}

export function row(uid, more = {}) {
  return {
    uid,
    namespace: 'shop',
    name: `pod-${uid}`,
    ready: '1/1',
    status: 'Running',
    restarts: 0,
    last_restart: null,
    created: '2026-01-01T00:00:00Z',
    ip: '10.0.0.1',
    node: 'node-1',
    owner: { kind: 'Deployment', name: 'web' },
    health: 'running',
    why: null,
    labels: {},
    labels_cut: false,
    ...more,
  };
}

export function rollout(uid, more = {}) {
  return {
    uid,
    namespace: 'shop',
    kind: 'Deployment',
    name: 'web',
    created: '2026-01-01T00:00:00Z',
    desired: 3,
    updated: 3,
    ready: 3,
    available: 3,
    state: 'done',
    since: null,
    why: null,
    revisions: [],
    ...more,
  };
}

/** Milliseconds of the processor that a call takes, the median of many: others' work does not count. */
export function medianTime(call) {
  const times = [];
  for (let run = 0; run < 41; run += 1) {
    const begin = process.cpuUsage();
    call(run);
    const { user, system } = process.cpuUsage(begin);
    times.push((user + system) / 1000);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}

/** Repeatable random numbers (mulberry32). */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

/** A view by `clock` that writes what it is told into `seen`. `first` and `rows` as in the page's settings. */
export function liveView(clock, seen, namespaces, { rows = null, env = {}, first = null } = {}) {
  return new Live(
    { namespaces, first, urls: { socket: '/ws/pods/?namespace=shop', rows } },
    {
      changed: (changes, fresh, left) => seen.changes.push({ ...changes, fresh, left }),
      feed: () => {},
      refused: (frame) => seen.refused.push(frame.namespace),
    },
    clock.env(env),
  );
}
