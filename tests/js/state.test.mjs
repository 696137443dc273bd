import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FrameError, parseFrame } from '../../static/js/pods/protocol.js';
import { ACK_BYTES, PodState } from '../../static/js/pods/state.js';
import { randomFrom, row } from './helpers.mjs';

const frame = (value) => parseFrame(JSON.stringify(value));
const snapshot = (token, pods, more = {}) => frame({ type: 'snapshot', namespace: 'shop', token, pods, ...more });
const delta = (token, upsert, remove = []) => frame({ type: 'delta', namespace: 'shop', token, upsert, remove });
const uids = (state) => [...state.rows.keys()].sort();

test('unknown types and fields are ignored, broken frames are not', () => {
  assert.equal(frame({ type: 'weather', namespace: 'shop' }), null);
  assert.equal(frame({ type: 'constructor', namespace: 'shop' }), null);
  assert.equal(snapshot('t', [], { colour: 'red' }).token, 't');
  assert.throws(() => parseFrame('{"type":'), FrameError);
  assert.throws(() => parseFrame('[]'), FrameError);
  assert.throws(() => frame({ type: 'delta', token: 't' }), FrameError);
});

test('the old rows go with the last part of a snapshot, the new ones show as they come', () => {
  const state = new PodState();
  state.apply(snapshot('t1', [row('a'), row('b')]));
  const first = state.apply(snapshot('t2', [row('c')], { part: 1, last: false }));
  assert.deepEqual(first.removes, []);
  assert.deepEqual(uids(state), ['a', 'b', 'c']);
  assert.deepEqual(state.tokens(), ['t1']);
  const last = state.apply(snapshot('t2', [row('b')], { part: 2, last: true }));
  assert.deepEqual(last.removes, ['a']);
  assert.deepEqual(last.upserts, [], 'a row that did not change is no news');
  assert.deepEqual(uids(state), ['b', 'c']);
  assert.deepEqual(state.tokens(), ['t2']);
});

test('a missing part is an error, not a gap', () => {
  const state = new PodState();
  state.apply(snapshot('t', [row('a')], { part: 1, last: false }));
  assert.throws(() => state.apply(snapshot('t', [row('c')], { part: 3, last: true })), FrameError);
});

test('a snapshot that was cut short leaves no token to resume from', () => {
  const state = new PodState();
  state.apply(snapshot('t1', [row('a')]));
  state.apply(snapshot('t2', [row('b')], { part: 1, last: false }));
  state.cut();
  assert.deepEqual(state.tokens(), []);
  state.apply(snapshot('t3', [row('b')]));
  assert.deepEqual(uids(state), ['b']);
});

test('unknown uids in remove are ignored; a re-created pod is another row', () => {
  const state = new PodState();
  state.apply(snapshot('t1', [row('a', { name: 'db-0' })]));
  const changes = state.apply(delta('t2', [row('b', { name: 'db-0' })], ['a', 'never-seen']));
  assert.deepEqual(changes.removes, ['a']);
  assert.deepEqual(uids(state), ['b']);
});

test('a dropped namespace loses its rows and its token, the others go on', () => {
  const state = new PodState();
  state.apply(snapshot('t1', [row('a')]));
  state.apply(frame({ type: 'snapshot', namespace: 'cart', token: 'c1', pods: [row('b', { namespace: 'cart' })] }));
  assert.deepEqual(state.drop('shop').removes, ['a']);
  assert.deepEqual(uids(state), ['b']);
  assert.deepEqual(state.tokens(), ['c1']);
});

test('acknowledgements fall due by bytes and name the latest token of each namespace', () => {
  const state = new PodState();
  state.apply(snapshot('t1', [row('a')], { part: 1, last: false }), ACK_BYTES - 1);
  assert.equal(state.ackDue, false);
  state.apply(snapshot('t1', [], { part: 2, last: true }), 1);
  assert.equal(state.ackDue, true);
  assert.deepEqual(state.takeAcks(false), [{ namespace: 'shop', token: 't1', part: 2 }]);
  assert.equal(state.ackPending, false);
  assert.deepEqual(state.takeAcks(true), [], 'nothing is acknowledged twice');
});

test('with many namespaces only the heaviest are acknowledged before their time', () => {
  const state = new PodState();
  const apply = (namespace, size) =>
    state.apply(frame({ type: 'delta', namespace, token: `${namespace}-1`, upsert: [], remove: [] }), size);
  apply('small', 10);
  apply('large', ACK_BYTES);
  assert.deepEqual(state.takeAcks(false).map((ack) => ack.namespace), ['large']);
  assert.deepEqual(state.takeAcks(true).map((ack) => ack.namespace), ['small']);
});

test('a feed frame moves the token on only where the rows are complete', () => {
  const state = new PodState();
  state.confirm('shop', 't9');
  assert.deepEqual(state.tokens(), []);
  state.apply(snapshot('t1', []));
  state.confirm('shop', 't9');
  assert.deepEqual(state.tokens(), ['t9']);
});

test('snapshot and deltas in any interleaving equal the state of the server', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = randomFrom(seed);
    const server = new Map();
    const state = new PodState();
    const pick = () => String(Math.floor(random() * 30));
    const mutate = () => {
      const upsert = [];
      const remove = [];
      for (let times = random() * 6; times > 0; times -= 1) {
        const uid = pick();
        if (random() < 0.35) {
          server.delete(uid);
          remove.push(uid);
        } else if (!remove.includes(uid)) {
          const one = row(uid, { restarts: Math.floor(random() * 100) });
          server.set(uid, one);
          upsert.push(one);
        }
      }
      const gone = new Set(remove);
      return [upsert.filter((one) => !gone.has(one.uid)), remove.filter((uid) => !server.has(uid))];
    };
    const sendSnapshot = (token) => {
      const rows = [...server.values()];
      const parts = 1 + Math.floor(random() * 4);
      const size = Math.ceil(rows.length / parts) || 1;
      for (let part = 1; part <= parts; part += 1) {
        const pods = rows.slice((part - 1) * size, part * size);
        state.apply(snapshot(token, pods, { part, last: part === parts }));
        if (part < parts && random() < 0.1) {
          state.cut();
          sendSnapshot(`${token}'`);
          return;
        }
      }
    };
    mutate();
    sendSnapshot('t0');
    for (let step = 1; step < 30; step += 1) {
      if (random() < 0.15) {
        mutate();
        sendSnapshot(`t${step}`);
      } else {
        const [upsert, remove] = mutate();
        state.apply(delta(`t${step}`, upsert, remove));
      }
    }
    const sorted = (map) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    assert.deepEqual(sorted(state.rows), sorted(server), `seed ${seed}`);
  }
});
