import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Folds } from '../../static/js/pods/folds.js';
import { RowIndex } from '../../static/js/pods/index.js';
import { readView, writeView } from '../../static/js/pods/url.js';
import { medianTime, row } from './helpers.mjs';

const index = (rows, search = '', folds = new Map()) => {
  const made = new RowIndex(readView(search), Date, folds);
  made.apply(rows, []);
  return made;
};

/** `kind name` for a header, with `+` or `-` for open and closed; two blanks a level before a pod. */
const lines = ({ order }) =>
  order.map((item) => {
    if (!item.header) {
      return `${'  '.repeat(item.level - 1)}${item.row.name}`;
    }
    const { kind, name, done } = item.group;
    return `${item.open ? '+' : '-'} ${item.level === 1 ? `${kind} ${name}` : `${done.length} done`}`;
  });

const owned = (uid, kind, name, more) => row(uid, { name: `${name}-${uid}`, owner: { kind, name }, ...more });

test('groups with trouble come first, the others by name, pods without an owner last', () => {
  const rows = [
    row('1', { name: 'alone', owner: null }),
    owned('2', 'Deployment', 'a'),
    owned('3', 'StatefulSet', 'b', { health: 'waiting' }),
    owned('4', 'Deployment', 'c'),
    owned('5', 'Deployment', 'c', { health: 'failing' }),
  ];
  const shown = index(rows);
  assert.deepEqual(lines(shown), [
    '+ Deployment c', '  c-5', '  c-4', '+ StatefulSet b', '  b-3', '+ Deployment a', '  a-2', '+ null null', '  alone',
  ]);
  assert.deepEqual(shown.order[0].group.counts, { failing: 1, waiting: 0, running: 1, done: 0 });
  shown.setView(readView('?sort=-name'));
  assert.deepEqual(lines(shown).filter((line) => line.startsWith('+')), [
    '+ Deployment c', '+ StatefulSet b', '+ Deployment a', '+ null null',
  ]);
  shown.setView(readView('?sort=name'));
  assert.equal(lines(shown)[0], '+ Deployment a', 'without "not well first" trouble is no matter');
});

test('another column orders the pods in their groups, and the groups by their first pod', () => {
  const rows = [1, 7, 3, 9].map((restarts, at) => owned(String(at), 'Deployment', 'ab'[at % 2], { restarts }));
  assert.deepEqual(lines(index(rows, '?sort=-restarts')), ['+ Deployment b', '  b-3', '  b-1', '+ Deployment a', '  a-2', '  a-0']);
});

test('owners of one name are told apart by kind and namespace', () => {
  const rows = [owned('1', 'Deployment', 'a'), owned('2', 'DaemonSet', 'a'), owned('3', 'Deployment', 'a', { namespace: 'cart' })];
  const groups = index(rows).order.filter(({ header }) => header).map(({ group }) => `${group.namespace}/${group.kind}`);
  assert.deepEqual(groups, ['shop/DaemonSet', 'cart/Deployment', 'shop/Deployment']);
});

test('where no pod has an owner there is no header', () => {
  assert.deepEqual(lines(index([row('1', { owner: null })])), ['pod-1']);
});

test('by node, by namespace, and not at all', () => {
  const rows = [row('1', { node: null }), row('2', { namespace: 'cart' })];
  assert.deepEqual(lines(index(rows, '?group=node')), ['+ Node node-1', '  pod-2', '+ Node null', '  pod-1']);
  assert.deepEqual(lines(index(rows, '?group=namespace')), ['+ Namespace cart', '  pod-2', '+ Namespace shop', '  pod-1']);
  assert.deepEqual(lines(index(rows, '?group=none')), ['pod-1', 'pod-2']);
});

test('what a reader closed stays closed, and a closed group counts', () => {
  const folds = new Map();
  const rows = [owned('1', 'Deployment', 'a'), owned('2', 'Deployment', 'b')];
  const shown = index(rows, '', folds);
  shown.setOpen(shown.order[0], false);
  assert.deepEqual(lines(shown), ['- Deployment a', '+ Deployment b', '  b-2']);
  assert.equal(shown.matching, 2);
  assert.equal(shown.height, 40 + 40 + 34);
  assert.deepEqual(lines(index(rows, '', folds)), lines(shown));
});

test('the completed pods of a Job fold into one line', () => {
  const done = { health: 'done', status: 'Completed' };
  const rows = [
    owned('1', 'Job', 'load', done),
    owned('2', 'Job', 'load', done),
    owned('3', 'Job', 'report-29384710', done),
    owned('4', 'Job', 'report-29384711', done),
    owned('5', 'Job', 'report-29384712'),
    owned('6', 'Deployment', 'web', done),
    owned('7', 'Job', 'migrate-2024'),
  ];
  const shown = index(rows);
  assert.deepEqual(lines(shown), [
    '+ Job migrate-2024', '  migrate-2024-7',
    '+ Jobs report-*', '  report-29384712-5', '- 2 done',
    '+ Deployment web', '  web-6',
    '- Job load',
  ]);
  shown.setOpen(shown.order[4], true);
  assert.deepEqual(lines(shown).slice(4, 7), ['+ 2 done', '    report-29384710-3', '    report-29384711-4']);
  shown.setOpen(shown.order.at(-1), true);
  assert.deepEqual(lines(shown).slice(-3), ['+ Job load', '  load-1', '  load-2']);
  assert.deepEqual(lines(index(rows, '?q=load')), ['+ Job load', '  load-1', '  load-2'], 'what is looked for is shown');
});

test('a pod that completes moves to the completed ones, and an emptied group goes', () => {
  const shown = index([owned('1', 'Job', 'load'), owned('2', 'Job', 'load'), owned('3', 'Deployment', 'web')]);
  shown.apply([owned('1', 'Job', 'load', { health: 'done' })], []);
  assert.deepEqual(lines(shown), ['+ Job load', '  load-2', '- 1 done', '+ Deployment web', '  web-3']);
  shown.apply([owned('2', 'Job', 'load', { health: 'done' })], ['3']);
  assert.deepEqual(lines(shown), ['- Job load']);
  shown.apply([], ['1', '2']);
  assert.deepEqual(lines(shown), []);
  assert.equal(shown.height, 0);
});

test('the grouping stands in the address', () => {
  assert.equal(readView('').group, 'owner');
  assert.equal(readView('?group=colour').group, 'owner');
  assert.equal(writeView('?namespace=shop&group=node', readView('?group=none')), '?namespace=shop&group=none');
  assert.equal(writeView('?namespace=shop&group=node', readView('')), '?namespace=shop');
});

test('5,000 completed pods are one line, and a change among them is quick', (context) => {
  const make = (uid) => owned(String(uid), 'Job', `report-${29_000_000 + uid}`, { health: 'done' });
  const shown = index(Array.from({ length: 5000 }, (_, uid) => make(uid)));
  assert.deepEqual(lines(shown), ['- Jobs report-*']);
  const changes = Array.from({ length: 200 }, (_, uid) => make(uid));
  const median = medianTime(() => shown.apply(changes, []));
  context.diagnostic(`median ${median.toFixed(2)} ms a batch`);
  assert.ok(median < 7 * 5, `${median} ms (goal 7 ms; five times that is allowed)`);
});

test('folds are kept by the tab, the latest of them, and a tab that keeps nothing does without', () => {
  const kept = new Map();
  globalThis.sessionStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => kept.set(key, text) };
  const folds = new Folds('prod');
  for (let id = 0; id < 301; id += 1) {
    folds.set(String(id), id % 2 === 0);
  }
  folds.set('1', true);
  folds.set('301', false);
  const again = new Folds('prod');
  assert.deepEqual([...again], [...folds]);
  assert.equal(again.size, 300);
  assert.deepEqual([again.get('0'), again.get('1'), again.get('2'), again.get('301')], [undefined, true, undefined, false]);
  assert.equal(new Folds('test').size, 0);
  kept.set('folds prod', '{"not": "pairs"}');
  assert.equal(new Folds('prod').size, 0);
  delete globalThis.sessionStorage;
  assert.equal(new Folds('prod').set('1', true).get('1'), true);
});
