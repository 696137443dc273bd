"""The live ledger in the browser: it follows what comes and goes, and its two clicks work by keyboard."""

import re
from collections.abc import Iterator

import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Locator, Page, WebSocket, expect

from tests.browser.conftest import PATIENCE_MS, Complaints, Portal
from tests.browser.test_look import CONTRAST

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
# The ledger is read every 2 s; a row must be there or gone within five times that.
FOLLOWS = 10_000
# A page and its first list, beside other tests.
OPENS = 30_000


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """What is expected here may take a round of the ledger."""
    expect.set_options(timeout=FOLLOWS)
    yield
    expect.set_options(timeout=PATIENCE_MS)


# How many rows, cells of totals and buttons stick out of the page, where their card cuts them off.
CUT_OFF = """() => [...document.querySelectorAll('.lr, .lr .btn, .totals > div')].filter(
  (one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth
).length"""


class Tab:
    """A viewer in a browser of their own, and the sockets that it has opened."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sockets: list[WebSocket] = []
        page.on("websocket", lambda socket: self.sockets.append(socket))

    def open(self) -> None:
        self.page.goto(SHOP)
        expect(self.page.locator("#feed-word")).to_have_text("Live", timeout=OPENS)


@pytest.fixture
def viewer(browser: Browser, portal: Portal, complaints: Complaints) -> Iterator[Tab]:
    """Somebody who is not signed in and looks at the shop."""
    context = browser.new_context(base_url=portal.url)
    page = context.new_page()
    complaints.listen(page)
    tab = Tab(page)
    tab.open()
    yield tab
    context.close()


@pytest.fixture
def ledger(page: Page, session: list[SetCookieParam], viewer: Tab) -> Page:
    """The ledger of an administrator, with that viewer alone on it."""
    page.context.add_cookies(session)
    page.goto("/ledger/")
    expect(page.locator("#feed-word")).to_have_text("Live", timeout=OPENS)
    expect(_sockets(page)).to_have_count(1, timeout=OPENS)
    return page


def _sockets(page: Page) -> Locator:
    return page.locator("#sockets .lr")


def _pods_watch(page: Page) -> Locator:
    return page.locator("#watches .lr").filter(has_text="shop").filter(has_text="pods")


def _connection(page: Page) -> str:
    return _sockets(page).first.locator("[data-part=connection]").inner_text()


def test_it_shows_who_looks_at_what_and_that_the_counts_agree(ledger: Page, viewer: Tab) -> None:
    row = _sockets(ledger)
    expect(row).to_contain_text("not signed in")
    expect(row).to_contain_text("demo: shop")
    expect(row).to_contain_text("127.0.0.1")
    expect(row.locator("[data-part=state]")).to_have_text("Keeps up")
    expect(ledger.locator("#balance-line")).to_have_text(
        "1 sockets = 1 lifecycles = 1 tasks", timeout=FOLLOWS
    )
    expect(ledger.locator("#balance-means")).to_contain_text("nothing is left behind")
    expect(ledger.locator("#balance use")).to_have_attribute("href", "#i-running")
    expect(ledger.locator("[data-total=reaped] dd")).to_have_text("0")
    expect(ledger.locator("#balance-more")).to_be_hidden()
    expect(_pods_watch(ledger).locator("[data-part=state]")).to_have_text("Live")


def test_what_is_looked_for_stands_in_the_address_and_columns_sort(ledger: Page) -> None:
    ledger.keyboard.press("/")
    ledger.keyboard.type("no such viewer")
    expect(_sockets(ledger)).to_have_count(0)
    expect(ledger.locator("#sockets-shown")).to_have_text("0 of 0 shown, 1 in all")
    assert ledger.url.endswith("/ledger/?q=no+such+viewer")
    ledger.get_by_role("searchbox").fill("")
    expect(_sockets(ledger)).to_have_count(1)
    assert ledger.url.endswith("/ledger/")
    header = ledger.get_by_role("columnheader", name="Frames")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "none")
    ledger.goto(f"/ledger/?q={_connection(ledger)}")
    expect(_sockets(ledger)).to_have_count(1)


def test_it_follows_what_comes_and_goes_and_keeps_the_last_figures_where_it_cannot(
    ledger: Page, viewer: Tab, complaints: Complaints
) -> None:
    second = ledger.context.new_page()
    second.goto(SHOP)
    expect(_sockets(ledger).filter(has_text="admin")).to_have_count(1)
    second.close()
    expect(_sockets(ledger)).to_have_count(1)
    frames = _sockets(ledger).locator("[data-part=frames]")
    before = frames.inner_text()
    expect(frames).not_to_have_text(before)
    viewer.page.goto("about:blank")
    expect(_sockets(ledger)).to_have_count(0)
    expect(ledger.locator("#sockets-none")).to_be_visible()
    expect(_pods_watch(ledger)).to_have_count(0)

    assert complaints.found == []
    ledger.context.set_offline(True)
    expect(ledger.locator("#feed-word")).to_have_text("Stale since")
    expect(ledger.locator("#ledger-stale")).to_be_visible()
    expect(ledger.locator("#balance-line")).to_contain_text("=")
    ledger.context.set_offline(False)
    expect(ledger.locator("#feed-word")).to_have_text("Live")
    expect(ledger.locator("#ledger-stale")).to_be_hidden()
    complaints.found.clear()  # the browser's own words about being offline


def test_a_viewer_is_ended_by_keyboard_after_a_question(ledger: Page, viewer: Tab) -> None:
    ended, posts = _connection(ledger), list[str]()
    ledger.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    dialog = ledger.get_by_role("dialog", name="End this viewer?")
    _sockets(ledger).get_by_role("button").focus()
    ledger.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    expect(dialog).to_contain_text(f"{ended} (not signed in, looking at demo: shop)")
    ledger.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(_sockets(ledger).get_by_role("button")).to_be_focused()
    with ledger.expect_response(re.compile("/api/v1/ledger")):
        pass  # the next picture
    assert posts == [], "Escape does nothing"
    assert (len(viewer.sockets), _connection(ledger)) == (1, ended)

    ledger.keyboard.press("Enter")
    ledger.keyboard.press("Tab")
    ledger.keyboard.press("Enter")
    expect(ledger.locator("#said")).to_have_text(f"Ended: not signed in, {ended}.")
    expect(_sockets(ledger).filter(has_text=ended)).to_have_count(0)
    expect(ledger.locator("#sockets-title")).to_be_focused()
    # Its page comes back by itself, on a socket of its own.
    expect(_sockets(ledger)).to_have_count(1)
    assert _connection(ledger) != ended
    expect(viewer.page.locator("#feed-word")).to_have_text("Live")
    assert len(viewer.sockets) == 2
    assert viewer.sockets[0].is_closed()


def test_a_watch_is_restarted_under_its_viewer(ledger: Page, viewer: Tab) -> None:
    watch = _pods_watch(ledger)
    before = int(watch.locator("[data-part=restarts]").inner_text())
    watch.get_by_role("button", name="Restart the watch of pods in demo: shop").click()
    ledger.get_by_role("button", name="Restart the watch", exact=True).click()
    expect(ledger.locator("#said")).to_have_text("Restarted: demo: shop.")
    expect(watch.locator("[data-part=restarts]")).to_have_text(str(before + 1))
    expect(watch.locator("[data-part=state]")).to_have_text("Live")
    expect(viewer.page.locator("#feed-word")).to_have_text("Live")
    assert len(viewer.sockets) == 1


def test_it_fits_a_phone_and_its_text_stands_out(ledger: Page) -> None:
    for width in (390, 768, 1024, 1440):
        ledger.set_viewport_size({"width": width, "height": 900})
        overflow = ledger.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{width} px: {overflow} px too wide"
        assert ledger.evaluate(CUT_OFF) == 0, f"{width} px: something is cut off"
        for scheme in ("light", "dark"):
            ledger.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert ledger.evaluate(CONTRAST) == [], f"{width} px, {scheme}"


def test_the_menu_leads_to_it_and_signing_out_elsewhere_away_from_it(
    signed_in: Page, complaints: Complaints
) -> None:
    signed_in.locator(".me summary").click()
    signed_in.get_by_role("link", name="Live ledger").click()
    expect(signed_in.locator("#feed-word")).to_have_text("Live", timeout=OPENS)
    assert complaints.found == []
    other = signed_in.context.new_page()
    other.goto("/")
    other.locator(".me summary").click()
    other.get_by_role("button", name="Sign out").click()
    signed_in.wait_for_url(re.compile(r"/login/\?next=/ledger/"), timeout=FOLLOWS)
    assert all("401" in found for found in complaints.found)
    complaints.found.clear()  # the browser's own word about the request that was refused
