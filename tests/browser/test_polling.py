"""A page behind an nginx that lets no WebSocket through: it says why, polls, and goes back to a socket."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import PASSWORD, Complaints, Portal
from tests.cluster.processes import free_port
from tests.nginx import Nginx, portal_site

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
ROWS = "#rows > .p"
WAIT = 30_000
UPGRADE = "proxy_set_header Upgrade $http_upgrade;"
ROUTE = "    location / {"


class Proxy(Nginx):
    """nginx before the portal of the browser tests, which may be broken for a test's length."""

    def __init__(self, portal: Portal) -> None:
        port = free_port()
        self.whole = portal_site(port, [int(urlsplit(portal.url).port or 0)])
        super().__init__(port, self.whole)

    def break_(self, text: str, instead: str) -> None:
        """Serves the configuration with `instead` in the place of `text`."""
        assert text in self.whole
        self.reload(self.whole.replace(text, instead))


@pytest.fixture(scope="module")
def running(portal: Portal, nginx_program: Path) -> Iterator[Proxy]:
    with Proxy(portal) as proxy:
        yield proxy


@pytest.fixture
def proxy(running: Proxy) -> Iterator[Proxy]:
    """Whole again in the end."""
    yield running
    running.reload(running.whole)


@pytest.fixture
def behind(browser: Browser, proxy: Proxy) -> Iterator[BrowserContext]:
    """A browser whose portal is behind the proxy."""
    opened = browser.new_context(base_url=proxy.url(""), viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(WAIT)
    yield opened
    opened.close()


@pytest.fixture
def page(behind: BrowserContext, complaints: Complaints) -> Iterator[Page]:
    """A tab; the browser may complain of sockets that do not open, and of nothing else."""
    opened = behind.new_page()
    complaints.listen(opened)
    yield opened
    others = [each for each in complaints.found if not each.startswith("error: WebSocket connection to")]
    assert others == []


def forgive(complaints: Complaints, text: str) -> None:
    """The browser complained of this, as it should."""
    others = [each for each in complaints.found if text not in each]
    assert others != complaints.found
    complaints.found = others


def is_poll(url: str) -> bool:
    return "/api/v1/pods" in url and "poll=1" in url


def expect_polling(page: Page) -> None:
    expect(page.locator("#feed-word")).to_have_text("Polling", timeout=WAIT)


def test_without_upgrade_it_polls_and_says_so_until_sockets_get_through(page: Page, proxy: Proxy) -> None:
    proxy.break_(UPGRADE, "")
    page.goto(SHOP)
    expect_polling(page)
    expect(page.locator("#bar-text")).to_contain_text("takes the Upgrade header out of them")
    expect(page.locator("#bar-text")).to_contain_text("asks for the pods every 5 seconds instead")
    assert page.locator(ROWS).count() > 10
    for _ in range(2):
        with page.expect_request(lambda request: is_poll(request.url), timeout=WAIT) as polled:
            pass
        assert polled.value.headers["if-none-match"].startswith('W/"')
    expect(page.locator(f"{ROWS}.fresh").first).to_be_attached(timeout=WAIT)
    proxy.reload(proxy.whole)
    with page.expect_websocket(lambda socket: "resume=" in socket.url, timeout=WAIT):
        page.locator("#retry").click()
    expect(page.locator("#feed-word")).to_have_text("Live", timeout=WAIT)
    expect(page.locator("#bar-note")).to_be_hidden()


def test_a_refused_origin_is_named(page: Page, proxy: Proxy) -> None:
    proxy.break_("$http_host", "$host")
    page.goto(SHOP)
    expect_polling(page)
    says = rf"refuses WebSockets of {proxy.url('')}, because it is asked for http://127\.0\.0\.1:"
    expect(page.locator("#bar-text")).to_contain_text(re.compile(says))


def test_a_proxy_that_answers_in_the_portals_place_is_told_from_it(
    page: Page, proxy: Proxy, complaints: Complaints
) -> None:
    proxy.break_(ROUTE, f"    location /ws/ {{\n        return 404;\n    }}\n{ROUTE}")
    page.goto("/pods/demo/shop/web-0/")
    expect_polling(page)
    expect(page.locator("#bar-text")).to_contain_text("something else answers than the portal")
    forgive(complaints, "404 (Not Found)")


def test_a_portal_that_is_away_while_it_polls_is_stale_and_comes_back(
    page: Page, proxy: Proxy, portal: Portal, complaints: Complaints
) -> None:
    stripped = proxy.whole.replace(UPGRADE, "")
    proxy.reload(stripped)
    page.goto(SHOP)
    expect_polling(page)
    proxy.reload(re.sub(r"server 127\.0\.0\.1:\d+", f"server 127.0.0.1:{free_port()}", stripped))
    expect(page.locator("#feed-word")).to_have_text("Stale since", timeout=WAIT)
    expect(page.locator("#bar-text")).to_contain_text("The portal does not answer")
    assert page.locator(ROWS).count() > 10, "what was known stays to be read"
    proxy.reload(stripped)
    expect_polling(page)
    forgive(complaints, "502 (Bad Gateway)")


def test_signing_out_elsewhere_ends_a_page_that_polls(
    page: Page, behind: BrowserContext, proxy: Proxy, complaints: Complaints
) -> None:
    proxy.break_(UPGRADE, "")
    page.goto("/login/")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("/")
    page.goto(SHOP)
    expect_polling(page)
    other = behind.new_page()
    other.goto("/")
    other.locator(".me summary").click()
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_load_state()
    page.bring_to_front()
    expect(page.locator("#feed-word")).to_have_text("Signed out", timeout=WAIT)
    assert page.locator(ROWS).count() == 0
    forgive(complaints, "401 (Unauthorized)")
