"""The demo shop in a real browser: live, and honest about it when it is not."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
ROWS = "#rows > .p"


def test_the_shop_shows_and_changes_by_itself(page: Page) -> None:
    page.goto(SHOP)
    expect(page.locator("#feed-word")).to_have_text("Live")
    expect(page.get_by_text("Demo cluster").first).to_be_visible()
    assert page.locator(ROWS).count() > 10
    expect(page.locator(f"{ROWS}.fresh").first).to_be_attached(timeout=30_000)
    expect(page.locator(f"{ROWS}.bad .why b").first).to_be_visible()
    expect(page.locator(f"{ROWS}.warn .why .next").first).to_have_text(re.compile(r"\w"))


def test_a_row_leads_to_its_pod_and_back_leads_to_the_same_view(page: Page) -> None:
    page.goto(f"{SHOP}&q=owner:orders-db&health=running")  # a StatefulSet's pods are not rolled out meanwhile
    link = page.locator(f"{ROWS} a").first
    name = link.get_attribute("title")
    link.click()
    page.locator("#panel-own").click()
    expect(page).to_have_url(re.compile(rf"/pods/demo/shop/{name}/$"))
    expect(page.locator("#fact-status")).to_have_text("Running")
    expect(page.locator(".pod-name")).to_have_text(str(name))
    page.go_back()
    expect(page.locator("#q")).to_have_value("owner:orders-db")
    expect(page.locator("#feed-word")).to_have_text("Live")


def test_home_counts_and_leads_on(page: Page) -> None:
    page.goto("/")
    shop = page.locator("[data-namespace=shop]")
    expect(shop.locator(".total")).to_have_text(re.compile(r"^\d+ pods$"))
    shop.get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("shop")


def test_all_namespaces_come_over_http_first_and_go_on_by_socket(page: Page) -> None:
    with page.expect_response(re.compile("/api/v1/pods")) as answer:
        with page.expect_websocket() as socket:
            page.goto("/pods/?cluster=demo&namespace=*")
    assert answer.value.status == 200
    assert "resume=" in socket.value.url
    expect(page.locator("#feed-word")).to_have_text("Live")
    expect(page.get_by_role("columnheader", name="Namespace")).to_be_visible()


def test_a_frozen_api_is_said_with_since_when_and_it_recovers_by_itself(page: Page, portal: Portal) -> None:
    page.goto(SHOP)
    expect(page.locator("#feed-word")).to_have_text("Live")
    with portal.frozen_api():
        expect(page.locator("#feed-word")).to_have_text("Stale since", timeout=20_000)
        expect(page.locator("#feed-time")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
        expect(page.locator("#bar-text")).to_contain_text("Stale since")
        assert page.locator("#rows").evaluate("rows => getComputedStyle(rows).filter") == "saturate(0.15)"
        assert page.locator(ROWS).count() > 10, "what was known stays to be read"
    expect(page.locator("#feed-word")).to_have_text("Live", timeout=20_000)
    expect(page.locator("#bar-note")).to_be_hidden()


def test_signing_out_elsewhere_ends_the_rows_and_offers_the_way_back(signed_in: Page) -> None:
    page = signed_in
    page.goto(f"{SHOP}&q=web")
    expect(page.locator("#feed-word")).to_have_text("Live")
    other = page.context.new_page()
    other.goto("/")
    other.locator(".me summary").click()
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_load_state()
    expect(page.locator("#feed-word")).to_have_text("Signed out", timeout=10_000)
    assert page.locator(ROWS).count() == 0
    page.locator("#empty-sign-in").click()
    expect(page).to_have_url(re.compile(r"/login/\?next=.*namespace%3Dshop.*q%3Dweb"))


def test_going_offline_resumes_by_token(page: Page) -> None:
    page.goto(SHOP)
    expect(page.locator("#feed-word")).to_have_text("Live")
    with page.expect_websocket() as socket:
        page.evaluate("dispatchEvent(new Event('pagehide'))")
        expect(page.locator("#feed-word")).to_have_text("Catching up")
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert "resume=" in socket.value.url
    expect(page.locator("#feed-word")).to_have_text("Live")
