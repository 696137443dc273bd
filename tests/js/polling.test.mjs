import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { verdict, whyAddress } from '../../static/js/pods/fallback.js';
import { Live } from '../../static/js/pods/live.js';
import { readAnswer } from '../../static/js/pods/poller.js';
import { FakeClock, FakeSocket, row } from './helpers.mjs';

let clock;
let seen;
let asked;
let portal;

beforeEach(() => {
  FakeSocket.reset();
  clock = new FakeClock();
  seen = { changes: [], refused: [] };
  asked = [];
  portal = { why: NO_UPGRADE, rows: rows('t1', [row('a')]) };
});

const NO_UPGRADE = [200, { code: 'no_upgrade', params: {}, message: 'Lost.', arrived: { upgrade: false } }];
const frame = (namespace = 'shop', state = 'live', more = {}) => ({
  type: 'feed', namespace, state, since: iso(), now: iso(), reason_code: null, params: {}, reason: null, ...more,
});
const iso = () => new Date(clock.time).toISOString();
const error = (code, params = {}) => ({ error: { code, params, message: code } });
const refusal = (status, code, headers = {}) => () => [status, error(code), headers];

/** An answer of the API, made when it is asked for. */
function rows(token, pods, more = {}) {
  return () => [200, { tokens: { shop: token }, feeds: { shop: frame() }, pods, refused: [], ...more }, { ETag: `"${token}"` }];
}

async function fetch(address, { headers = {}, signal }) {
  const why = address.includes('/ws/pods/');
  asked.push({ what: why ? 'why' : 'rows', address, tag: headers['If-None-Match'] ?? null });
  const answer = why ? portal.why : portal.rows();
  if (answer === 'silence') {
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  }
  if (answer === null) {
    throw new TypeError('refused');
  }
  const [status, body, given = {}] = answer;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: { get: (name) => given[name] ?? null }, text: async () => text };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Moves on second by second, with what requests and timers set off. */
async function pass(milliseconds) {
  await settled();
  for (let left = milliseconds; left > 0; left -= 1000) {
    clock.advance(Math.min(left, 1000));
    await settled();
  }
}

function live(namespaces = ['shop']) {
  return new Live(
    { namespaces, urls: { socket: '/ws/pods/?namespace=shop', rows: null, poll: '/api/v1/pods?namespace=shop&poll=1' } },
    {
      changed: (changes, fresh) => seen.changes.push({ ...changes, fresh }),
      feed: () => {},
      refused: (refused) => seen.refused.push([refused.namespace, refused.code]),
    },
    clock.env({ fetch }),
  );
}

/** Two sockets that do not open. */
async function polling(namespaces) {
  const one = live(namespaces);
  one.start();
  FakeSocket.last.closes(1006);
  await pass(1000);
  FakeSocket.last.closes(1006);
  await settled();
  return one;
}

const count = (what) => asked.filter((one) => one.what === what).length;

test('one failed opening asks for nothing, the second one for why, and then for the rows', async () => {
  const one = live();
  one.start();
  FakeSocket.last.closes(1006);
  await pass(1000);
  assert.deepEqual(asked, []);
  FakeSocket.last.closes(1006);
  await settled();
  assert.equal(asked[0].address, 'https://portal.example/ws/pods/?namespace=shop&origin=https%3A%2F%2Fportal.example');
  assert.equal(asked[1].address, '/api/v1/pods?namespace=shop&poll=1');
  assert.equal(one.view().state, 'polling');
  assert.deepEqual(one.view().polling, { code: 'no_upgrade', params: {}, message: 'Lost.' });
  assert.deepEqual([...one.state.rows.keys()], ['a']);
  assert.equal(FakeSocket.alive.length, 1, 'a third socket: the portal may have been away for the first two');
});

test('it polls every 5 s, and what it has already costs no rows', async () => {
  const one = await polling();
  portal.rows = () => [304, ''];
  await pass(20_000);
  assert.deepEqual(asked.filter(({ what }) => what === 'rows').map(({ tag }) => tag), [null, '"t1"', '"t1"', '"t1"', '"t1"']);
  assert.equal(one.view().state, 'polling');
  assert.equal(one.view().since, clock.time, 'an unchanged picture is confirmed');
  portal.rows = rows('t2', [row('b')]);
  await pass(5000);
  assert.deepEqual([...one.state.rows.keys()], ['b']);
  assert.deepEqual(seen.changes.map(({ fresh }) => fresh), [false, true]);
});

test('a socket that speaks ends the polling, and goes on from the last token', async () => {
  const one = await polling();
  FakeSocket.last.closes(1006);
  const tried = FakeSocket.all.length;
  await pass(29_000);
  assert.equal(FakeSocket.all.length, tried, 'sockets are tried now and then only');
  await pass(17_000);
  assert.equal(FakeSocket.all.length, tried + 1);
  assert.match(FakeSocket.last.address, /resume=t1/);
  FakeSocket.last.opens();
  assert.equal(one.view().state, 'polling', 'it has opened, and said nothing yet');
  FakeSocket.last.says(frame());
  assert.equal(one.view().state, 'live');
  assert.equal(one.view().polling, null);
  const polls = count('rows');
  await pass(10_000);
  assert.equal(count('rows'), polls);
});

test('an answer that was on its way when a socket spoke is not taken', async () => {
  const one = await polling();
  portal.rows = () => 'silence';
  await pass(5000);
  FakeSocket.last.opens();
  FakeSocket.last.says(frame());
  await settled();
  assert.equal(one.view().state, 'live');
});

test('a portal that is away is not the sockets\' fault', async () => {
  for (const why of [null, [502, '<html>'], [503, '{}']]) {
    portal.why = why;
    const one = await polling();
    assert.equal(one.view().polling, null);
    assert.equal(count('rows'), 0);
    one.pause();
    asked = [];
  }
});

test('sockets that open and stay silent are held back on the way', async () => {
  const one = live();
  one.start();
  for (let time = 0; time < 2; time += 1) {
    FakeSocket.last.opens();
    await pass(13_000);
  }
  assert.equal(one.view().polling.code, 'mute');
});

test('what answers in the portal\'s place is named as such', () => {
  assert.equal(verdict(404, '<html>').code, 'not_routed');
  assert.equal(verdict(200, '[]').code, 'not_routed');
  assert.equal(verdict(500, ''), null);
  assert.equal(verdict(200, JSON.stringify(NO_UPGRADE[1])).code, 'no_upgrade');
  assert.equal(whyAddress('/x/ws/pods/?a=b', 'http://p:81/x/'), 'http://p:81/x/ws/pods/?a=b&origin=http%3A%2F%2Fp%3A81');
});

test('a poll that fails is catching up, then stale, and polling again by itself', async () => {
  const one = await polling();
  portal.rows = () => null;
  await pass(5000);
  assert.equal(one.view().state, 'catching_up');
  await pass(5000);
  assert.equal(one.view().state, 'stale');
  portal.rows = rows('t2', [row('a')]);
  await pass(5000);
  assert.equal(one.view().state, 'polling');
});

test('a poll without an answer is stale 12 s after the last one', async () => {
  const one = await polling();
  portal.rows = () => 'silence';
  await pass(11_000);
  assert.equal(one.view().state, 'polling');
  await pass(1000);
  assert.equal(one.view().state, 'stale');
});

test('what the portal says of the cluster counts for polls as well', async () => {
  const one = await polling();
  portal.rows = rows('t1', [], { feeds: { shop: frame('shop', 'stale', { reason_code: 'unreachable', since: iso() }) } });
  await pass(5000);
  assert.deepEqual([one.view().state, one.view().code], ['stale', 'unreachable']);
});

for (const [status, code, state, outcome, kept] of [
  [401, 'not_signed_in', 'signed_out', 'signed_out', 0],
  [403, 'forbidden', 'ended', 'forbidden', 0],
  [404, 'not_found', 'ended', 'not_found', 0],
  [400, 'bad_request', 'ended', 'bad_request', 1],
]) {
  test(`refused with ${status}: ended as by the close code, and asked no more`, async () => {
    const one = await polling();
    portal.rows = refusal(status, code);
    await pass(5000);
    assert.deepEqual([one.view().state, one.view().outcome], [state, outcome]);
    assert.equal(one.view().code, code === 'forbidden' ? 'rights_taken' : code);
    assert.equal(one.state.rows.size, kept);
    const before = [asked.length, FakeSocket.all.length];
    await pass(120_000);
    assert.deepEqual([asked.length, FakeSocket.all.length], before);
    assert.deepEqual(FakeSocket.alive, []);
  });
}

test('503 says why, waits as long as it is told, and goes on', async () => {
  const one = await polling();
  portal.rows = refusal(503, 'unavailable', { 'Retry-After': '20' });
  await pass(5000);
  assert.deepEqual([one.view().outcome, one.view().code], ['overloaded', 'unavailable']);
  const polls = count('rows');
  portal.rows = rows('t2', [row('a')]);
  await pass(19_000);
  assert.equal(count('rows'), polls);
  await pass(1000);
  assert.equal(one.view().state, 'polling');
});

test('a namespace that is refused goes, the others stay', async () => {
  portal.rows = () => [200, {
    tokens: { shop: 's1', cart: 'c1' }, feeds: { shop: frame(), cart: frame('cart') },
    pods: [row('a'), row('b', { namespace: 'cart' })], refused: [],
  }];
  const one = await polling(['shop', 'cart']);
  assert.equal(one.state.rows.size, 2);
  const refused = [{ namespace: 'cart', code: 'forbidden', params: {}, message: '' }];
  portal.rows = rows('s1', [row('a')], { refused });
  await pass(5000);
  assert.deepEqual([...one.state.rows.keys()], ['a']);
  assert.deepEqual(seen.refused, [['cart', 'rights_taken']]);
  assert.equal(one.view().state, 'polling');
});

test('a first list that has not come is no empty picture', async () => {
  portal.rows = rows(null, [], { feeds: { shop: frame('shop', 'catching_up', { reason_code: 'first_list' }) } });
  const one = await polling();
  assert.deepEqual([one.view().state, one.view().code], ['catching_up', 'first_list']);
  assert.equal(one.state.seeded('shop'), false);
});

test('a page that is put away asks for nothing, and at once when it is back', async () => {
  const one = await polling();
  one.pause();
  const before = asked.length;
  await pass(60_000);
  assert.equal(asked.length, before);
  assert.equal(one.view().state, 'stale');
  one.resume();
  await settled();
  assert.equal(asked.length, before + 1);
  assert.equal(one.view().state, 'polling');
  assert.equal(FakeSocket.alive.length, 1);
});

test('an answer of somebody else\'s is a broken line', () => {
  const headers = { get: () => null };
  for (const [status, text] of [[200, '<html>'], [200, '[]'], [200, '{}'], [403, '<html>'], [403, '{}'], [502, ''], [302, '']]) {
    assert.equal(readAnswer(status, headers, text).kind, 'failed', `${status} ${text}`);
  }
});
