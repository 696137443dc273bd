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


def _resumed(speaker: Speaker) -> None:
    """A page that comes again by its token missed nothing."""
    if len(speaker.sockets) == 1:
        speaker.snapshot()
    else:
        speaker.feed()
        speaker.delta([])


def test_a_pod_that_left_is_shown_for_a_minute_and_not_counted(page: Page) -> None:
    speaker = Speaker(page, [unwell(1), row(2), row(3)], _resumed)
    page.add_init_script(CLOCK)
    page.goto(SHOP)
    expect(page.locator("#count-failing")).to_have_text("1")
    speaker.delta([], ("uid-1",))
    left = page.locator("[data-name=web-00001]")
    expect(left.locator("[data-part=status]")).to_have_text(re.compile(r"^Left \d\d:\d\d:\d\d$"))
    expect(left.locator(".why")).to_be_hidden()
    expect(page.locator("#count-failing")).to_have_text("0")
    expect(page.locator("#shown")).to_have_text("2 of 2 pods")
    expect(page.locator("#rows > .g")).to_contain_text("2 running")

    again = row(4) | {"name": "web-00001"}
    speaker.delta([again])
    expect(left).to_have_count(2)
    expect(page.locator(f"{ROWS}.left")).to_have_count(1)
    expect(page.locator("#shown")).to_have_text("3 of 3 pods")

    page.evaluate("window.ahead = 61_000")
    expect(page.locator(f"{ROWS}.left")).to_have_count(0)
    expect(left).to_have_count(1)
    expect(page.locator(ROWS)).to_have_count(3)


def _left_one_of_three(page: Page) -> Speaker:
    speaker = Speaker(page, [row(1), row(2), row(3)], _resumed)
    page.goto(SHOP)
    expect(page.locator(ROWS)).to_have_count(3)
    speaker.delta([], ("uid-1",))
    expect(page.locator(f"{ROWS}.left")).to_have_count(1)
    return speaker


def test_what_a_snapshot_lacks_leaves_no_trace(page: Page) -> None:
    """Of all namespaces a snapshot comes when one of them is taken away."""
    speaker = _left_one_of_three(page)
    speaker.rows = [row(3)]
    speaker.snapshot()
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator("[data-name=web-00003]")).to_be_visible()


def test_a_namespace_that_is_taken_away_leaves_no_trace(page: Page) -> None:
    speaker = _left_one_of_three(page)
    speaker.say(
        type="error", namespace="shop", code="forbidden", params={}, message="No longer.", final=False
    )
    expect(page.locator("#refused")).to_contain_text("shop")
    expect(page.locator(ROWS)).to_have_count(0)
