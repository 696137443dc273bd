import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rowFilter } from '../../static/js/pods/filter.js';
import { reasonOf } from '../../static/js/pods/page.js';
import { roleFor } from '../../static/js/pods/role.js';
import { Texts, localeOf } from '../../static/js/pods/texts.js';
import { ServerClock, clockTime, humanDuration } from '../../static/js/pods/time.js';
import { readView, socketAddress, writeView } from '../../static/js/pods/url.js';
import { row } from './helpers.mjs';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test('lengths of time are those of kubectl', () => {
  const cases = [
    [-2 * SECOND, '<invalid>'], [-1500, '0s'], [0, '0s'], [1999, '1s'], [119 * SECOND, '119s'],
    [2 * MINUTE, '2m'], [3 * MINUTE + 12 * SECOND, '3m12s'], [9 * MINUTE + 59 * SECOND, '9m59s'],
    [10 * MINUTE, '10m'], [22 * MINUTE + 30 * SECOND, '22m'], [179 * MINUTE, '179m'],
    [3 * HOUR, '3h'], [7 * HOUR + 59 * MINUTE, '7h59m'], [8 * HOUR, '8h'], [47 * HOUR, '47h'],
    [2 * DAY, '2d'], [4 * DAY + 2 * HOUR, '4d2h'], [8 * DAY, '8d'], [31 * DAY, '31d'],
    [729 * DAY, '729d'], [730 * DAY, '2y'], [2 * 365 * DAY + 30 * DAY, '2y30d'], [8 * 365 * DAY + DAY, '8y'],
  ];
  for (const [length, expected] of cases) {
    assert.equal(humanDuration(length), expected);
  }
});

test('the clock of the server is taken from the least delayed frames', () => {
  let local = 1000;
  const clock = new ServerClock(() => local);
  assert.equal(clock.now(), 1000);
  clock.observe(6000);
  local = 2000;
  clock.observe(6200);
  assert.equal(clock.now(), 7000, 'the second frame was 800 ms late');
});

const WHY = {
  code: 'crash', params: { container: 'web' }, summary: 'English.', since: '2026-01-31T12:00:00Z',
  details: [{ code: 'one', params: {} }, { code: 'from-later', params: {} }, { code: 'two', params: {} },
    { code: 'three', params: { n: 3 } }],
  next: { code: 'log', params: {}, summary: 'English log.' },
};
const REASONS = new Texts({
  ui: { why_since: 'Seit {time}.' },
  why: { crash: 'Aus: {container}.', one: 'Eins.', two: 'Zwei.', three: 'Drei {n}.', log: 'Lies.', terminating: 'Seit {since}.' },
}, 'de');

test('a reason is told with its details, the next step, and since when', () => {
  const told = reasonOf(row('1', { why: WHY }), REASONS);
  assert.equal(told.first, 'Aus: web.');
  assert.equal(told.rest, 'Eins. Zwei.');
  assert.equal(told.next, 'Lies.');
  assert.match(told.more, /^Drei 3\. Seit .*\d\d:\d\d:\d\d\.$/);
  assert.equal(told.all, [told.first, told.rest, told.next, told.more].join(' '));
});

test('a reason of a later release is told in the words that came with it, and once', () => {
  const told = reasonOf(row('1', { why: { ...WHY, code: 'from-later', next: { ...WHY.next, code: 'new' } } }), REASONS);
  assert.deepEqual(told, { first: 'English.', rest: '', next: 'English log.', more: '', all: 'English. English log.' });
});

test('a reason of an earlier release has no details; one that says since when says it once', () => {
  const { code, params, summary } = WHY;
  assert.deepEqual(reasonOf(row('1', { why: { code, params, summary } }), REASONS).all, 'Aus: web.');
  const ending = { code: 'terminating', params: { since: 'soon' }, summary: '', since: WHY.since, details: [], next: null };
  assert.equal(reasonOf(row('1', { why: ending }), REASONS).all, 'Seit soon.');
});

test('a time of another day bears its date', () => {
  const time = new Date(2026, 0, 31, 14, 3, 12).getTime();
  assert.equal(clockTime(time, time + HOUR), '14:03:12');
  assert.equal(clockTime(time, time + DAY), 'Jan 31, 2026, 14:03:12');
  assert.equal(clockTime(time, time + DAY, 'en-GB'), '31 Jan 2026, 14:03:12');
  assert.equal(clockTime(time, time + DAY, 'zh-hans'), '2026年1月31日 14:03:12');
  assert.equal(clockTime(new Date(2026, 0, 31, 0, 3, 12).getTime(), time, 'en-US'), '00:03:12');
});

test('the reader’s region counts where the browser speaks the page’s language', () => {
  assert.equal(localeOf('en', ['zh-CN', 'en-GB', 'en']), 'en-GB');
  assert.equal(localeOf('zh-hans', ['en-US', 'zh-CN']), 'zh-CN');
  assert.equal(localeOf('zh-hans', ['en-US']), 'zh-hans');
});

const accepts = (search, one) => rowFilter(readView(search), Date)({ row: one, hay: null });

test('every word must be found, in whichever column', () => {
  const one = row('1', { name: 'checkout-x', node: 'node-7', status: 'Running', labels: { tier: 'web' } });
  for (const [q, expected] of [
    ['checkout', true], ['CHECK node-7', true], ['checkout node-8', false], ['node:7', true], ['name:7', false],
    ['owner:web', true], ['restarts:0', true], ['restarts:>0', false], ['restarts:<=3', true],
    ['label:tier', true], ['label:tier=web', true], ['label:tier=db', false], ['10.0.0.1', true], ['"colour:red"', false],
  ]) {
    assert.equal(accepts(`?q=${encodeURIComponent(q)}`, one), expected, q);
  }
  assert.equal(accepts('?health=failing', one), false);
  assert.equal(accepts('?health=failing&health=running', one), true);
  assert.equal(accepts('?status=Error', one), false);
});

test('the view survives the way into the address and back, beside what the portal was asked', () => {
  const search = '?cluster=demo&namespace=shop&namespace=cart&q=web+1&health=failing&status=Error&sort=notwell%2C-age';
  const view = readView(search);
  assert.deepEqual(readView(writeView('?cluster=demo&namespace=shop&namespace=cart', view)), view);
  assert.match(writeView(search, view), /cluster=demo&namespace=shop&namespace=cart/);
  const nothing = readView('');
  assert.equal(writeView('?namespace=*&q=old', nothing), '?namespace=*', 'the default leaves no trace');
  assert.deepEqual(readView('?health=purple&sort=colour').health, new Set());
});

test('the address of the socket carries as many tokens as fit', () => {
  const base = 'https://portal.example/prefix/pods/';
  assert.equal(
    socketAddress('/prefix/ws/pods/?namespace=shop', base, ['a/b']),
    'wss://portal.example/prefix/ws/pods/?namespace=shop&resume=a%2Fb',
  );
  const address = socketAddress('/ws/pods/?namespace=shop', base, Array.from({ length: 50 }, () => 'x'.repeat(512)));
  assert.ok(address.length <= 7000);
  assert.ok(address.split('resume=').length > 10);
});

test('texts fill their fields, choose their plural and fall back', () => {
  const texts = new Texts({ ui: { pods: { one: '{count} pod', other: '{count} pods' } }, why: { a: '{x} of {y}' } });
  assert.equal(texts.ui('pods', { count: 1 }), '1 pod');
  assert.equal(texts.ui('pods', { count: 0 }), '0 pods');
  assert.equal(texts.sentence('why', 'a', { x: '<b>', y: null }, ''), '<b> of –');
  assert.equal(texts.sentence('why', 'new-code', {}, 'In English.'), 'In English.');
});

test('fields are shown as the reader writes them', () => {
  const catalogue = {
    ui: { pods: { one: '{count} 个 Pod', other: '{count} 个 Pod' } },
    why: { crash: '{restarts} 次重启，退出码 {exit_code}', since: '自 {since}' },
    feed: { unreachable: '没有响应：{detail}。' },
    detail: { 'the connection broke': '连接中断' },
  };
  const texts = new Texts(catalogue, 'zh-hans');
  assert.equal(texts.ui('pods', { count: 10_000 }), '10,000 个 Pod');
  assert.equal(texts.sentence('why', 'crash', { restarts: 1200, exit_code: 3221225477 }), '1,200 次重启，退出码 3221225477');
  assert.equal(texts.sentence('feed', 'unreachable', { detail: 'the connection broke' }), '没有响应：连接中断。');
  assert.equal(texts.sentence('feed', 'unreachable', { detail: 'HTTP 502' }), '没有响应：HTTP 502。');
  assert.equal(texts.sentence('why', 'since', { since: '2020-02-03T12:00:00Z' }), '自 ' + texts.time(Date.UTC(2020, 1, 3, 12)));
  assert.match(texts.time(Date.UTC(2020, 1, 3, 12)), /^2020年2月/);
});

test('the Role is one for the namespace, or for the cluster, and bound to the account', () => {
  const [role, binding] = roleFor('shop').split('---\n');
  assert.match(role, /kind: Role\n[^]*namespace: shop\n[^]*\["pods"\]\n {2}verbs: \["get", "list", "watch"\]/);
  assert.match(role, /apiGroups: \["apps"\]\n {2}resources: \["replicasets"\]/);
  assert.match(role, /resources: \["pods\/log"\]\n {2}verbs: \["get"\]/);
  assert.match(role, /apiGroups: \["batch"\]\n {2}resources: \["jobs"\]\n {2}verbs: \["get", "list", "watch"\]/);
  assert.match(binding, /kind: RoleBinding\n[^]*namespace: shop\n[^]*kind: Role\n[^]*name: ACCOUNT/);
  const wide = roleFor('*');
  assert.match(wide, /kind: ClusterRole\nmetadata:\n {2}name: k8sportal-pods\nrules/);
  assert.match(wide, /kind: ClusterRoleBinding\n/);
  assert.doesNotMatch(wide, /namespace:/);
});
