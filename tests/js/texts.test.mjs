/** The lint rule that keeps texts for people out of scripts: what it finds, what it leaves alone, our own. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import noTexts from '../../tools/eslint-no-texts.js';

const SCRIPTS = new URL('../../static/js/pods/', import.meta.url);
const YAML = 'role.js';
const CONFIG = [{ plugins: { portal: { rules: { 'no-texts': noTexts } } }, rules: { 'portal/no-texts': 'error' } }];

// `make test-quick` installs no packages.
const eslint = await import('eslint').catch(() => null);
const options = { skip: eslint === null && 'ESLint is not installed (npm ci)' };

const found = (code) => new eslint.Linter().verify(code, CONFIG).map(({ message }) => message);

test('a text that a script puts on the page is found', options, () => {
  for (const code of [
    "say('No pods here');",
    'say(`There are ${count} pods here`);',
    "say('这里 没有');",
    "box.textContent = 'Live';",
    "box.title = known ? 'Live' : '';",
    "setText(box, name || 'Nobody');",
    "box.setAttribute('aria-label', 'Close');",
    "new Option('Any', '');",
    "box.append('Stale');",
    "setText(box, 'Since ' + time);",
  ]) {
    assert.notDeepEqual(found(code), [], code);
  }
});

test('what nobody reads is left alone', options, () => {
  for (const code of [
    "say('pods');",
    "setText(box, texts.ui('live'));",
    "box.className = `grid row ${tint}`.trimEnd();",
    "box.setAttribute('class', 'icon small');",
    "page.querySelector('details menu');",
    "throw new SyntaxError('A frame lacks its type.');",
    "query.append('health', 'failing');",
    "setText(box, '–');",
  ]) {
    assert.deepEqual(found(code), [], code);
  }
});

test('no script of the pages holds a text', options, () => {
  const files = readdirSync(SCRIPTS).filter((name) => name.endsWith('.js') && name !== YAML);
  assert.ok(files.length > 20);
  for (const name of files) {
    assert.deepEqual(found(readFileSync(new URL(name, SCRIPTS), 'utf8')), [], name);
  }
});
