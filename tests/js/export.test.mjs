import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { csvText, fileName, jsonText, namesText } from '../../static/js/pods/export.js';
import { RowIndex } from '../../static/js/pods/index.js';
import { kubectlCommand } from '../../static/js/pods/kubectl.js';
import { readView } from '../../static/js/pods/url.js';
import { row } from './helpers.mjs';

const ASKED = { context: 'prod', namespaces: ['shop'], selector: '', deployment: '' };
const command = (search, asked = {}) => kubectlCommand({ ...ASKED, ...asked }, readView(search));
const q = (text) => `?q=${encodeURIComponent(text)}`;

test('the command asks for the same namespaces, labels and fields', () => {
  assert.equal(command('').command, 'kubectl --context prod get pods -n shop');
  assert.equal(command('', { context: null, namespaces: ['*'] }).command, 'kubectl get pods -A');
  assert.equal(
    command('', { namespaces: ['shop', 'cart'], selector: 'tier in (web,db)' }).command,
    "kubectl --context prod get pods -n shop -l 'tier in (web,db)'\n" +
      "kubectl --context prod get pods -n cart -l 'tier in (web,db)'",
  );
  const labels = 'label:a -label:b label:c=1 -label:d=2 label:e!=3 -label:f!=4';
  assert.equal(command(q(labels)).command, "kubectl --context prod get pods -n shop -l 'a,!b,c=1,d!=2,e!=3,f=4'");
  assert.equal(
    command(q('node:=node-1 -ip:=10.0.0.1')).command,
    "kubectl --context prod get pods -n shop --field-selector 'spec.nodeName=node-1,status.podIP!=10.0.0.1'",
  );
});

test('what the command cannot say is told', () => {
  const { command: text, left } = command(
    `${q('web node:node-1 restarts:>3 label:a="two words"')}&health=failing&status=Error`,
    { deployment: 'web' },
  );
  assert.equal(text, 'kubectl --context prod get pods -n shop');
  assert.deepEqual(left, [
    'deployment=web', 'web', 'node:node-1', 'restarts:>3', 'label:a="two words"', 'health:failing', 'status:=Error',
  ]);
});

test('a shell reads the words of the command as they are meant', () => {
  const evil = `a'; echo "$(id)" \`id\` \\ $HOME`;
  const { command: text } = command(q(`name:="${evil.replace(/["\\]/g, '\\$&')}"`), { context: evil });
  const read = execFileSync('sh', ['-c', `kubectl() { printf '%s\\n' "$@"; }; ${text}`], { encoding: 'utf8' });
  assert.deepEqual(read.split('\n'), [
    '--context', evil, 'get', 'pods', '-n', 'shop', '--field-selector', `metadata.name=${evil}`, '',
  ]);
});

test('CSV holds every field, and no formula', () => {
  const why = { code: 'x', params: {}, summary: '=HYPERLINK("http://evil")' };
  const rows = [row('1', { status: '@SUM(1)', node: null, labels: { b: '2', a: 'x,"y"' }, why }), row('2', { owner: null })];
  const [head, first, second, end] = csvText(rows).split('\r\n');
  assert.equal(head, '"namespace","name","ready","status","restarts","last_restart","created","node","ip","owner_kind","owner_name","health","why","labels"');
  assert.equal(
    first,
    '"shop","pod-1","1/1","\'@SUM(1)","0","","2026-01-01T00:00:00Z","","10.0.0.1","Deployment","web","running",' +
      '"\'=HYPERLINK(""http://evil"")","a=x,""y"",b=2"',
  );
  assert.match(second, /"pod-2".*"10.0.0.1","","","running","",""$/);
  assert.equal(end, '');
  for (const sign of ['=', '+', '-', '@', '\t', '\r', '\n', '＝']) {
    assert.match(csvText([row('1', { status: `${sign}1` })]), new RegExp(`"'[${sign}]1"`), JSON.stringify(sign));
  }
});

test('names, JSON and the name of the file', () => {
  const rows = [row('1'), row('2')];
  assert.equal(namesText(rows), 'pod-1\npod-2\n');
  const about = { cluster: 'demo', namespaces: ['*'], taken: '2026-01-31T14:03:12.123Z' };
  assert.deepEqual(JSON.parse(jsonText(rows, about)), { ...about, pods: rows });
  assert.equal(fileName(about, 'csv'), 'pods-demo-all-20260131T140312Z.csv');
  assert.equal(fileName({ ...about, namespaces: ['a', 'b'] }, 'json'), 'pods-demo-2-namespaces-20260131T140312Z.json');
});

test('what is exported is what the filter lets through, folded or not, without pods that left', () => {
  const job = { owner: { kind: 'Job', name: 'load' }, health: 'done' };
  const index = new RowIndex(readView('?health=done&health=running'));
  index.apply([row('1', job), row('2'), row('3', { health: 'failing' }), row('4')], []);
  index.apply([], ['4'], { freshUntil: 0, left: new Map([['4', { at: 0, now: 0 }]]) });
  index.setOpen(index.order[0], false);
  assert.deepEqual([...index.matchingRows()].map(({ uid }) => uid), ['2', '1']);
});
