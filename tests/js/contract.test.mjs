/** The browser understands every frame that tests/contract holds true for the portal, and its words are understood there. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { ackFrame, closeRule, FrameError, parseFrame } from '../../static/js/pods/protocol.js';

const contract = JSON.parse(
  readFileSync(new URL('../contract/frames.json', import.meta.url), 'utf8'),
);

for (const frame of contract.from_server) {
  test(`${frame.type} ${frame.state ?? frame.code ?? frame.token}: every field arrives`, () => {
    const { reason_code: code, ...sent } = frame;
    const read = parseFrame(JSON.stringify({ ...frame, from_a_later_version: [1] }));
    for (const [field, value] of Object.entries(sent)) {
      assert.deepEqual(read[field] || null, value || null, field);
    }
    if (code !== undefined) {
      assert.equal(read.code, code);
    }
    assert.equal('from_a_later_version' in read, false);
  });
}

test('types that are not known are ignored', () => {
  for (const frame of contract.ignored_by_browsers) {
    assert.equal(parseFrame(JSON.stringify(frame)), null);
  }
});

test('text that is no frame is an error, not ignored', () => {
  for (const text of ['', 'null', '[]', '7', '{"type":"snapshot"}']) {
    assert.throws(() => parseFrame(text), FrameError);
  }
});

test('acknowledgements are written as the portal reads them', () => {
  for (const ack of contract.from_browser.filter((message) => message.namespace !== undefined)) {
    assert.deepEqual(JSON.parse(ackFrame({ part: null, ...ack })), ack);
  }
});

test('every close code has a rule of its own', () => {
  const unknown = closeRule(4999);
  for (const code of contract.close_codes) {
    assert.notEqual(closeRule(code), unknown, `${code}`);
  }
});
