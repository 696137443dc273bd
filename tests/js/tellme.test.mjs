import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Live } from '../../static/js/pods/live.js';
import { KEPT_FOR, MOST, added, judged, newWatch, readWatches, wantsOf } from '../../static/js/pods/tellme.js';
import { FakeClock, FakeSocket, row } from './helpers.mjs';

const AT = 1_000_000;
const WAITING = { health: 'waiting', ready: '0/1', status: 'ContainerCreating' };

const pod = (want, more = {}) => newWatch({ cluster: 'demo', kind: 'Pod', state: row('a', more) }, want, AT);
const rollout = (state) => ({ uid: 'r', namespace: 'shop', kind: 'Deployment', name: 'web', state });
const follow = (state, want) => newWatch({ cluster: 'demo', kind: 'Deployment', state: rollout(state) }, want, AT);

/** What is told at each of these looks in turn; nothing is looked at any more once it has been told. */
function looks(watch, ...states) {
  const told = [];
  for (const state of states) {
    const next = judged(watch, state);
    told.push(next.told);
    watch = next.watch;
    if (next.told !== null) {
      break;
    }
  }
  return told;
}

test('a pod that becomes ready is told once, at the look that shows it', () => {
  assert.deepEqual(looks(pod('ready', WAITING), row('a', WAITING), row('a', WAITING), row('a')), [null, null, 'ready']);
});

test('the same state once more, as after a relist or a reconnect, tells nothing', () => {
  assert.deepEqual(looks(pod('ready'), row('a'), row('a'), row('a')), [null, null, null]);
  assert.deepEqual(looks(pod('restart', { restarts: 4 }), row('a', { restarts: 4 }), row('a', { restarts: 4 })), [null, null]);
  assert.deepEqual(looks(follow('done', 'done'), rollout('done'), rollout('done')), [null, null]);
  assert.deepEqual(looks(follow('stuck', 'stuck'), rollout('stuck')), [null]);
});

test('who waits for a ready pod to be ready hears of it when it was unready in between', () => {
  assert.deepEqual(looks(pod('ready'), row('a'), row('a', WAITING), row('a')), [null, null, 'ready']);
});

test('a restart while nobody looked is told at the next look, by the restarts at the asking', () => {
  const kept = readWatches(JSON.stringify([pod('restart', { restarts: 4 })]), AT + 1);
  assert.deepEqual(looks(kept[0], row('a', { restarts: 7 })), ['restart']);
  assert.deepEqual(looks(pod('restart', { restarts: 4 }), row('a', { restarts: 3 })), [null]);
});

test('a workload that was made again under its name is told as gone, and judged no more', () => {
  for (const state of ['progressing', 'done', 'stuck']) {
    assert.deepEqual(looks(follow('progressing', 'done'), { ...rollout(state), uid: 'other' }), ['gone']);
  }
});

test('a pod of another uid, as one made again under the name, tells nothing', () => {
  assert.deepEqual(looks(pod('ready', WAITING), row('b', { name: 'pod-a' })), [null]);
  assert.deepEqual(looks(pod('restart'), row('b', { name: 'pod-a', restarts: 9 })), [null]);
});

test('a pod that has completed will not be ready any more', () => {
  assert.deepEqual(looks(pod('ready', WAITING), row('a', { health: 'done', status: 'Completed' })), ['completed']);
});

test('a rollout is told when it is done, and when it is stuck', () => {
  assert.deepEqual(wantsOf({ kind: 'Deployment' }), ['done', 'stuck']);
  assert.deepEqual(looks(follow('progressing', 'done'), rollout('progressing'), rollout('done')), [null, 'done']);
  assert.deepEqual(looks(follow('progressing', 'stuck'), rollout('progressing'), rollout('stuck')), [null, 'stuck']);
  assert.deepEqual(looks(follow('progressing', 'stuck'), rollout('paused'), rollout('done')), [null, null]);
  assert.deepEqual(
    looks(follow('done', 'done'), rollout('done'), rollout('progressing'), rollout('done')),
    [null, null, 'done'],
    'the next rollout, not the one that was done',
  );
});

test('the same asked again is asked as of now, and so many are kept, the newest', () => {
  const first = pod('restart', { restarts: 1 });
  const again = pod('restart', { restarts: 3 });
  assert.deepEqual(added(added([], first), again).map(({ base }) => base), [3]);
  let watches = [];
  for (let number = 0; number < MOST + 5; number += 1) {
    const state = row(`${number}`);
    watches = added(watches, newWatch({ cluster: 'demo', kind: 'Pod', state }, 'ready', AT));
  }
  assert.equal(watches.length, MOST);
  assert.equal(watches.at(-1).uid, `${MOST + 4}`);
});

test('what was kept comes back as it was, without what is too old or no watch', () => {
  const watches = [pod('ready'), pod('restart')];
  const text = JSON.stringify(watches);
  assert.deepEqual(readWatches(text, AT + KEPT_FOR - 1), watches);
  assert.deepEqual(readWatches(text, AT + KEPT_FOR), []);
  for (const broken of [null, '', '{', '{}', '"text"', '7', '[null, 7, {}]']) {
    assert.deepEqual(readWatches(broken, AT), []);
  }
  for (const change of [{ uid: 7 }, { want: 'done' }, { want: 'constructor' }, { met: 'no' }, { base: null }, { at: '1' }]) {
    assert.deepEqual(readWatches(JSON.stringify([{ ...watches[0], ...change }]), AT), [], JSON.stringify(change));
  }
});

// ---- the socket of a hidden page

let clock;

beforeEach(() => {
  FakeSocket.reset();
  clock = new FakeClock();
});

test('a hidden page keeps its socket for as long as somebody waits for something', () => {
  let waits = true;
  const live = new Live(
    { namespaces: ['shop'], urls: { socket: '/ws/pods/?namespace=shop', rows: null } },
    { changed: () => {}, feed: () => {}, refused: () => {}, waits: () => waits },
    clock.env(),
  );
  live.start();
  FakeSocket.last.opens();
  live.hidden();
  const heard = () => {
    const now = new Date(clock.time).toISOString();
    FakeSocket.last.says({ type: 'feed', namespace: 'shop', state: 'live', since: now, now, reason_code: null });
  };
  for (let second = 0; second < 600; second += 5) {
    clock.advance(5000);
    heard();
  }
  assert.equal(FakeSocket.alive.length, 1);
  assert.equal(FakeSocket.all.length, 1, 'it is the one that it had');
  waits = false;
  for (let second = 0; second < 60; second += 5) {
    clock.advance(5000);
    heard();
  }
  assert.equal(FakeSocket.alive.length, 0);
});
