import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { KEPT_FOR, newWatch } from '../../static/js/pods/tellme.js';
import { Telling } from '../../static/js/pods/telling.js';
import { row } from './helpers.mjs';

const CONFIG = {
  cluster: 'demo', namespaces: ['shop'], person: 'ana', urls: { detail: '/pods/__namespace__/__pod__', pod: '' },
};
const MINUTE = 60_000;

let now, kept, asked, open;

beforeEach(() => {
  [now, asked, open] = [1_000_000, [], []];
  kept = new Map();
  globalThis.addEventListener = () => {};
  globalThis.localStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => kept.set(key, text) };
  mock.method(performance, 'now', () => now);
  mock.method(Date, 'now', () => now);
  mock.method(globalThis, 'fetch', (address) => {
    asked.push(address);
    return new Promise((resolve) => open.push(resolve));
  });
});

afterEach(() => mock.restoreAll());

/** What waits for these pods, none of which is among the rows. */
function telling(...uids) {
  const watches = uids.map((uid) => newWatch({ cluster: 'demo', kind: 'Pod', state: row(uid) }, 'restart', now));
  kept.set('tellme ana', JSON.stringify(watches));
  const live = { view: () => ({ state: 'live' }), state: { rows: new Map() }, rollouts: new Map() };
  return new Telling({ config: CONFIG, texts: {}, live }, {}, () => {});
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

async function answer(uid) {
  open.shift()({ ok: true, json: async () => ({ pod: { uid } }) });
  await settle();
}

test('a pod that is outside the rows is asked about ever less often', async () => {
  const one = telling('a');
  const times = [];
  const end = now + 60 * MINUTE;
  for (; now < end; now += 1000) {
    one.look();
    if (open.length > 0) {
      times.push(now);
      await answer('a');
    }
  }
  const waits = times.slice(1).map((time, index) => (time - times[index]) / 1000);
  assert.deepEqual(waits.slice(0, 7), [30, 60, 120, 240, 480, 600, 600]);
});

test('pods outside the rows are asked about one after another', async () => {
  const one = telling('a', 'b', 'c');
  one.look();
  one.look();
  assert.equal(asked.length, 1);
  await answer('a');
  assert.deepEqual(asked, ['/pods/shop/pod-a', '/pods/shop/pod-b']);
  await answer('b');
  await answer('c');
  assert.equal(asked.length, 3, 'and none of them again at once');
});

test('a page that lies hidden waits no longer than its watches are kept', () => {
  const one = telling('a');
  assert.equal(one.waits, true);
  now += KEPT_FOR;
  assert.deepEqual([one.waits, one.watches], [false, []]);
});

test('where the browser refuses its lock, what is waited for is changed all the same', async (context) => {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  const locks = { request: async () => Promise.reject(new DOMException('no', 'InvalidStateError')) };
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
  context.after(() => (before ? Object.defineProperty(globalThis, 'navigator', before) : delete globalThis.navigator));
  const one = telling('a');
  await one.remove('a restart');
  assert.deepEqual(one.watches, []);
  assert.deepEqual(JSON.parse(kept.get('tellme ana')), []);
});
