import assert from 'node:assert/strict';
import { test } from 'node:test';

import { complete } from '../../static/js/pods/complete.js';
import { ages, presentValues, rowFilter } from '../../static/js/pods/filter.js';
import { KEYS, duration, parseQuery, printQuery, words } from '../../static/js/pods/query.js';
import { readView } from '../../static/js/pods/url.js';
import { randomFrom, row } from './helpers.mjs';

const SEEDS = 4000;
const PIECES = [
  'web', 'Status:', 'status:', 'owner:', 'node:=', 'label:', 'label:app=', 'label:!', 'restarts:>', 'restarts:', 'age:<',
  'age:', 'health:', 'fail', 'failing', 'ip:', '10.0.0.1', 'fd00::1', 'colour:', 'Init:0/2', '10m', '1h30m', '3', '-', '!',
  '"', '\\', ' ', '\t', '=', '!=', '==', '>', '<=', ':', '\0', 'é', '😀', 'a b', '99999999999999', '',
];

/** Filters as people mistype them. */
function* texts() {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = randomFrom(seed);
    const count = Math.floor(random() * 9);
    yield Array.from({ length: count }, () => PIECES[Math.floor(random() * PIECES.length)]).join('');
  }
}

test('every text can be read, filters rows, and offers something or nothing', () => {
  const view = readView('');
  const one = row('1', { labels: { app: 'web' }, created: null });
  for (const text of texts()) {
    const { terms, mistakes } = parseQuery(text);
    assert.ok(words(text).length <= terms.length + mistakes.length, text);
    rowFilter({ ...view, q: text }, Date)({ row: one, hay: null });
    for (let caret = 0; caret <= text.length; caret += 1) {
      const { from, to } = complete(text, caret, (key) => presentValues([one], key));
      assert.ok(from <= caret && caret <= to, text);
    }
  }
});

test('a filter that is printed reads as the same filter', () => {
  for (const text of texts()) {
    const { terms } = parseQuery(text);
    assert.deepEqual(parseQuery(printQuery(terms)), { terms, mistakes: [] }, `${text} → ${printQuery(terms)}`);
  }
});

test('what is offered means what it says', () => {
  const rows = ['node-1', 'node-10', 'a b', '-x', 'q"t', '=1'].map((node, at) =>
    row(String(at), { node, labels: { 'a b': node, app: node } }),
  );
  const present = (key) => presentValues(rows, key);
  for (const begin of ['node:', 'label:app=', '-label:app!=']) {
    const { options } = complete(begin, begin.length, present);
    assert.equal(options.length, 6, begin);
    for (const { insert, count } of options) {
      const accepts = rowFilter({ ...readView(''), q: insert }, Date);
      assert.equal(rows.filter((one) => accepts({ row: one, hay: null })).length, count, insert);
    }
  }
});

const offers = (text, present = () => new Map()) => complete(text, text.length, present).options.map(({ insert }) => insert);

test('keys are offered first, then values with the most frequent first', () => {
  assert.deepEqual(offers('n'), ['node:', 'namespace:', 'name:']);
  assert.deepEqual(offers('-st'), ['-status:']);
  assert.deepEqual(offers(''), KEYS.map((key) => `${key}:`), 'none is hidden');
  assert.deepEqual(offers('web'), []);
  const counts = new Map([['Running', 9], ['Init:Error', 3], ['Error', 2]]);
  assert.deepEqual(offers('status:', () => counts), ['status:Running ', 'status:Init:Error ', 'status:=Error ']);
  assert.deepEqual(offers('status:e', () => counts), ['status:=Error ', 'status:Init:Error ']);
  assert.deepEqual(offers('health:'), ['health:failing ', 'health:waiting ', 'health:running ', 'health:done ']);
  assert.deepEqual(offers('age:<1'), ['age:<10m ', 'age:<1h ', 'age:<1d ']);
  assert.deepEqual(offers('restarted:'), ['restarted:<10m ', 'restarted:<1h ', 'restarted:<1d ']);
  assert.deepEqual(offers('label:', () => new Map([['app', 1]])), ['label:app']);
  assert.equal(presentValues([row('1')], 'label:constructor').size, 0);
  assert.deepEqual(complete('a status: b', 9, () => counts).from, 2);
});

test('a mistake names its word, and the other words go on working', () => {
  const { terms, mistakes } = parseQuery('web colour:red restarts:many restarted:3 age:10m health:well label:=x "open');
  assert.deepEqual(mistakes.map(({ word, code }) => [word, code]), [
    ['colour:red', 'unknown_key'], ['restarts:many', 'bad_restarts'], ['restarted:3', 'bad_restarted'],
    ['age:10m', 'bad_age'],
    ['health:well', 'bad_health'], ['label:=x', 'bad_label'], ['"open', 'open_quote'],
  ]);
  assert.deepEqual(terms.map(({ value }) => value), ['web', 'open']);
});

test('a word that is still being typed is a soft mistake', () => {
  for (const text of ['status:', '-', 'restarts:>', 'age:', 'age:<', 'age:<1', 'health:fai', 'label:', 'label:app=', '"we']) {
    assert.deepEqual(parseQuery(text).mistakes.map((one) => one.soft), [true], text);
  }
});

test('statuses and addresses with a colon are words', () => {
  for (const text of ['Init:0/2', 'init:CrashLoopBackOff', 'ExitCode:3', 'fd00:10::7', 'abc::', '"colour:red"', 'a"b:c"']) {
    assert.deepEqual(parseQuery(text).terms.map(({ key }) => key), ['text'], text);
  }
});

test('lengths of time are read as kubectl prints them', () => {
  const cases = [['90s', 90_000], ['1h30m', 5_400_000], ['4d2h', 352_800_000], ['1y', 31_536_000_000], ['10', null], ['', null], ['m', null]];
  for (const [text, expected] of cases) {
    assert.equal(duration(text), expected, text);
  }
});

const NOW = Date.parse('2026-01-01T01:00:00Z');
const accepts = (q, one, now = NOW) => rowFilter({ ...readView(''), q }, { now: () => now })({ row: one, hay: null });

test('each key asks for its own', () => {
  const one = row('1', {
    name: 'checkout-x', node: 'node-1', status: 'Init:Error', health: 'failing', restarts: 4,
    labels: { app: 'web', tier: '' }, owner: { kind: 'Job', name: 'checkout' },
  });
  for (const [q, expected] of [
    ['status:error', true], ['status:=error', false], ['status:=init:error', true], ['-status:error', false], ['!node:2', true],
    ['owner:job/check', true], ['owner:deployment/check', false], ['node:=node-1', true], ['node:=node', false],
    ['restarts:>3', true], ['restarts:>4', false], ['restarts:4', true], ['-restarts:4', false],
    ['health:failing', true], ['-health:failing', false], ['health:running', false],
    ['label:app', true], ['label:zone', false], ['label:!zone', true], ['-label:!zone', false], ['label:app=web', true],
    ['label:app!=web', false], ['label:zone!=web', true], ['-label:app!=web', true], ['label:tier=""', true], ['label:app=""', false],
    ['label:constructor', false], ['ip:10.0', true], ['namespace:shop', true], ['name:node', false],
    ['"checkout-x"', true], ['"-x"', true], ['-"-x"', false], ['"node-1 "', false], ['colour:red', true],
  ]) {
    assert.equal(accepts(q, one), expected, q);
  }
});

test('restarts of the last hour are found, and leave the filter as they grow old', () => {
  const one = row('1', { restarts: 1, last_restart: '2026-01-01T00:00:00Z' });
  assert.equal(accepts('restarted:<1h', one, NOW - 1), true);
  assert.equal(accepts('restarted:<1h', one, NOW), false);
  assert.equal(accepts('restarted:<1h', row('2', { last_restart: null })), false);
  assert.equal(accepts('-restarted:<1h', row('2', { last_restart: null })), true);
  assert.equal(ages({ q: 'restarted:<1h' }), true);
});

test('ages are compared with the clock of the moment', () => {
  const one = row('1', { created: '2026-01-01T00:00:00Z' });
  assert.equal(accepts('age:<1h', one, NOW - 1), true);
  assert.equal(accepts('age:<1h', one, NOW), false);
  assert.equal(accepts('age:>=1h', one, NOW), true);
  assert.equal(accepts('age:<1h', row('2', { created: null })), false);
  assert.equal(ages({ q: '-age:<1h' }), true);
  assert.equal(ages({ q: '"age:<1h" age:soon' }), false);
});
