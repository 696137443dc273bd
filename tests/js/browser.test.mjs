/** What several views of one page have of the browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { browserEnv } from '../../static/js/pods/browser.js';

test('a page is kept out of the cache while any of its sockets is being opened', (context) => {
  const listening = new Set();
  const globals = {
    WebSocket: class {},
    location: { href: 'https://portal.example/pods/' },
    addEventListener: (type, listener) => listening.add(`${type}`) && listening.add(listener),
    removeEventListener: (type, listener) => listening.delete(listener),
  };
  const before = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  context.after(() => {
    for (const [name, descriptor] of before) {
      delete globalThis[name];
      if (descriptor !== undefined) {
        Object.defineProperty(globalThis, name, descriptor);
      }
    }
  });
  const [rows, log] = [browserEnv(), browserEnv()];
  rows.keepWhole(true);
  log.keepWhole(true);
  rows.keepWhole(false);
  assert.equal(listening.size, 2, 'that of the log is still there');
  log.keepWhole(false);
  assert.deepEqual([...listening], ['unload']);
});
