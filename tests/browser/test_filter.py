"""The search box: what it offers, what it says of mistakes, and rows that age out of a filter."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.speaker import Speaker, row

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
ROWS = "#rows > .p"
OPTIONS = "#q-list [role=option]"


def _open(page: Page, query: str = "") -> Speaker:
    speaker = Speaker(
        page,
        [
            row(1, node="node-1", labels={"app": "web", "note": "two words"}),
            row(2, node="node-10", labels={"app": "db"}, restarts=5),
            row(3, node="node-2", labels={}),
        ],
    )
    page.goto(SHOP + query)
    expect(page.locator("#shown")).to_contain_text("of 3 pods")
    return speaker


def test_keys_and_values_are_offered_and_taken_by_keyboard(page: Page) -> None:
    _open(page)
    box = page.get_by_role("combobox", name="Filter pods")
    page.keyboard.press("/")
    page.keyboard.type("no")
    expect(page.locator(OPTIONS)).to_have_text(["node:"])
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Tab")
    expect(box).to_have_value("node:")
    expect(page.locator(OPTIONS)).to_have_text(["node-11", "node-101", "node-21"])  # name and count
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    active = page.locator(f"{OPTIONS}[aria-selected=true]")
    expect(active).to_have_count(1)
    expect(box).to_have_attribute("aria-activedescendant", str(active.get_attribute("id")))
    page.keyboard.press("Enter")
    expect(box).to_have_value("node:=node-1 ")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(page.locator(ROWS)).to_have_count(1)
    page.keyboard.type("lab")
    page.keyboard.press("Tab")
    page.keyboard.type("note=")
    page.locator(OPTIONS, has_text="two words").click()
    expect(box).to_be_focused()
    expect(box).to_have_value('node:=node-1 label:note="two words" ')
    expect(page.locator(ROWS)).to_have_count(1)
    page.keyboard.type("st")
    expect(page.locator(OPTIONS)).to_have_text(["status:"])
    page.keyboard.press("Escape")
    expect(page.locator("#q-list")).to_be_hidden()
    expect(box).to_have_value('node:=node-1 label:note="two words" st')
    expect(page).to_have_url(re.compile("q=node"))
    page.go_back()
    expect(box).to_have_value("")
    expect(page.locator(ROWS)).to_have_count(3)


def test_a_mistake_is_named_and_the_rest_goes_on_working(page: Page) -> None:
    _open(page, "&q=colour:red restarts:>3")
    expect(page.locator("#q-mistake")).to_contain_text("“colour:red” is left out: there is no “colour:”")
    expect(page.locator("#q")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(ROWS)).to_have_count(1)
    page.locator("#q").fill("restarts:>3 age:")
    expect(page.locator("#q-mistake")).to_be_hidden()  # it is still being typed
    page.keyboard.press("Escape")
    page.locator("#q").blur()
    expect(page.locator("#q-mistake")).to_contain_text("“age:” is left out")
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page).to_have_url(re.compile("q=restarts%3A%3E3\\+age%3A"))


def test_rows_leave_a_filter_by_growing_older(page: Page) -> None:
    speaker = _open(page, "&q=age:<8s")
    expect(page.locator(ROWS)).to_have_count(0)
    born = (datetime.now(UTC) - timedelta(seconds=2)).isoformat().replace("+00:00", "Z")
    speaker.delta([row(4, created=born)])
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator("#shown")).to_have_text("1 of 4 pods")
    expect(page.locator(ROWS)).to_have_count(0, timeout=40_000)
    expect(page.locator("#shown")).to_have_text("0 of 4 pods")
