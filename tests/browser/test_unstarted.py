"""A page whose scripts do not load says so and leads on, without a script."""

from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

pytestmark = pytest.mark.browser

SCRIPT = "**/js/pods/protocol*.js"
# The note waits for 10 seconds; the test need not.
SKIP_THE_WAIT = "() => document.getAnimations().forEach((animation) => animation.finish())"


def lose(route: Route) -> None:
    """As a browser does with what is on its way when a network interface comes or goes."""
    route.abort("internetdisconnected")


def expect_not_started(page: Page) -> None:
    page.evaluate(SKIP_THE_WAIT)
    expect(page.locator("#unstarted")).to_be_visible()
    expect(page.locator("#feed-word")).to_be_hidden()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
@pytest.mark.parametrize("path", ["/pods/?cluster=demo&namespace=shop", "/pods/demo/shop/any/"])
def test_a_page_that_lost_a_script_says_so_and_leads_on(
    context: BrowserContext, path: str, motion: Literal["no-preference", "reduce"]
) -> None:
    page = context.new_page()
    page.emulate_media(reduced_motion=motion)
    page.route(SCRIPT, lose)
    page.goto(path)
    expect(page.locator("#unstarted")).to_be_hidden()
    expect(page.locator("#feed-word")).to_have_text("Catching up")
    expect_not_started(page)
    page.unroute(SCRIPT)
    page.locator("#unstarted").get_by_role("link", name="Load the page again").click()
    expect(page.locator("#feed-word")).to_have_text("Live")
    page.evaluate(SKIP_THE_WAIT)
    expect(page.locator("#unstarted")).to_be_hidden()


def test_home_says_so_as_well(context: BrowserContext) -> None:
    page = context.new_page()
    page.route("**/js/pods/home*.js", lose)
    page.goto("/")
    page.evaluate(SKIP_THE_WAIT)
    expect(page.locator("#unstarted")).to_be_visible()
