/** What a live view has of the browser: its clock, sockets and requests, and news of the page's fate. */

/** What the browser offers, in one place, so that tests can put their own clock and socket here. */
export function browserEnv() {
  // A page that listens to `unload` is not put into the back/forward cache. Each view has a listener of its
  // own: one whose socket stands lets go of its own, and not of that of another, whose socket is being opened.
  const keep = () => {};
  return {
    WebSocket,
    now: () => Date.now(),
    setTimeout: (callback, delay) => setTimeout(callback, delay),
    clearTimeout: (timer) => clearTimeout(timer),
    random: Math.random,
    fetch: (address, options) => fetch(address, options),
    base: location.href,
    keepWhole: (wanted) => {
      (wanted ? addEventListener : removeEventListener)('unload', keep);
    },
  };
}

/** Tells `live` when the page is hidden, frozen, cached and shown again, and when the network is back. */
export function attach(live, page = document, frame = window) {
  page.addEventListener('visibilitychange', () => {
    if (page.visibilityState === 'hidden') {
      live.hidden();
    } else {
      live.resume();
    }
  });
  page.addEventListener('freeze', () => live.pause());
  page.addEventListener('resume', () => live.resume());
  frame.addEventListener('pagehide', () => live.pause());
  frame.addEventListener('pageshow', (event) => event.persisted && live.resume());
  frame.addEventListener('online', () => live.online());
}
