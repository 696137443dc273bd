/** The rows before the socket. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { FakeClock, FakeSocket, liveView, row } from './helpers.mjs';

let clock;
let seen;

beforeEach(() => {
  FakeSocket.reset();
  clock = new FakeClock();
  seen = { changes: [], refused: [] };
});

const live = (namespaces, more) => liveView(clock, seen, namespaces, more);
const snapshot = (token, pods = [], more = {}) => ({ type: 'snapshot', namespace: 'shop', token, pods, part: 1, last: true, ...more });

test('the rows that came with the page are a beginning, which the picture replaces', () => {
  const one = live(['shop', 'cart'], {
    first: { as_of: new Date(clock.time - 1000).toISOString(), pods: [row('a'), row('gone'), { ...row('c'), namespace: 'cart' }] },
  });
  one.start();
  assert.deepEqual([...one.state.rows.keys()], ['a', 'gone', 'c']);
  assert.deepEqual(seen.changes.map((changes) => changes.fresh), [false, false]);
  assert.equal(one.view().state, 'catching_up');
  assert.equal(one.view().since, clock.time - 1000, 'of the moment at which they were right');
  assert.doesNotMatch(FakeSocket.last.address, /resume=/, 'no token speaks for them');
  FakeSocket.last.opens();
  FakeSocket.last.says(snapshot('t1', [row('a'), row('b')]));
  assert.deepEqual([...one.state.rows.keys()].sort(), ['a', 'b', 'c']);
  FakeSocket.last.says({ type: 'error', namespace: 'cart', code: 'forbidden', final: false, message: '' });
  assert.deepEqual([...one.state.rows.keys()].sort(), ['a', 'b']);
});

test('the first picture over HTTP gives the tokens to go on from', async () => {
  const answer = { token: null, tokens: { shop: 's1', cart: 'c1' }, pods: [row('a'), row('b', { namespace: 'cart' })] };
  const one = live(['shop', 'cart'], { rows: '/api', env: { fetch: async () => ({ ok: true, json: async () => answer }) } });
  await one.start();
  assert.deepEqual([...one.state.rows.keys()], ['a', 'b']);
  assert.match(FakeSocket.last.address, /resume=s1&resume=c1/);
  FakeSocket.last.opens();
  FakeSocket.last.says({ type: 'snapshot', namespace: 'cart', token: 'c2', pods: [], part: 1, last: true });
  assert.deepEqual([...one.state.rows.keys()], ['a'], 'each row belongs to its namespace');
});

test('of all namespaces there is one token', async () => {
  const answer = { token: 'w1', pods: [row('a'), row('b', { namespace: 'cart' })] };
  const one = live(['*'], { rows: '/api', env: { fetch: async () => ({ ok: true, json: async () => answer }) } });
  await one.start();
  assert.equal(one.state.rows.size, 2);
  assert.match(FakeSocket.last.address, /resume=w1$/);
});

test('without a picture over HTTP the socket brings one', async () => {
  const one = live(['shop'], { rows: '/api', env: { fetch: async () => { throw new TypeError('refused'); } } });
  await one.start();
  assert.equal(FakeSocket.alive.length, 1);
  assert.doesNotMatch(FakeSocket.last.address, /resume/);
});
