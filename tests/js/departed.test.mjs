import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DEPARTED_FOR, MOST_DEPARTED } from '../../static/js/pods/departed.js';
import { RowIndex } from '../../static/js/pods/index.js';
import { Pending } from '../../static/js/pods/pending.js';
import { readView } from '../../static/js/pods/url.js';
import { randomFrom, row } from './helpers.mjs';

const LEFT = { at: 1_000_000, now: 1_000_000 };

class Page {
  constructor(search = '?group=none') {
    this.index = new RowIndex(readView(search));
    this.pending = new Pending();
  }

  take(upserts, removes = [], { left = true, at = LEFT.at, draw = true } = {}) {
    this.pending.add({ upserts, removes }, true, left ? { ...LEFT, at } : null);
    if (draw) {
      const batch = this.pending.take(0);
      this.index.apply(batch.upserts, batch.removes, batch.news);
    }
    return this;
  }

  get lines() {
    return this.index.order.map((item) => {
      const name = item.header ? item.id.split('\n').at(-1) : item.row.name;
      return item.left ? `(${name})` : name;
    });
  }
}

const rows = (...uids) => uids.map((uid) => row(uid));

test('a pod that left stays for a minute in its place, and is counted nowhere', () => {
  const page = new Page().take(rows('1', '2', '3')).take([], ['2']);
  assert.deepEqual(page.lines, ['pod-1', '(pod-2)', 'pod-3']);
  const { index } = page;
  assert.deepEqual([index.size, index.matching, index.counts.running, index.statuses.get('Running')], [2, 2, 2, 2]);
  assert.equal(index.get('2'), undefined);
  assert.equal(index.forgetDeparted(LEFT.at + DEPARTED_FOR - 1), false);
  assert.equal(index.forgetDeparted(LEFT.at + DEPARTED_FOR), true);
  assert.deepEqual(page.lines, ['pod-1', 'pod-3']);
  assert.equal(index.height, 68);
});

test('trouble that left is no trouble any more, and takes no second line', () => {
  const why = { code: 'x', params: {}, summary: '' };
  const page = new Page().take([...rows('1'), row('2', { health: 'failing', why })]);
  assert.equal(page.index.height, 94);
  page.take([], ['2']);
  assert.deepEqual(page.lines, ['pod-1', '(pod-2)']);
  assert.equal(page.index.height, 68);
});

test('a pod re-created under its name is another row; the same pod again is itself', () => {
  const page = new Page().take([row('1', { name: 'db-0' })]).take([row('2', { name: 'db-0' })], ['1']);
  assert.deepEqual(page.lines, ['(db-0)', 'db-0']);
  page.take([row('1', { name: 'db-0' })]);
  assert.deepEqual(page.lines, ['db-0', 'db-0']);
});

test('what is not shown leaves no trace, and what left is filtered', () => {
  const page = new Page('?group=none&q=pod-1').take(rows('1', '2')).take([], ['1', '2']);
  assert.deepEqual(page.lines, ['(pod-1)']);
  page.index.setView(readView('?group=none&q=pod-7'));
  assert.deepEqual(page.lines, []);
  page.index.setView(readView('?group=none'));
  assert.deepEqual(page.lines, ['(pod-1)']);
});

test('folded pods of Jobs leave no trace, and one that left does not unfold its Job', () => {
  const job = { owner: { kind: 'Job', name: 'load' } };
  const done = (uid) => row(uid, { ...job, health: 'done' });
  const page = new Page('').take([done('1'), done('2'), row('3', job)]).take([], ['1']);
  assert.deepEqual(page.lines, ['load', 'pod-3', 'load']);
  page.take([], ['3']);
  assert.deepEqual(page.lines, ['load']);
  assert.equal(page.index.order[0].open, false);
  const flat = new Page().take([done('1'), done('2')]).take([], ['1']);
  flat.index.setView(readView(''));
  assert.equal(flat.index.order[0].group.counts.done, 1);
});

test('the groups of pods that left count the others, and go with the last one', () => {
  const page = new Page('').take(rows('1', '2')).take([], ['1', '2']);
  assert.deepEqual(page.lines, ['web', '(pod-1)', '(pod-2)']);
  assert.deepEqual(page.index.order[0].group.counts, { failing: 0, waiting: 0, running: 0, done: 0 });
  page.index.forgetDeparted(LEFT.at + DEPARTED_FOR);
  assert.deepEqual(page.lines, []);
});

test('pods that may not be seen any more leave no trace', () => {
  const page = new Page().take(rows('1', '2', '3')).take([], ['1']);
  page.take([], ['2'], { draw: false }).take([], ['3'], { left: false });
  assert.deepEqual(page.lines, []);
  page.take(rows('4')).take([], [], { left: false, draw: false }).take([], ['4']);
  assert.deepEqual(page.lines, []);
});

test('more than so many are forgotten at once, the oldest first', () => {
  const uids = Array.from({ length: MOST_DEPARTED + 5 }, (_, uid) => String(1000 + uid));
  const page = new Page().take(rows(...uids)).take([], uids.slice(0, 3)).take([], uids.slice(3));
  assert.equal(page.index.order.length, MOST_DEPARTED);
  assert.equal(page.lines[0], '(pod-1005)');
  page.index.forgetDeparted(LEFT.at + DEPARTED_FOR);
  assert.deepEqual(page.lines, []);
});

test('whatever comes and goes, what did not leave is as a fresh list', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = randomFrom(seed);
    const page = new Page(['?group=none', '', '?q=pod-1'][seed % 3]);
    const truth = new Map();
    for (let step = 0; step < 30; step += 1) {
      const [upserts, removes] = [[], []];
      for (let times = random() * 9; times > 0; times -= 1) {
        const uid = String(Math.floor(random() * 30));
        if (random() < 0.4) {
          removes.push(uid);
        } else {
          upserts.push(row(uid, { health: ['failing', 'done'][Math.floor(random() * 2)] }));
        }
      }
      removes.forEach((uid) => truth.delete(uid));
      upserts.forEach((one) => truth.set(one.uid, one));
      page.take(upserts, removes, { at: LEFT.at + step * 5000, left: random() < 0.9 });
      page.index.forgetDeparted(LEFT.at + step * 5000);
      const fresh = new RowIndex(readView(['?group=none', '', '?q=pod-1'][seed % 3]));
      fresh.apply(truth.values(), []);
      const there = (index) => index.order.filter(({ header, left }) => !header && !left).map((entry) => entry.row);
      assert.deepEqual(there(page.index), there(fresh), `seed ${seed}`);
      assert.deepEqual([page.index.matching, page.index.counts], [fresh.matching, fresh.counts]);
      const uids = page.index.order.filter(({ header }) => !header).map(({ id }) => id);
      assert.equal(new Set(uids).size, uids.length, 'no pod twice');
    }
  }
});

test('what is no news bears no mark', () => {
  const pending = new Pending();
  pending.add({ upserts: rows('1'), removes: [] }, true, LEFT);
  assert.equal(pending.take(500).news.freshUntil, 500);
  pending.add({ upserts: rows('1'), removes: [] }, false, LEFT);
  pending.add({ upserts: rows('2'), removes: [] }, true, LEFT);
  assert.equal(pending.take(500).news.freshUntil, null);
});
