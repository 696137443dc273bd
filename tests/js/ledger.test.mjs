import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Balance, LEFT_AFTER, byteSize, isTooMuch, totalText } from '../../static/js/pods/ledgerfigures.js';
import { RowWords } from '../../static/js/pods/ledgerrows.js';
import { Texts } from '../../static/js/pods/texts.js';

const TEXTS = new Texts({ ledger: { why_behind: '{bytes}, {age}', nobody: 'nobody', end_label: 'End {who}' } });

test('bytes are written in the largest unit that fits', () => {
  const cases = [
    [0, '0 B'], [1023, '1023 B'], [1024, '1.0 KiB'], [130_000, '127 KiB'], [300 * 1024, '300 KiB'],
    [5 * 1024 ** 2, '5.0 MiB'], [3 * 1024 ** 3, '3.0 GiB'], [9000 * 1024 ** 4, '9000 TiB'],
  ];
  for (const [count, expected] of cases) {
    assert.equal(byteSize(count), expected);
  }
});

test('totals that are not told are a dash, and only what must be small is ever too much', () => {
  assert.equal(totalText('memory_bytes', null, TEXTS), '–');
  assert.equal(totalText('memory_bytes', 1024 ** 2, TEXTS), '1.0 MiB');
  assert.equal(totalText('longest_stall_seconds', 0.0123, TEXTS), '12 ms');
  assert.equal(totalText('longest_stall_seconds', 1.25, TEXTS), '1.3 s');
  assert.equal(totalText('sockets', 10_000, TEXTS), '10,000');
  assert.equal(isTooMuch('close_wait', null), false);
  assert.equal(isTooMuch('close_wait', 0), false);
  for (const name of ['close_wait', 'reaped', 'unneeded_watches', 'longest_stall_seconds']) {
    assert.equal(isTooMuch(name, 1), true);
  }
  assert.equal(isTooMuch('sockets', 10_000), false);
});

const EQUAL = { sockets: 3, lifecycles: 3, watch_tasks: 3, reconciles: true };
const MORE = { sockets: 4, lifecycles: 3, watch_tasks: 3, reconciles: false };

test('counts that differ for a moment are a coming and going, for a minute something left behind', () => {
  const balance = new Balance();
  const says = (totals, now) => {
    const { health, line, means } = balance.judge(totals, now);
    return [health, line, means];
  };
  assert.deepEqual(says(EQUAL, 0), ['running', 'equal', 'equal_means']);
  assert.deepEqual(says(MORE, 1000), ['waiting', 'differ', 'moving_means']);
  assert.deepEqual(says(MORE, 999 + LEFT_AFTER), ['waiting', 'differ', 'moving_means']);
  assert.deepEqual(says(MORE, 1000 + LEFT_AFTER), ['failing', 'differ', 'left_means']);
  assert.equal(balance.judge(MORE, 1000 + 2 * LEFT_AFTER).forSeconds, 2 * LEFT_AFTER / 1000);
  assert.deepEqual(says(EQUAL, 5 * LEFT_AFTER), ['running', 'equal', 'equal_means']);
  assert.deepEqual(says(MORE, 5 * LEFT_AFTER), ['waiting', 'differ', 'moving_means']);
});

test('a server that does not tell its sockets is not taken for one that has none', () => {
  const balance = new Balance();
  assert.equal(balance.judge({ ...EQUAL, sockets: null }, 0).line, 'equal_untold');
  assert.equal(balance.judge({ ...MORE, sockets: null }, 0).line, 'differ_untold');
});

const SOCKET = {
  connection: '1a2b3c4d', state: 'watching', user: 'ana', address: '10.0.0.1', cluster: 'prod', namespaces: ['a', 'b'],
  filter: 'tier=web;', age_seconds: 75, frames: 1200, bytes: 5000, unacknowledged_bytes: 2048, waiting_seconds: null,
  last_frame_seconds: 1.2,
};
const WATCH = {
  watch: '1a2b3c4d', cluster: 'prod', resource: 'pods', namespace: 'a', state: 'live', reason: null, users: 2,
  age_seconds: 10, last_event_seconds: null, version: null, events: 0, restarts: 0,
};

test('a viewer that keeps up is calm, one that is behind says what it owes', () => {
  const words = new RowWords(TEXTS, true);
  const well = words.socket(SOCKET);
  assert.deepEqual([well.health, well.tint, well.parts.why], ['running', '', '']);
  assert.equal(well.parts.where, 'prod: a, b');
  assert.equal(well.parts.filter, 'tier=web');
  assert.equal(well.parts.waiting, '–');
  assert.equal(well.parts.frames, '1,200');
  assert.equal(well.action.label, 'End ana');
  const behind = words.socket({ ...SOCKET, state: 'behind', waiting_seconds: 12 });
  assert.deepEqual([behind.health, behind.tint, behind.parts.why], ['waiting', 'warn', '2.0 KiB, 12s']);
  const opening = words.socket({ ...SOCKET, state: 'opening', user: null, cluster: null, namespaces: [] });
  assert.deepEqual([opening.parts.who, opening.parts.where, opening.action], ['nobody', '–', null]);
});

test('who may not act gets no buttons', () => {
  const words = new RowWords(TEXTS, false);
  assert.equal(words.socket(SOCKET).action, null);
  assert.equal(words.watch(WATCH).action, null);
});

test('a watch without users lingers; one that nobody needs is failing and cannot be restarted', () => {
  const words = new RowWords(TEXTS, true);
  assert.equal(words.watch(WATCH).health, 'running');
  assert.deepEqual(
    ['health', 'tint'].map((part) => words.watch({ ...WATCH, users: 0 })[part]),
    ['gone', ''],
  );
  const unneeded = words.watch({ ...WATCH, users: 0, state: 'unneeded' });
  assert.deepEqual([unneeded.health, unneeded.tint, unneeded.action], ['failing', 'bad', null]);
  const stale = words.watch({ ...WATCH, state: 'stale', reason: { code: 'x', params: {}, reason: 'It is gone.' } });
  assert.deepEqual([stale.health, stale.parts.why, stale.parts.version], ['failing', 'It is gone.', '–']);
});
