"""A Chromium for the benchmarks, and what is asked of its pages."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.browser.conftest import CHROMIUM_FLAGS
from tools.chromium import ensure_chromium

# Else each first connection is made twice: the certificate's authority is ours.
FLAGS = (*CHROMIUM_FLAGS, "--ignore-certificate-errors")
SIZE = {"width": 1440, "height": 900}
WAIT_MS = 120_000

# Written down in the frame in which it is on screen, in milliseconds since the navigation began.
ROWS_PROBE = """
  window.seen = { first: null, all: null };
  const note = (name) => setTimeout(() => { seen[name] ??= performance.now(); });
  const drawn = (name) => requestAnimationFrame(() => note(name));
  new MutationObserver(() => {
    if (seen.first === null && document.querySelector('#rows > .p')) drawn('first');
    const shown = document.querySelector('#shown')?.textContent ?? '';
    if (seen.all === null && shown.startsWith(`${ALL} of ${ALL} `)) drawn('all');
  }).observe(document, { childList: true, subtree: true, characterData: true });
"""

# When each status first stood in the document, in seconds since 1970.
STATUS_PROBE = """
  window.statuses = {};
  new MutationObserver(() => {
    for (const { textContent } of document.querySelectorAll('#rows .st')) {
      statuses[textContent] ??= (performance.timeOrigin + performance.now()) / 1000;
    }
  }).observe(document, { childList: true, subtree: true, characterData: true });
"""

LONG_TASKS_PROBE = """
  window.longTasks = [];
  new PerformanceObserver((list) => list.getEntries().forEach((one) => longTasks.push(one.duration)))
    .observe({ type: 'longtask' });
"""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """One that starts here. Raises RuntimeError where there is none."""
    program = ensure_chromium()
    if program is None:
        raise RuntimeError("No Chromium that starts.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def tab(browser: Browser, *probes: str) -> Iterator[Page]:
    """A page that nothing is cached for."""
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]
    try:
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        for probe in probes:
            page.add_init_script(probe)
        yield page
    finally:
        context.close()


def until(page: Page, condition: str) -> None:
    """Waits for what is true in the page. Raises TimeoutError.

    Playwright's own waiting evaluates a text within the page, which its policy forbids.
    """
    deadline = time.monotonic() + WAIT_MS / 1000
    while not page.evaluate(condition):
        if time.monotonic() > deadline:
            raise TimeoutError(condition)
        page.wait_for_timeout(50)


class Load:
    """What a page asks for: bytes as they came by address, and which hosts it asked."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        self.requests = 0
        self.hosts: set[str] = set()
        self._session = page.context.new_cdp_session(page)
        self._session.send("Network.enable")
        self._session.on("Network.requestWillBeSent", self._sent)
        self._session.on("Network.loadingFinished", self._finished)

    def _sent(self, event: dict[str, Any]) -> None:
        url: str = event["request"]["url"]
        if not url.startswith("data:"):
            self.requests += 1
            self.hosts.add(url.split("/")[2])

    def _finished(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])


class Batches:
    """How many deltas have come over the page's sockets."""

    def __init__(self, page: Page) -> None:
        self.count = 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._received))

    def _received(self, payload: str | bytes) -> None:
        self.count += payload.startswith('{"type":"delta"') if isinstance(payload, str) else 0


def heap_mb(session: CDPSession) -> float:
    """What the page's scripts hold, once all that nothing refers to is collected."""
    session.send("HeapProfiler.collectGarbage")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "JSHeapUsedSize") / 1e6
