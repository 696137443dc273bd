"""Without JavaScript the pods are a plain table, and the live page leads to it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Portal
from tests.browser.test_unstarted import SKIP_THE_WAIT, lose

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
FAILING = re.compile(r"Failing [1-9]")


@pytest.fixture
def scriptless(browser: Browser, portal: Portal) -> Iterator[Page]:
    """A tab without JavaScript."""
    context = browser.new_context(base_url=portal.url, java_script_enabled=False)
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def test_without_javascript_one_gets_from_the_home_page_to_why_a_pod_fails(scriptless: Page) -> None:
    page = scriptless
    page.goto("/")
    page.get_by_role("link", name="All namespaces").click()
    page.get_by_role("link", name="See them as a plain table").click()
    table = page.get_by_role("table", name="Pods")
    expect(table).to_be_visible()
    expect(page.locator(".plain-feed")).to_contain_text("Live")
    expect(page.locator("noscript")).to_have_count(0)
    first = table.get_by_role("row").nth(1)
    expect(first).to_contain_text("Failing")
    expect(first.locator(".plain-why b")).not_to_be_empty()
    name = first.get_by_role("rowheader").inner_text()
    page.get_by_role("link", name=FAILING).click()
    expect(page.get_by_role("link", name=FAILING)).to_have_attribute("aria-current", "true")
    expect(table.locator("tbody tr:not(.bad)")).to_have_count(0)
    page.get_by_role("searchbox").fill(name.split()[-1])
    page.get_by_role("button", name="Filter").click()
    expect(table.locator("tbody tr")).to_have_count(1)
    assert "health=failing" in page.url
    page.get_by_role("link", name="Load again").click()
    expect(table.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Clear filters").click()
    expect(table.locator("tbody tr:not(.bad)")).not_to_have_count(0)


def test_a_page_that_lost_its_scripts_leads_to_the_plain_table(page: Page) -> None:
    lost = page.context.new_page()
    lost.route("**/js/pods/protocol*.js", lose)
    lost.goto(SHOP)
    lost.evaluate(SKIP_THE_WAIT)
    lost.locator("#unstarted").get_by_role("link", name="See the pods as a plain table").click()
    expect(lost.get_by_role("table", name="Pods")).to_be_visible()
    assert lost.url.endswith("/pods/plain/?cluster=demo&namespace=shop")
