"""A page that was opened before an upgrade: it goes on, says so, and is reloaded when one likes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Complaints, Portal
from tests.portal import PortalProcess
from tests.replicas.releases import OTHER, RUN

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
ROWS = "#rows > [role=row]"
WAIT = 40_000
NEXT: dict[str, Any] = {"k8sportal": {"__version__": "99.0.0"}}
# A release that has dropped the wire of this one's pages.
NEXT_WIRE = {**NEXT, "pods.domain.protocol": {"SUBPROTOCOL": "k8sportal.v99"}}
# What a browser says of a portal that is starting again.
AWAY = ("WebSocket connection to", "ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")


class Installation(PortalProcess):
    """A portal whose release changes; see tests.replicas.other_release."""

    def becomes(self, other: dict[str, Any] | None) -> None:
        """Ends and starts again as this build (None), or with these values."""
        self.stop()
        self.program = RUN if other is None else OTHER
        self._environment["OTHER_RELEASE"] = json.dumps(other)
        self.start()


@pytest.fixture(scope="module")
def running(portal: Portal) -> Iterator[Installation]:
    with Installation(environment={"PORTAL_DEMO_URL": portal.demo_url}) as installation:
        yield installation


@pytest.fixture
def installation(running: Installation) -> Iterator[Installation]:
    """This build, in the beginning and in the end."""
    yield running
    if running.program != RUN:
        running.becomes(None)


@pytest.fixture
def page(browser: Browser, installation: Installation, complaints: Complaints) -> Iterator[Page]:
    """A tab; it may complain of a portal that is away, and of nothing else."""
    opened = browser.new_page(base_url=installation.url(""), viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(WAIT)
    complaints.listen(opened)
    yield opened
    opened.close()
    assert [each for each in complaints.found if not any(word in each for word in AWAY)] == []


def expect_live(page: Page) -> None:
    expect(page.locator("#feed-word")).to_have_text("Live", timeout=WAIT)
    expect(page.locator(f"{ROWS}.fresh").first).to_be_attached(timeout=WAIT)


def test_an_old_page_goes_on_and_offers_to_reload(page: Page, installation: Installation) -> None:
    page.goto(SHOP)
    page.locator("#q").fill("status:Running")
    expect_live(page)
    expect(page.locator("#version-note")).to_be_hidden()
    later: list[str] = []
    page.on("request", lambda request: later.append(request.url))
    installation.becomes(NEXT)
    expect(page.locator("#version-text")).to_contain_text("runs another version now", timeout=WAIT)
    expect_live(page)
    expect(page.locator("#q")).to_have_value("status:Running")
    assert [url for url in later if "/static/" in url] == [], "files of its release are gone by now"
    page.get_by_role("button", name="Reload").click()
    expect_live(page)
    expect(page.locator("#version-note")).to_be_hidden()
    expect(page.locator("#q")).to_have_value("status:Running")
    assert [url for url in later if "/static/" in url], "now it is of that release"


def test_a_page_that_the_portal_has_no_socket_for_polls_and_says_so(
    page: Page, installation: Installation
) -> None:
    page.goto(SHOP)
    expect_live(page)
    installation.becomes(NEXT_WIRE)
    expect(page.locator("#feed-word")).to_have_text("Polling", timeout=WAIT)
    expect(page.locator("#bar-text")).to_contain_text("has no live connection for it any more")
    expect(page.locator("#version-text")).to_contain_text("runs another version now")
    expect(page.locator(f"{ROWS}.fresh").first).to_be_attached(timeout=WAIT)
    installation.becomes(None)
    page.locator("#retry").dispatch_event("click")  # whether it is shown still or not
    expect_live(page)
    expect(page.locator("#version-note")).to_be_hidden()
    expect(page.locator("#bar-note")).to_be_hidden()
