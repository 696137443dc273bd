"""How people come and go in a real browser, one function each, and what a portal holds of them."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from pods.leakcheck.check import RETURN_SECONDS
from pods.leakcheck.counts import Reading, read
from pods.leakcheck.target import Address
from tests.watched import WATCHED

SHOP = "/pods/?cluster=demo&namespace=shop"
TABS = 3
WATCHES = len(WATCHED)
LIVE_MS = 20_000

# Runs before any script of the page: keeps the page's sockets, and the most of rows that were there at once
# (one pod's page has one for its log beside).
# What a page that is being left still holds, its own listeners having run, is added up over all pages.
_SPY = """
(() => {
  const alive = (path = '') =>
    made.filter(({ readyState, url }) => readyState <= WebSocket.OPEN && url.includes(path)).length;
  const add = (name, value, join) =>
    sessionStorage.setItem(name, join(Number(sessionStorage.getItem(name) ?? 0), value));
  const made = [];
  window.WebSocket = class extends WebSocket {
    constructor(...words) {
      super(...words);
      made.push(this);
      add('opened', 1, (one, other) => one + other);
      add('most', alive('/ws/pods/'), Math.max);
    }
  };
  addEventListener('DOMContentLoaded', () =>
    addEventListener('load', () =>
      addEventListener('pagehide', () => add('kept', alive(), (one, other) => one + other))));
})();
"""


def visitor(browser: Browser, url: str) -> BrowserContext:
    """A browser of somebody who is not signed in, and whose pages' sockets are counted."""
    context = browser.new_context(base_url=url)
    context.set_default_timeout(LIVE_MS)
    context.add_init_script(_SPY)
    return context


def is_live(page: Page) -> None:
    """Waits until the page says so."""
    expect(page.locator("#feed-word")).to_have_text("Live", timeout=LIVE_MS)


def spied(page: Page, name: str) -> int:
    """`opened`: sockets made in this tab so far; `most`: at once; `kept`: when a page was left."""
    return int(page.evaluate("name => sessionStorage.getItem(name) ?? 0", name))


def switch(page: Page) -> None:
    """To another namespace, by the menu."""
    here = page.locator("nav.crumb details.menu").nth(1)
    here.locator("summary").click()
    here.locator("a[href*='namespace=']:not([aria-current]):not([href*='*'])").first.click()
    is_live(page)


def to_a_pod(page: Page) -> None:
    """To the own page of the first pod, as a click on its link with a key held would in a new tab."""
    page.locator("#rows > [role=row] a").first.evaluate("link => location.assign(link.href)")


def back_from_cache(page: Page) -> None:
    """To a pod's page and back, where the browser has kept the page as it was."""
    page.goto(SHOP)
    is_live(page)
    page.evaluate("window.kept = true")
    to_a_pod(page)
    page.wait_for_url("**/pods/demo/shop/*/")
    page.evaluate("history.back()")
    page.wait_for_function("window.kept === true")
    is_live(page)


def back_without_cache(page: Page) -> None:
    """The same where the browser makes the page anew."""
    page.goto(SHOP)
    is_live(page)
    to_a_pod(page)
    page.wait_for_url("**/pods/demo/shop/*/")
    page.go_back()
    is_live(page)
    page.go_forward()
    page.go_back()
    is_live(page)


@contextlib.contextmanager
def copies(page: Page) -> Iterator[list[Page]]:
    """The tab, duplicated until TABS are open; the copies are closed at the end of the block."""
    made = []
    for _ in range(TABS - 1):
        with page.expect_popup() as opened:
            page.evaluate("() => { open(location.href); }")
        made.append(opened.value)
    yield made
    for copy in made:
        copy.close()


def duplicate(page: Page) -> None:
    """The tab is duplicated, and the copies are closed as soon as they are live."""
    page.goto(SHOP)
    is_live(page)
    with copies(page) as made:
        for copy in made:
            is_live(copy)


def leave_during_connect(page: Page) -> None:
    """The page is left as soon as it has made its socket."""
    with page.expect_websocket():
        page.goto(SHOP, wait_until="commit")
    page.goto("/login/", wait_until="commit")


def back_during_connect(page: Page) -> None:
    """To a pod's page, and back as soon as that has made its socket."""
    page.goto(SHOP)
    is_live(page)
    with page.expect_websocket():
        to_a_pod(page)
    page.evaluate("() => { history.back(); }")
    page.wait_for_function("location.pathname === '/pods/'")
    is_live(page)


def crash(page: Page) -> None:
    """The tab's process dies under it: nothing of the page's own runs any more."""
    page.goto(SHOP)
    is_live(page)
    with page.expect_event("crash"), contextlib.suppress(Error):
        page.goto("chrome://crash")
    page.close()


class Counts:
    """What the portal at `url` holds; `before` is what it held at first."""

    def __init__(self, url: str) -> None:
        self._pages = [Address.parse(url).at("/metrics")]
        self.before = self.now()

    def now(self) -> Reading:
        """Read in a thread: Playwright has the loop of this one."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(read(self._pages))).result()

    def settle(self) -> None:
        """Waits until nobody looks any more; that is what is held before."""
        nobody = ("sockets", "lifecycles", "feeds", "upstream watches")
        self.wait(lambda now: not any(now.counts[name] for name in nobody), "nobody looks")
        self.before = self.now()

    def wait(self, condition: Callable[[Reading], bool], what: str) -> float:
        """Waits for a condition of the counts; how long that took."""
        started = time.monotonic()
        while not condition(now := self.now()):
            waited = time.monotonic() - started
            assert waited < RETURN_SECONDS, f"Not within {waited:.0f} s: {what}. Held: {now.counts}"
            time.sleep(0.1)
        return time.monotonic() - started

    def return_(self) -> float:
        """Waits until nothing is beyond what was held before."""
        return self.wait(lambda now: not now.beyond(self.before), "all is as before")

    def sockets(self, count: int) -> None:
        """Waits until so many sockets are open, by all counts of them."""
        names = ("sockets", "the server's sockets", "lifecycles", "viewers' tasks")
        self.wait(
            lambda now: {now.counts[name] for name in names} == {count}, f"exactly {count} sockets are open"
        )
