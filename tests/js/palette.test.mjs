import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { RANK, find, findAll, search } from '../../static/js/pods/fuzzy.js';
import { Choice, MOST, addressOf, entry, offered, placesOf, viewsOf } from '../../static/js/pods/palettelist.js';
import { sameView, viewQuery } from '../../static/js/pods/viewstate.js';
import { medianTime, randomFrom } from './helpers.mjs';

const WORDS = { all: 'All namespaces', namespace: 'namespace', cluster: 'cluster' };
const NAMESPACES = 5000;
/** Milliseconds of the processor that a letter may take among so many namespaces; a test allows five times that. */
const LETTER_TAKES = 5;

const rankOf = (wanted, text) => find(wanted, text)?.rank ?? null;
const found = (query, ...texts) =>
  search(query, texts.map((text) => entry('namespace', text))).map(({ entry: { text } }) => text);

test('a name is found by its beginning, a word, initials, its inside, and scattered letters, in this order', () => {
  assert.equal(rankOf('orders', 'orders'), RANK.whole);
  assert.equal(rankOf('ord', 'orders-api'), RANK.prefix);
  assert.equal(rankOf('api', 'rapid-api'), RANK.word);
  assert.equal(rankOf('oa', 'orders-api'), RANK.initials);
  assert.equal(rankOf('der', 'orders-api'), RANK.inside);
  assert.equal(rankOf('osi', 'orders-api'), RANK.scattered);
  assert.equal(rankOf('ia', 'orders-api'), null);
  const names = ['x-o-r-d', 'word', 'my-order', 'order', 'ord', 'o-r-d'];
  assert.deepEqual(found('ord', ...names), ['ord', 'order', 'my-order', 'o-r-d', 'x-o-r-d', 'word']);
});

test('among equals the nearer letters and the shorter name come first, then the order that there was', () => {
  assert.deepEqual(found('tb', 'xtaaab', 'xtab', 'xta-ab'), ['xtab', 'xtaaab', 'xta-ab']);
  assert.deepEqual(found('team', 'team-long', 'team-b', 'team-a'), ['team-b', 'team-a', 'team-long']);
});

test('what was found is marked where it stands', () => {
  assert.deepEqual(find('api', 'rapid-api').marks, [[6, 9]]);
  assert.deepEqual(find('oa', 'orders-api').marks, [[0, 1], [7, 8]]);
  assert.deepEqual(find('osap', 'orders-api').marks, [[0, 1], [5, 6], [7, 9]]);
  assert.deepEqual(findAll(['api', 'ord'], 'orders-api').marks, [[0, 3], [7, 10]]);
  assert.deepEqual(findAll(['orders', 'ders-a'], 'orders-api').marks, [[0, 8]]);
});

test('marks are within the text and hold the letters that were wanted, whatever is typed', () => {
  const letters = ['a', 'b', 'é', '命', '-', '1', 'İ', '😀'];
  for (let seed = 1; seed <= 3000; seed += 1) {
    const random = randomFrom(seed);
    const some = (most) => Array.from({ length: 1 + Math.floor(random() * most) }, () => letters[Math.floor(random() * letters.length)]).join('');
    const [wanted, text] = [some(4), some(9)];
    const result = find(wanted, text);
    const held = result?.marks.map(([from, to]) => text.slice(from, to)).join('');
    assert.ok(result === null || held === wanted, `${wanted} in ${text}: ${held}`);
    assert.equal(result === null, !isWithin(wanted, text), `${wanted} in ${text}`);
  }
});

/** Whether the letters of the one are in the other in their order. */
function isWithin(wanted, text) {
  let at = 0;
  for (const unit of wanted.split('')) {
    at = text.indexOf(unit, at) + 1;
    if (at === 0) {
      return false;
    }
  }
  return true;
}

test('every word must be found, one of them beside the name as well, and a phrase is better than its words', () => {
  const entries = [
    entry('namespace', 'shop', 'prod'),
    entry('namespace', 'shop', 'test'),
    entry('action', 'Group by node', 'action'),
    entry('action', 'Node group by', 'action'),
  ];
  const hits = (query) => search(query, entries).map(({ entry: one }) => `${one.text} ${one.also}`);
  assert.deepEqual(hits('prod sh'), ['shop prod']);
  assert.deepEqual(hits('TEST shop'), ['shop test']);
  assert.deepEqual(hits('shop nowhere'), []);
  assert.equal(hits('group by node')[0], 'Group by node action');
  assert.deepEqual(hits('tst'), [], 'scattered letters beside the name would find everything');
});

test('places come before what can be done, where both are found equally well', () => {
  const entries = [entry('action', 'Map'), entry('namespace', 'maps')];
  assert.deepEqual(search('ma', entries).map(({ entry: { text } }) => text), ['maps', 'Map']);
});

test('at first there is some of each kind, with the current cluster before others', () => {
  const clusters = ['a', 'b'].map((name) => ({
    name,
    url_name: name,
    namespaces: Array.from({ length: 100 }, (_, at) => ({ name: `${name}-${at}` })),
  }));
  const entries = [...placesOf(clusters, 'b', WORDS), entry('action', 'Keys')];
  const { options, all } = offered(' ', entries);
  const texts = options.map(({ entry: { text } }) => text);
  assert.equal(all, 205);
  assert.ok(options.length <= MOST);
  assert.deepEqual(texts.slice(0, 2), ['All namespaces', 'b-0']);
  assert.ok(texts.includes('Keys') && texts.includes('a'));
});

test('views are found by their names and by who shares them', () => {
  const views = viewsOf([{ name: 'Restarts', href: '/pods/?a', owner: 'ana' }], { view: 'view' });
  assert.equal(offered('ana', views).options[0].entry.address, '/pods/?a');
  assert.equal(offered('rest', views).all, 1);
});

test('of five thousand namespaces a few are drawn, soon after each letter', (context) => {
  const random = randomFrom(7);
  const part = () => ['orders', 'billing', 'web', 'api', 'team', 'prod', 'test', 'search'][Math.floor(random() * 8)];
  const namespaces = Array.from({ length: NAMESPACES }, (_, at) => ({ name: `${part()}-${part()}-${part()}-${at}` }));
  const entries = placesOf([{ name: 'prod', url_name: 'prod', namespaces }], 'prod', WORDS);
  const queries = ['o', 'ord', 'oba', 'tst9', 'prod api'];
  const takes = medianTime((run) => offered(queries[run % queries.length], entries));
  context.diagnostic(`One letter among ${NAMESPACES} namespaces: ${takes.toFixed(1)} ms of the processor.`);
  assert.ok(takes < 5 * LETTER_TAKES);
  const { options, all } = offered('o', entries);
  assert.equal(options.length, MOST);
  assert.ok(all > 1000);
});

test('namespaces are chosen within one cluster, up to the limit, beginning with those that are shown', () => {
  const choice = new Choice('prod', ['shop'], 2);
  assert.equal(choice.changed, false);
  assert.ok(choice.toggle({ cluster: 'prod', namespace: 'web' }));
  assert.deepEqual([choice.namespaces, choice.changed], [['shop', 'web'], true]);
  assert.equal(choice.toggle({ cluster: 'prod', namespace: 'api' }), false, 'one too many');
  assert.ok(choice.toggle({ cluster: 'prod', namespace: 'shop' }));
  assert.ok(choice.has({ cluster: 'prod', namespace: 'web' }) && !choice.has({ cluster: 'prod', namespace: 'shop' }));
  assert.ok(choice.toggle({ cluster: 'test', namespace: 'web' }), 'another cluster begins anew');
  assert.deepEqual([choice.cluster, choice.namespaces], ['test', ['web']]);
  assert.deepEqual(new Choice('prod', ['*'], 2).namespaces, []);
});

test('an address keeps how pods are shown, and not which', () => {
  const search = '?cluster=a&namespace=x&q=web&health=failing&sort=-age&view=map&group=node&deployment=web';
  const kept = 'sort=-age&group=node&view=map';
  assert.equal(addressOf('/pods/', 'b', ['y', 'z'], search), `/pods/?cluster=b&namespace=y&namespace=z&${kept}`);
  assert.equal(addressOf('/pods/', 'b', ['*']), '/pods/?cluster=b&namespace=*');
});

test('a view holds what its page shows, and nothing else of the address', () => {
  const query = viewQuery('?namespace=b&namespace=a&resume=t&q=web&health=&status=Error&next=/x', 'prod');
  assert.equal(query, 'cluster=prod&namespace=b&namespace=a&q=web&status=Error');
  assert.ok(sameView(query, 'status=Error&namespace=a&namespace=b&q=web&cluster=prod'));
  assert.ok(!sameView(query, 'status=Error&namespace=a&q=web&cluster=prod'));
});

test('a view holds everything that the page writes into its address', () => {
  const [, names] = /for \(const name of (\[.*?\])\)/.exec(readFileSync('static/js/pods/url.js', 'utf8'));
  for (const name of JSON.parse(names.replaceAll("'", '"'))) {
    assert.match(viewQuery(`?namespace=a&${name}=x`, 'prod'), new RegExp(`&${name}=x`));
  }
  assert.doesNotMatch(viewQuery('?namespace=a&pod=a/web', 'prod'), /pod/, 'which pod is open is no part of it');
});
