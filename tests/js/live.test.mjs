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

const live = (namespaces = ['shop'], more = {}) => liveView(clock, seen, namespaces, more);

const iso = (time) => new Date(time).toISOString();
const feed = (state = 'live', more = {}) => ({
  type: 'feed', namespace: 'shop', state, since: iso(clock.time), now: iso(clock.time),
  reason_code: null, params: {}, reason: null, ...more,
});
const snapshot = (token, pods = [], more = {}) => ({ type: 'snapshot', namespace: 'shop', token, pods, part: 1, last: true, ...more });

function connected() {
  const one = live();
  one.start();
  FakeSocket.last.opens();
  FakeSocket.last.says(feed());
  FakeSocket.last.says(snapshot('t1', [row('a')]));
  return one;
}

test('it is live only once the feed says so and the rows are complete', () => {
  const one = live();
  one.start();
  assert.equal(FakeSocket.last.protocol, 'k8sportal.v1');
  assert.equal(one.view().state, 'catching_up');
  FakeSocket.last.opens();
  FakeSocket.last.says(feed());
  assert.equal(one.view().state, 'catching_up');
  FakeSocket.last.says(snapshot('t1', [row('a')], { last: false }));
  assert.equal(one.view().state, 'catching_up');
  FakeSocket.last.says(snapshot('t1', [], { part: 2 }));
  assert.equal(one.view().state, 'live');
});

test('the first picture is no news, later changes are', () => {
  connected();
  FakeSocket.last.says({ type: 'delta', namespace: 'shop', token: 't2', upsert: [row('b')], remove: [] });
  assert.deepEqual(seen.changes.map((changes) => changes.fresh), [false, true]);
});

test('after 12 s of silence it is stale at once, and there is another socket', () => {
  const one = connected();
  const right = clock.time;
  clock.advance(11_999);
  assert.equal(one.view().state, 'live');
  clock.advance(1);
  assert.equal(one.view().state, 'stale');
  assert.equal(one.view().since, right, 'since the last moment that was confirmed');
  assert.equal(FakeSocket.all[0].closedWith, 1000);
  clock.advance(1000);
  assert.equal(FakeSocket.all.length, 2);
  assert.match(FakeSocket.last.address, /resume=t1/);
});

test('a lost connection is catching up for 5 s, then stale, and live again only by a frame', () => {
  const one = connected();
  FakeSocket.last.closes(1006);
  assert.equal(one.view().state, 'catching_up');
  clock.advance(1000);
  FakeSocket.last.opens();
  clock.advance(3999);
  assert.equal(one.view().state, 'catching_up', 'open, but nothing heard yet');
  clock.advance(1);
  assert.equal(one.view().state, 'stale');
  FakeSocket.last.says(feed());
  assert.equal(one.view().state, 'live');
});

test('the waits grow, are jittered and begin anew after a good connection', () => {
  connected();
  const waits = [];
  for (let failure = 0; failure < 8; failure += 1) {
    FakeSocket.last.closes(1006);
    const before = FakeSocket.all.length;
    const began = clock.time;
    while (FakeSocket.all.length === before) {
      clock.advance(50);
    }
    waits.push(clock.time - began);
  }
  assert.deepEqual(waits, [400, 750, 1500, 3000, 6000, 11250, 11250, 11250]);
  FakeSocket.last.opens();
  clock.advance(11_000);
  FakeSocket.last.closes(1006);
  clock.advance(400);
  assert.equal(FakeSocket.alive.length, 1);
});

for (const [code, again] of [
  [1000, 'never'], [1001, 'soon'], [1002, 'never'], [1003, 'never'], [1006, 'soon'], [1007, 'never'], [1009, 'never'],
  [1011, 'soon'], [1012, 'soon'], [1013, 'later'], [4400, 'never'], [4401, 'never'], [4403, 'never'], [4404, 'never'],
  [4408, 'soon'], [4426, 'later'], [4429, 'later'],
]) {
  test(`close code ${code}: reconnects ${again}`, () => {
    connected();
    FakeSocket.last.closes(code);
    clock.advance(2000);
    assert.equal(FakeSocket.all.length, again === 'soon' ? 2 : 1);
    clock.advance(70_000);
    assert.equal(FakeSocket.all.length > 1, again !== 'never');
    assert.ok(FakeSocket.alive.length <= 1);
  });
}

test('signed out: the rows go, the page says so and does not try again', () => {
  const one = connected();
  FakeSocket.last.says({ type: 'error', code: 'signed_out', message: 'Your session has ended.', params: {}, final: true });
  FakeSocket.last.closes(4401);
  assert.equal(one.view().state, 'signed_out');
  assert.equal(one.view().code, 'signed_out');
  assert.equal(one.state.rows.size, 0);
  clock.advance(600_000);
  assert.equal(FakeSocket.all.length, 1);
  one.retry();
  assert.equal(FakeSocket.all.length, 2);
});

test('a namespace that is taken away loses its rows, the others go on', () => {
  const one = live(['shop', 'cart']);
  one.start();
  FakeSocket.last.opens();
  for (const namespace of ['shop', 'cart']) {
    FakeSocket.last.says(feed('live', { namespace }));
    FakeSocket.last.says(snapshot('t1', [row(namespace, { namespace })], { namespace }));
  }
  FakeSocket.last.says({ type: 'error', code: 'rights_taken', message: '', namespace: 'cart', final: false });
  assert.deepEqual([...one.state.rows.keys()], ['shop']);
  assert.deepEqual(seen.refused, ['cart']);
  assert.equal(one.view().state, 'live');
});

test('of several namespaces the worst speaks', () => {
  const one = live(['shop', 'cart']);
  one.start();
  FakeSocket.last.opens();
  FakeSocket.last.says(snapshot('t1'));
  FakeSocket.last.says(snapshot('t1', [], { namespace: 'cart' }));
  FakeSocket.last.says(feed());
  FakeSocket.last.says(feed('stale', { namespace: 'cart', reason_code: 'unreachable', since: iso(clock.time - 60_000) }));
  const { state, code, affected, all, since } = one.view();
  assert.deepEqual([state, code, affected, all], ['stale', 'unreachable', 1, 2]);
  assert.equal(since, clock.time - 60_000);
});

test('acknowledgements: within 5 s, or at once when 128 KiB wait, and not too often', () => {
  connected();
  const socket = FakeSocket.last;
  assert.deepEqual(socket.sent, []);
  clock.advance(4999);
  assert.deepEqual(socket.sent, [{ type: 'ack', namespace: 'shop', token: 't1', part: 1 }]);
  const big = (token) =>
    socket.says({ type: 'delta', namespace: 'shop', token, upsert: [row(token, { labels: { x: 'y'.repeat(140_000) } })], remove: [] });
  big('t2');
  assert.deepEqual(socket.sent.at(-1), { type: 'ack', namespace: 'shop', token: 't2' });
  for (let count = 0; count < 20; count += 1) {
    big(`u${count}`);
  }
  assert.equal(socket.sent.length, 2, 'not one for each of many frames in one moment');
  clock.advance(20);
  assert.deepEqual(socket.sent.at(-1), { type: 'ack', namespace: 'shop', token: 'u19' });
});

test('text that is no frame ends the connection, because it may hide a gap', () => {
  connected();
  FakeSocket.last.says('{"type":"del');
  assert.equal(FakeSocket.alive.length, 0);
  clock.advance(1000);
  assert.equal(FakeSocket.alive.length, 1);
  assert.match(FakeSocket.last.address, /resume=t1/);
});

test('a cut snapshot is asked for again, not resumed', () => {
  connected();
  FakeSocket.last.says(snapshot('t5', [row('b')], { last: false }));
  FakeSocket.last.closes(1006);
  clock.advance(1000);
  assert.doesNotMatch(FakeSocket.last.address, /resume/);
});

test('a cached or long hidden page gives its socket back and resumes by token', () => {
  const one = connected();
  one.hidden();
  clock.advance(30_000);
  one.resume();
  clock.advance(120_000);
  one.pause();
  assert.equal(FakeSocket.alive.length, 0);
  clock.advance(600_000);
  assert.equal(FakeSocket.alive.length, 0, 'no socket while paused');
  assert.equal(one.view().state, 'stale');
  one.resume();
  assert.equal(FakeSocket.alive.length, 1);
  assert.match(FakeSocket.last.address, /resume=t1/);
});

test('a page whose socket is being opened is not for the cache, one whose socket is open or gone is', () => {
  const one = live();
  one.start();
  assert.ok(clock.whole);
  FakeSocket.last.opens();
  assert.ok(!clock.whole);
  FakeSocket.last.closes(1006);
  clock.advance(1000);
  assert.ok(clock.whole, 'opening again');
  one.pause();
  assert.equal(FakeSocket.alive.length, 0);
  assert.ok(clock.whole, 'left while it opens: the page must end with it');
  one.resume();
  FakeSocket.last.closes(1006);
  assert.ok(!clock.whole);
});

test('a page that stays hidden pauses by itself', () => {
  const one = connected();
  one.hidden();
  for (let second = 0; second < 59; second += 5) {
    FakeSocket.last.says(feed());
    clock.advance(5000);
  }
  assert.equal(FakeSocket.alive.length, 0);
});

test('the network coming back ends the wait', () => {
  const one = connected();
  for (let failure = 0; failure < 6; failure += 1) {
    FakeSocket.last.closes(1006);
    clock.advance(12_000);
  }
  FakeSocket.last.closes(1006);
  const before = FakeSocket.all.length;
  one.online();
  assert.equal(FakeSocket.all.length, before + 1);
});

test('only a delta says that pods left: what a snapshot lacks may be taken away', () => {
  connected();
  seen.changes = [];
  const socket = FakeSocket.last;
  socket.says({ type: 'delta', namespace: 'shop', token: 't2', upsert: [row('b'), row('c')], remove: ['a'] });
  socket.says(snapshot('t3', [row('b')]));
  socket.says({ type: 'error', namespace: 'shop', code: 'forbidden', params: {}, message: '', final: false });
  assert.deepEqual(seen.changes.map(({ removes, left }) => [removes, Boolean(left)]), [
    [['a'], true], [['c'], false], [['b'], false],
  ]);
});
