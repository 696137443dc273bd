import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RowIndex } from '../../static/js/pods/index.js';
import { MAP_SIZES, across, bandAt, mapLayout, places } from '../../static/js/pods/maplayout.js';
import { readView, writeView } from '../../static/js/pods/url.js';
import { medianTime, randomFrom, row } from './helpers.mjs';

/** The layout of groups with so many pods each. */
function layoutOf(sizes, width, name = 'wide') {
  const index = new RowIndex(readView('?sort=name'));
  const rows = sizes.flatMap((size, group) =>
    Array.from({ length: size }, (_, at) =>
      row(`${group}-${at}`, { name: `${group}-${String(at).padStart(5, '0')}`, owner: { kind: 'Deployment', name: String(group + 100) } }),
    ),
  );
  index.apply(rows, []);
  return { index, layout: mapLayout(index.groups, width, MAP_SIZES[name], index.headed) };
}

test('every pod has one place of its own, in the order of the list, within the width', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = randomFrom(seed);
    const sizes = Array.from({ length: 1 + random() * 12 }, () => Math.ceil(random() ** 4 * 3000));
    const [width, name] = seed % 2 === 0 ? [300 + random() * 1300, 'wide'] : [366, 'narrow'];
    const { index, layout } = layoutOf(sizes, width, name);
    const all = [...places(layout, MAP_SIZES[name])];
    assert.deepEqual(all.map(({ entry }) => entry.row), [...index.matchingRows()], `seed ${seed}`);
    assert.equal(new Set(all.map(({ x, y }) => `${x} ${y}`)).size, all.length, 'no two in one place');
    for (const { x, y } of all) {
      assert.ok(x >= 0 && x + MAP_SIZES[name].cell + 2 * MAP_SIZES[name].gutter <= width && y + MAP_SIZES[name].cell <= layout.height);
    }
    layout.bands.reduce((top, band) => (assert.equal(band.top, top), top + band.height), 0);
  }
});

test('small groups stand side by side, large ones take the width and are cut into bands', () => {
  const { layout } = layoutOf([3, 5, 5000, 2], 1400);
  const shapes = layout.bands.map(({ tiles }) => tiles.map(({ from, to, head }) => [to - from, head]));
  assert.deepEqual(shapes[0], [[3, 30], [5, 30]]);
  assert.equal(shapes.at(-1)[0][0], 2);
  const large = shapes.slice(1, -1);
  assert.ok(large.length > 3 && large.every((band) => band.length === 1));
  assert.deepEqual(large.map(([[, head]]) => head), [30, ...large.slice(1).map(() => 0)]);
  assert.equal(large.reduce((sum, [[count]]) => sum + count, 0), 5000);
});

test('the band at a height is found', () => {
  const { layout } = layoutOf([5000], 1400);
  layout.bands.forEach(({ top, height }, at) => {
    assert.equal(bandAt(layout, top), at);
    assert.equal(bandAt(layout, top + height - 1), at);
  });
  assert.equal(bandAt(layout, -50), 0);
  assert.equal(bandAt(layout, 1e6), layout.bands.length - 1);
});

test('up and down lead to the nearest cell of the next line, and nowhere beyond the ends', () => {
  const { layout } = layoutOf([30, 30, 1], 500);
  const all = [...places(layout, MAP_SIZES.wide)];
  const reach = MAP_SIZES.wide.tile / 2;
  const below = across(all, all[3], 1, reach);
  assert.deepEqual([below.x, below.y], [all[3].x, all[3].y + 18]);
  assert.deepEqual(across(all, below, -1, reach), all[3]);
  assert.equal(across(all, all[0], -1, reach), null);
  const last = all.at(-1);
  assert.equal(across(all, last, 1, reach), null);
  assert.deepEqual(across(all, all[59], 1, reach), last, 'the only one further down');
  const [here, aside, under] = [{ x: 0, y: 0 }, { x: 400, y: 18 }, { x: 0, y: 48 }];
  assert.equal(across([here, aside, under], here, 1, reach), under, 'rather further down than far aside');
});

test('one group without a name has no head', () => {
  const index = new RowIndex(readView('?group=none'));
  index.apply([row('1'), row('2')], []);
  assert.equal(mapLayout(index.groups, 1400, MAP_SIZES.wide, index.headed).bands[0].tiles[0].head, 0);
});

test('5,000 pods in 1,000 groups are laid out within a frame', (context) => {
  const { index } = layoutOf(Array.from({ length: 1000 }, () => 5), 1400);
  const median = medianTime(() => mapLayout(index.groups, 1400, MAP_SIZES.wide, true));
  context.diagnostic(`median ${median.toFixed(2)} ms`);
  assert.ok(median < 7 * 5, `${median} ms (goal 7 ms; five times that is allowed)`);
});

test('the map stands in the address', () => {
  assert.equal(readView('?view=map').map, true);
  assert.equal(readView('?view=globe').map, false);
  assert.equal(writeView('?namespace=shop&view=map', readView('')), '?namespace=shop');
  assert.equal(writeView('?namespace=shop', readView('?view=map')), '?namespace=shop&view=map');
});
