import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Live } from '../../static/js/pods/live.js';
import { FakeClock, FakeSocket, row } from './helpers.mjs';

let clock;
let polls;
/** What the portal says when it is polled. */
let version;
/** Every state that the page was drawn in since this was made. */
let shown;

beforeEach(() => {
  FakeSocket.reset();
  clock = new FakeClock();
  polls = [];
  version = '1.0.0';
  shown = null;
});

const iso = () => new Date(clock.time).toISOString();
const feed = (more = {}) => ({
  type: 'feed', namespace: 'shop', state: 'live', since: iso(), now: iso(), reason_code: null, params: {}, reason: null, ...more,
});

async function fetch(address) {
  polls.push(address);
  const body = { tokens: { shop: 't1' }, feeds: { shop: feed({ version }) }, pods: [row('a')], refused: [] };
  return { status: 200, headers: { get: () => null }, text: async () => JSON.stringify(body) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A page of version 1.0.0. */
function started() {
  const one = new Live(
    { namespaces: ['shop'], version: '1.0.0', urls: { socket: '/ws/pods/?namespace=shop', rows: null, poll: '/poll' } },
    { changed: () => {}, feed: () => shown?.add(one.view().state), refused: () => {} },
    clock.env({ fetch }),
  );
  one.start();
  return one;
}

function refuse() {
  FakeSocket.last.opens();
  FakeSocket.last.says({ type: 'error', code: 'other_version', message: 'Reload.', params: {}, final: true });
  FakeSocket.last.closes(4426);
}

/** Moves on second by second; `each` is called before every one. */
async function pass(seconds, each = () => {}) {
  for (let second = 0; second < seconds; second += 1) {
    each();
    clock.advance(1000);
    await settled();
  }
}

test('a portal of another version is told from the page, until one of its own is back', () => {
  const one = started();
  FakeSocket.last.opens();
  FakeSocket.last.says({ type: 'snapshot', namespace: 'shop', token: 't1', pods: [row('a')] });
  FakeSocket.last.says(feed());
  assert.equal(one.view().outdated, false, 'one that does not say is no other');
  for (const [said, outdated] of [['1.0.0', false], ['1.1.0', true], [undefined, true], ['0.9.0', true], ['1.0.0', false]]) {
    FakeSocket.last.closes(1012);
    clock.advance(2000);
    FakeSocket.last.opens();
    FakeSocket.last.says(feed({ version: said }));
    FakeSocket.last.says(feed());
    assert.deepEqual([one.view().state, one.view().outdated], ['live', outdated], said);
  }
});

test('a portal that has no socket for this page says so, and the rows are polled until it has one', async () => {
  const one = started();
  refuse();
  await settled();
  assert.deepEqual(polls, ['/poll'], 'nobody need be asked why');
  assert.deepEqual([one.view().state, one.view().outdated], ['polling', true], 'also while one of its own is polled');
  version = '2.0.0';
  await pass(5);
  assert.deepEqual([one.view().state, one.view().outdated], ['polling', true]);
  assert.deepEqual(one.view().polling, { code: 'other_version', params: {}, message: '' });
  assert.deepEqual([...one.state.rows.keys()], ['a']);
  const sockets = FakeSocket.all.length;
  shown = new Set();
  await pass(200, () => {
    if (FakeSocket.last.closedWith === null) {
      refuse();
    }
  });
  assert.deepEqual([...shown], ['polling'], 'to be refused again changes nothing');
  assert.ok(FakeSocket.all.length > sockets && FakeSocket.all.length < sockets + 8, 'sockets are tried now and then');
  assert.ok(polls.length >= 30, `${polls.length} polls`);
  while (FakeSocket.last.closedWith !== null) {
    await pass(1);
  }
  FakeSocket.last.opens();
  FakeSocket.last.says(feed({ version: '1.0.0' }));
  assert.deepEqual([one.view().state, one.view().outdated], ['live', false]);
});
