"""Saved views: kept, opened from the palette and the home page, changed, shared and deleted."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
ROWS = "#rows > .p"


def test_a_view_is_saved_opened_changed_and_deleted(signed_in: Page) -> None:
    page = signed_in
    page.goto(f"{SHOP}&health=failing&sort=-restarts&group=none")
    expect(page.locator(ROWS).first).to_be_visible()
    page.get_by_role("button", name="Saved views").click()
    dialog = page.get_by_role("dialog", name="Saved views")
    name = dialog.get_by_role("textbox", name="Name of this view")
    name.fill("What fails")
    page.keyboard.press("Enter")
    expect(page.locator("#views-said")).to_have_text("“What fails” is saved.")
    mine = dialog.get_by_role("list", name="Yours").get_by_role("listitem").filter(has_text="What fails")
    expect(mine.get_by_role("link")).to_have_attribute("aria-current", "true")
    expect(dialog.get_by_role("button", name="Update", exact=True)).to_be_visible()
    mine.get_by_role("button", name="Share: What fails").click()
    expect(mine.get_by_role("button", name="Stop sharing: What fails")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    page.goto("/")
    expect(
        page.get_by_role("region", name="Saved views").get_by_role("link", name="What fails")
    ).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("what f")
    expect(page.locator("#palette-list [data-kind=view]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"health=failing&sort=-restarts&group=none"))
    expect(page.locator("#chip-failing")).to_have_attribute("aria-pressed", "true")

    page.locator("#as-map").click()
    page.get_by_role("button", name="Saved views").click()
    mine.get_by_role("button", name="Update: What fails").click()
    expect(mine.get_by_role("link")).to_have_attribute("href", re.compile(r"view=map"))
    name.fill("What fails")
    expect(dialog.get_by_role("checkbox", name="Share it with")).to_be_checked()
    mine.get_by_role("button", name="Delete: What fails").click()
    sure = mine.get_by_role("button", name="Delete for good: What fails")
    expect(sure).to_be_focused()
    page.keyboard.press("Enter")
    expect(mine).to_have_count(0)
    expect(page.locator("#views-said")).to_have_text("“What fails” is deleted.")


def test_without_signing_in_no_view_is_offered(page: Page) -> None:
    page.goto(SHOP)
    expect(page.locator(ROWS).first).to_be_visible()
    expect(page.locator("#views-open")).to_have_count(0)
    expect(page.locator("#palette[data-views]")).to_have_count(0)
