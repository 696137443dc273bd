"""Pods that left: greyed with their time for a minute, and counted nowhere."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.speaker import Speaker, row
from tests.browser.test_table import unwell

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
ROWS = "#rows > .p"
# The page's wall clock, which a test may put forward.
CLOCK = "window.ahead = 0; const now = Date.now; Date.now = () => now() + window.ahead;"


def test_a_pod_that_left_is_shown_for_a_minute_and_not_counted(page: Page) -> None:
    speaker = Speaker(page, [unwell(1), row(2), row(3)])
    page.add_init_script(CLOCK)
    page.goto(SHOP)
    expect(page.locator("#count-failing")).to_have_text("1")
    speaker.rows = [row(2), row(3)]
    speaker.delta([], ("uid-1",))
    left = page.locator("[data-name=web-00001]")
    expect(left.locator("[data-part=status]")).to_have_text(re.compile(r"^Left \d\d:\d\d:\d\d$"))
    expect(left.locator(".why")).to_be_hidden()
    expect(page.locator("#count-failing")).to_have_text("0")
    expect(page.locator("#shown")).to_have_text("2 of 2 pods")
    expect(page.locator("#rows > .g")).to_contain_text("2 running")

    again = row(4) | {"name": "web-00001"}
    speaker.rows.append(again)
    speaker.delta([again])
    expect(left).to_have_count(2)
    expect(page.locator(f"{ROWS}.left")).to_have_count(1)
    expect(page.locator("#shown")).to_have_text("3 of 3 pods")

    page.evaluate("window.ahead = 61_000")
    expect(page.locator(f"{ROWS}.left")).to_have_count(0)
    expect(left).to_have_count(1)
    expect(page.locator(ROWS)).to_have_count(3)


def test_a_namespace_that_is_taken_away_leaves_no_trace(page: Page) -> None:
    speaker = Speaker(page, [row(1), row(2)])
    page.goto(SHOP)
    expect(page.locator(ROWS)).to_have_count(2)
    speaker.delta([], ("uid-1",))
    expect(page.locator(f"{ROWS}.left")).to_have_count(1)
    speaker.say(
        type="error", namespace="shop", code="forbidden", params={}, message="No longer.", final=False
    )
    expect(page.locator("#refused")).to_contain_text("shop")
    expect(page.locator(ROWS)).to_have_count(0)
