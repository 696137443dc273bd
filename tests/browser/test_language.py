"""The language of the pages as a reader meets it: it changes in the header, and numbers follow it."""

import re
from collections.abc import Iterator

import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS, Complaints, Portal
from tests.browser.podstates import ROWS, SHOP
from tests.browser.samples import PODS
from tests.browser.speaker import Speaker

pytestmark = pytest.mark.browser


WAIT = 30_000


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """A page and its first list, beside other tests."""
    expect.set_options(timeout=WAIT)
    yield
    expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def chinese(browser: Browser, portal: Portal, complaints: Complaints) -> Iterator[Page]:
    """A tab of somebody whose browser prefers Chinese."""
    context = browser.new_context(base_url=portal.url, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(30_000)
    page = context.new_page()
    complaints.listen(page)
    yield page
    context.close()
    assert complaints.found == []


def test_choosing_a_language_leads_back_to_the_same_view(chinese: Page) -> None:
    chinese.goto(SHOP)
    expect(chinese.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(chinese.locator("#feed-word")).to_have_text("实时")
    chinese.locator("#q").fill("web")
    expect(chinese).to_have_url(re.compile("q=web"))
    chinese.locator(".language summary").click()
    chinese.get_by_role("button", name="English").click()
    expect(chinese.locator("html")).to_have_attribute("lang", "en")
    expect(chinese).to_have_url(re.compile(r"namespace=shop&q=web$"))
    expect(chinese.locator("#q")).to_have_value("web")
    expect(chinese.locator("#feed-word")).to_have_text("Live")
    cookies = {cookie["name"]: cookie for cookie in chinese.context.cookies()}
    assert cookies["k8sportal_language"]["httpOnly"] is True
    chinese.goto("/login/")
    expect(chinese.get_by_role("button", name="Sign in")).to_be_visible()
    chinese.locator(".language summary").click()
    chinese.get_by_role("button", name="简体中文").click()
    expect(chinese.get_by_role("button", name="登录")).to_be_visible()


def test_times_and_numbers_are_written_as_in_china(chinese: Page) -> None:
    Speaker(chinese, PODS)
    chinese.goto("/pods/demo/shop/web-00001/")
    expect(chinese.locator("#fact-created")).to_have_text("2026年1月1日 08:00:00")
    expect(chinese.locator("#fact-why")).to_contain_text("已重启 1,234 次")
    expect(chinese.locator("#fact-age")).to_have_text(re.compile(r"^\d+d$"))
    expect(chinese.locator("#fact-restarts")).to_have_text(re.compile(r"^4 （\d+d 前）$"))


def test_the_language_of_the_administration_changes_as_well(
    chinese: Page, session: list[SetCookieParam]
) -> None:
    chinese.context.add_cookies(session)
    chinese.goto("/admin/pods/cluster/")
    expect(chinese.get_by_role("heading", name="选择 集群 来修改")).to_be_visible()
    chinese.get_by_role("button", name="English").click()
    expect(chinese.get_by_role("heading", name="Select cluster to change")).to_be_visible()
    expect(chinese).to_have_url(re.compile("/admin/pods/cluster/$"))


def test_rows_are_there_in_every_language(chinese: Page) -> None:
    chinese.goto(SHOP)
    expect(chinese.locator(ROWS).first).to_be_visible(timeout=30_000)
    expect(chinese.locator("#summary")).to_have_text(re.compile(r"^\d+ 个 Pod · \d+ 个属主 · \d+ 个节点$"))
