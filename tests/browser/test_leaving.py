"""A real browser that comes and goes: never more than one socket a page, and nothing left of it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.browser import comings
from tests.browser.comings import SHOP, TABS, WATCHES, Counts, is_live, spied, visitor
from tests.browser.conftest import Portal, start

pytestmark = pytest.mark.browser

SWITCHES = 20
CYCLES = 3


@pytest.fixture(scope="module")
def counts(browser: Browser, portal: Portal) -> Iterator[Counts]:
    """What a portal that was looked at before holds, and within 20 seconds of all this holds again."""
    context = visitor(browser, portal.url)
    comings.duplicate(context.new_page())
    context.close()
    held = Counts(portal.url)
    held.settle()
    yield held
    print(f"all as before {held.return_():.1f} s after the browser's end")


@pytest.fixture
def tab(counts: Counts, browser: Browser, portal: Portal) -> Iterator[Page]:
    """A tab whose sockets are counted."""
    context = visitor(browser, portal.url)
    yield context.new_page()
    context.close()
    counts.sockets(0)


def test_switching_namespaces_again_and_again_has_one_socket_at_a_time(tab: Page, counts: Counts) -> None:
    tab.goto(SHOP)
    is_live(tab)
    for _ in range(SWITCHES):
        comings.switch(tab)
        counts.sockets(1)
    assert spied(tab, "opened") == SWITCHES + 1
    assert spied(tab, "most") == 1
    assert spied(tab, "kept") == 0, "a page that is left has closed its socket"


@pytest.mark.parametrize(
    "come_and_go", [comings.leave_during_connect, comings.crash, comings.back_without_cache]
)
def test_whatever_the_browser_does_no_socket_is_left(
    tab: Page, counts: Counts, come_and_go: Callable[[Page], None]
) -> None:
    for _ in range(CYCLES):
        page = tab.context.new_page()
        come_and_go(page)
        # Left, not closed: now and then Chromium never tells that a page that was being opened has closed.
        if not page.is_closed():
            page.goto("about:blank")
        counts.sockets(0)


def test_duplicated_tabs_have_a_socket_each_until_they_close(tab: Page, counts: Counts) -> None:
    tab.goto(SHOP)
    is_live(tab)
    with comings.copies(tab) as copies:
        for copy in copies:
            is_live(copy)
        counts.sockets(TABS)
        assert counts.now().counts["upstream watches"] <= counts.before.counts["upstream watches"] + WATCHES
    counts.sockets(1)
    assert spied(tab, "most") == 1


@pytest.fixture
def caching_tab(counts: Counts, playwright: Playwright, portal: Portal) -> Iterator[Page]:
    """A tab of a browser with the back and forward cache, which Playwright switches off."""
    browser = start(playwright, ignore_default_args=["--disable-back-forward-cache"])
    yield visitor(browser, portal.url).new_page()
    browser.close()
    counts.sockets(0)


def test_a_page_in_the_back_and_forward_cache_has_no_socket(caching_tab: Page, counts: Counts) -> None:
    for _ in range(CYCLES):
        comings.back_from_cache(caching_tab)
        counts.sockets(1)
    assert spied(caching_tab, "most") == 1
    assert spied(caching_tab, "kept") == 0


def test_a_page_left_for_the_cache_while_its_socket_opens_has_none(caching_tab: Page, counts: Counts) -> None:
    """Else the browser opens the socket all the same, in a page that is frozen by then: for nobody."""
    for _ in range(2 * CYCLES):
        comings.back_during_connect(caching_tab)
        counts.sockets(1)
