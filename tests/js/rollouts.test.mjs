import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RowIndex } from '../../static/js/pods/index.js';
import { readFrame } from '../../static/js/pods/protocol.js';
import { rolloutWords } from '../../static/js/pods/rolloutline.js';
import { Rollouts, reached } from '../../static/js/pods/rollouts.js';
import { PodState } from '../../static/js/pods/state.js';
import { Texts } from '../../static/js/pods/texts.js';
import { readView } from '../../static/js/pods/url.js';
import { medianTime, rollout, row } from './helpers.mjs';

const snapshot = (pods, rollouts, more = {}) =>
  readFrame({ type: 'snapshot', namespace: 'shop', token: 't', pods, rollouts, ...more });
const delta = (upsert, remove, rollouts) =>
  readFrame({ type: 'delta', namespace: 'shop', token: 'u', upsert, remove, rollouts });

test('rollouts are merged with the rows, and a batch tells what became of each', () => {
  const state = new PodState();
  const first = rollout('a', { state: 'progressing' });
  assert.deepEqual(state.apply(snapshot([row('1')], [first])).rollouts, [{ before: null, after: first }]);
  assert.equal(state.rollouts.get('shop', 'Deployment', 'web'), first);
  assert.deepEqual(state.apply(delta([], [], [{ ...first }])).rollouts, [], 'no news is none');
  const done = rollout('a');
  assert.deepEqual(state.apply(delta([], [], [done])).rollouts, [{ before: first, after: done }]);
  const changes = state.apply(delta([], ['a', '1', 'never'], []));
  assert.deepEqual(changes, { upserts: [], removes: ['1'], rollouts: [{ before: done, after: null }] });
  assert.equal(state.rollouts.get('shop', 'Deployment', 'web'), undefined);
});

test('the last part of a snapshot takes away what it lacks, and a namespace that is dropped its own alone', () => {
  const state = new PodState();
  state.apply(snapshot([row('1')], [rollout('a'), rollout('b', { name: 'api' })]));
  state.apply(snapshot([], [rollout('c', { namespace: 'cart' })], { namespace: 'cart' }));
  state.apply(snapshot([], [rollout('b', { name: 'api' })], { part: 1, last: false }));
  assert.equal(state.rollouts.size, 3, 'what it replaces goes with its last part');
  const { removes, rollouts } = state.apply(snapshot([], [], { part: 2, last: true }));
  assert.deepEqual([removes, rollouts.map(({ before }) => before.uid)], [['1'], ['a']]);
  assert.deepEqual(state.drop('shop').rollouts.map(({ before }) => before.uid), ['b']);
  assert.equal(state.rollouts.size, 1);
  assert.deepEqual(state.clear().rollouts.map(({ before }) => before.uid), ['c']);
});

test('one that was made again under its name is another one', () => {
  const rollouts = new Rollouts();
  rollouts.put(rollout('old'));
  rollouts.put(rollout('new', { ready: 1 }));
  rollouts.remove('old');
  assert.equal(rollouts.get('shop', 'Deployment', 'web').uid, 'new');
  assert.equal(rollouts.inGroup('shop\nDeployment\nweb').uid, 'new');
  assert.equal(rollouts.remove('old'), null);
});

test('of the Jobs of a CronJob the newest one tells', () => {
  const rollouts = new Rollouts();
  const job = (uid, minute, created) => rollout(uid, { kind: 'Job', name: `report-${minute}`, created });
  rollouts.put(job('1', 29384710, '2026-01-01T00:00:00Z'));
  rollouts.put(job('2', 29384711, '2026-01-01T00:01:00Z'));
  const id = 'shop\nJobs\nreport-*';
  assert.equal(rollouts.inGroup(id).uid, '2');
  rollouts.remove('2');
  assert.equal(rollouts.inGroup(id).uid, '1');
  rollouts.remove('1');
  assert.equal(rollouts.inGroup(id), null);
});

const headers = ({ order }) =>
  order.filter(({ header }) => header).map(({ group, tall, height }) => [group.name, group.live, tall, height]);
const shown = (rows, rollouts, search = '') => {
  const index = new RowIndex(readView(search), Date, new Map(), rollouts);
  index.apply(rows, []);
  return index;
};

test('a header is taller while its rollout has something to say, and groups by others know none', () => {
  const rollouts = new Rollouts();
  rollouts.put(rollout('a'));
  const index = shown([row('1')], rollouts);
  assert.deepEqual(headers(index), [['web', 1, false, 40]]);
  rollouts.put(rollout('a', { state: 'progressing', ready: 1 }));
  index.apply([], [], { freshUntil: null, left: new Map() });
  assert.deepEqual(headers(index), [['web', 1, true, 66]]);
  index.setView(readView('?group=node'));
  assert.deepEqual(headers(index), [['node-1', 1, false, 40]]);
});

test('an owner that wants pods and has none is there with its reason, before the others', () => {
  const rollouts = new Rollouts();
  rollouts.put(rollout('a', { name: 'starved', state: 'stuck', ready: 0 }));
  rollouts.put(rollout('b', { name: 'asleep', desired: 0 }));
  rollouts.put(rollout('c', { name: 'done' }));
  const index = shown([row('1', { owner: null })], rollouts);
  assert.deepEqual(headers(index), [['starved', 0, true, 66], [null, 1, false, 40]]);
  assert.equal(index.matching, 1);
  assert.equal(index.groups.length, 1, 'the map draws pods');
  const [header] = index.order;
  index.apply([], [], { freshUntil: null, left: new Map() });
  assert.equal(index.order[0], header, 'it is the same header, and keeps the focus');
  index.apply([row('2', { name: 'starved-1', owner: { kind: 'Deployment', name: 'starved' } })], []);
  assert.deepEqual(headers(index).map(([name, live]) => [name, live]), [['starved', 1], [null, 1]]);
  index.setView(readView('?q=nothing'));
  assert.deepEqual(headers(index), [], 'whoever looks for something looks for pods');
  assert.deepEqual(headers(shown([], rollouts)), [['starved', 0, true, 66]], 'also where there is no pod at all');
});

test('a failed Job without pods comes last, and one of a CronJob only while it is the newest', () => {
  const rollouts = new Rollouts();
  const failed = { kind: 'Job', state: 'stuck', ready: 0 };
  rollouts.put(rollout('a', { ...failed, name: 'once' }));
  rollouts.put(rollout('b', { ...failed, name: 'report-29384710', created: '2026-01-01T00:00:00Z' }));
  rollouts.put(rollout('c', { kind: 'Job', name: 'report-29384711', created: '2026-01-01T00:01:00Z' }));
  const index = shown([row('1', { owner: null })], rollouts);
  assert.deepEqual(headers(index).map(([name]) => name), [null, 'once']);
  rollouts.remove('c');
  index.apply([], [], { freshUntil: null, left: new Map() });
  assert.deepEqual(headers(index).map(([name]) => name), [null, 'once', 'report-*']);
});

const texts = new Texts({
  ui: {
    rollout_ready: '{ready} of {desired} ready',
    rollout_succeeded: '{ready} of {desired} succeeded',
    rollout_updated: '{count} updated',
    rollout_active: '{count} active',
    rollout_old: 'old {name}: {count}',
    rollout_new: 'new {name}: {count}',
    rollout_for: '{state} for {age}',
    rollout_stuck: 'Stuck',
    rollout_failed: 'Failed',
    rollout_paused: 'Paused',
    rollout_progressing: 'Rolling out',
    rollout_waiting: 'Waiting for pods',
    rollout_running: 'Running',
    rollout_done: 'Rolled out',
  },
  why: { late: 'Late by {seconds} s.', undo: 'Undo it.' },
});
const words = (more) => rolloutWords(rollout('a', more), texts, Date.parse('2026-01-01T00:12:00Z'));

test('a rollout is told in words: state and age, numbers, old and new, and why', () => {
  const next = { code: 'undo', params: {}, summary: 'Undo.' };
  const why = { code: 'late', params: { seconds: 600 }, summary: 'Late.', since: null, details: [], next };
  const revisions = [
    { name: 'web-def', revision: 3, desired: 3, ready: 1, current: true },
    { name: 'web-abc', revision: 2, desired: 2, ready: 2, current: false },
    { name: 'web-aaa', revision: 1, desired: 1, ready: 1, current: false },
  ];
  assert.deepEqual(words({ state: 'stuck', since: '2026-01-01T00:00:00Z', updated: 2, ready: 2, why, revisions }), {
    state: 'Stuck for 12m',
    numbers: '2 of 3 ready · 2 updated',
    revisions: 'old aaa: 1 → old abc: 2 → new def: 3',
    reason: 'Late by 600 s. Undo it.',
  });
  assert.equal(words({ state: 'progressing', updated: 1 }).state, 'Rolling out');
  assert.equal(words({ state: 'progressing', ready: 1 }).state, 'Waiting for pods');
  assert.equal(words({ state: 'paused', since: '2026-01-01T00:11:59Z' }).state, 'Paused for 1s');
  assert.equal(words({ state: 'progressing', since: '2026-01-01T01:00:00Z' }).state, 'Waiting for pods for 0s');
});

test('the bar tells of the new pods, not of the old ones that are still well', () => {
  const revisions = [
    { name: 'web-def', revision: 3, desired: 2, ready: 1, current: true },
    { name: 'web-abc', revision: 2, desired: 2, ready: 2, current: false },
  ];
  assert.equal(reached(rollout('a', { updated: 2, ready: 3, revisions })), 1);
  const unknown = [{ name: 'db-2', revision: null, desired: 1, ready: null, current: true }];
  assert.equal(reached(rollout('a', { updated: 2, ready: 3, revisions: unknown })), 2);
  assert.equal(reached(rollout('a', { updated: 3, ready: 1 })), 1);
  assert.equal(reached(rollout('a', { kind: 'Job', updated: 0, ready: 5 })), 3);
});

test('a Job runs, succeeds and fails', () => {
  const job = { kind: 'Job', ready: 1, updated: 2 };
  const { state, numbers } = words({ ...job, state: 'progressing', since: '2026-01-01T00:10:00Z' });
  assert.deepEqual([state, numbers], ['Running for 2m', '1 of 3 succeeded · 2 active']);
  assert.equal(words({ ...job, state: 'stuck' }).state, 'Failed');
});

test('ten thousand pods of a thousand owners, all rolling out: a batch stays cheap', (t) => {
  const rollouts = new Rollouts();
  const name = (number) => `web-${number % 1000}`;
  const rows = Array.from({ length: 10_000 }, (_, number) =>
    row(String(number), { name: `${name(number)}-${number}`, owner: { kind: 'Deployment', name: name(number) } }));
  for (let number = 0; number < 1000; number += 1) {
    rollouts.put(rollout(`r${number}`, { name: name(number), state: 'progressing' }));
  }
  const index = shown(rows, rollouts);
  const took = medianTime((run) => {
    for (let number = 0; number < 20; number += 1) {
      rollouts.put(rollout(`r${number}`, { name: name(number), state: 'progressing', ready: run % 3 }));
    }
    const changed = Array.from({ length: 200 }, (_, number) => ({ ...rows[number * 37], restarts: run }));
    index.apply(changed, [], { freshUntil: 1, left: new Map() });
  });
  t.diagnostic(`200 pods and 20 rollouts of 10,000 and 1,000: ${took.toFixed(1)} ms a batch`);
  assert.ok(took < 5 * 7, `${took} ms`);
});
