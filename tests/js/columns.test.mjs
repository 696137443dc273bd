import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatColumns, parseColumns, toggled } from '../../static/js/pods/columns.js';
import { RowIndex } from '../../static/js/pods/index.js';
import { parseSort } from '../../static/js/pods/sort.js';
import { readView, writeView } from '../../static/js/pods/url.js';
import { row } from './helpers.mjs';

const OWN = ['ready', 'status', 'age'];

test('columns are read from the address; what is not understood is left out', () => {
  assert.equal(parseColumns(null), null);
  assert.equal(parseColumns(''), null);
  assert.deepEqual(parseColumns('name'), []);
  const text = 'status,colour,status,label:app.kubernetes.io/name,label:,label:a b,constructor,age';
  assert.deepEqual(parseColumns(text), ['status', 'label:app.kubernetes.io/name', 'age']);
  assert.equal(parseColumns(Array.from({ length: 40 }, (_, at) => `label:l${at}`).join()).length, 16);
});

test('columns survive the way into the address and back', () => {
  for (const columns of [null, [], ['age'], ['status', 'label:a/b.c']]) {
    const view = { ...readView(''), columns };
    assert.deepEqual(readView(writeView('?namespace=shop', view)).columns, columns);
  }
  assert.equal(formatColumns([]), 'name');
});

test('one more and one less keep the order of the page, labels last as they were chosen', () => {
  assert.deepEqual(toggled(OWN, OWN, 'status'), ['ready', 'age']);
  assert.deepEqual(toggled(['age', 'label:b'], OWN, 'ready'), ['ready', 'age', 'label:b']);
  assert.deepEqual(toggled(['age', 'label:b'], OWN, 'label:a'), ['age', 'label:b', 'label:a']);
  assert.equal(toggled(['ready', 'age'], OWN, 'status'), null, 'the usual ones need no place in the address');
  assert.deepEqual(toggled(['age'], OWN, 'age'), []);
  const many = Array.from({ length: 16 }, (_, at) => `label:l${at}`);
  assert.deepEqual(toggled(many, OWN, 'label:more'), many);
});

test('a label sorts, and pods without it come last', () => {
  const labels = [{ app: 'b' }, {}, { app: 'a' }];
  const index = new RowIndex(readView('?group=none&sort=label:app'));
  index.apply(labels.map((one, uid) => row(String(uid), { labels: one })), []);
  const uids = () => index.order.map(({ id }) => id);
  assert.deepEqual(uids(), ['2', '0', '1']);
  index.setView(readView('?group=none&sort=-label:app'));
  assert.deepEqual(uids(), ['0', '2', '1']);
  assert.equal(parseSort('constructor').column, 'name');
});
