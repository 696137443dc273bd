"""Why a pod is not well, on its row and on its page: the reason, what is known, and what to try."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pods.domain.whytexts import REASONS
from tests.browser.speaker import Speaker, row

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
LAST_WORDS = f"sh: serve: not found in {':'.join(f'/opt/tools-{number}/bin' for number in range(9))}"
WHY: dict[str, Any] = {
    "code": "crash_loop_exit_code",
    "params": {"container": "web", "restarts": 4, "exit_code": 127},
    "summary": "In English.",
    "since": "2026-01-01T12:00:00Z",
    "details": [
        {"code": "exit_127", "params": {}},
        {"code": "last_words", "params": {"message": LAST_WORDS}},
        {"code": "event", "params": {"reason": "Odd", "message": "it is odd"}},
    ],
    "next": {"code": "next_command", "params": {}, "summary": "Correct it."},
}
LINE = 16
REASON = "Container web keeps ending (4 restarts), last with exit code 127."
REST = "Code 127: the command was not found. It said: " + LAST_WORDS + "."
NEXT = "Correct command and args, or the image: does it have that program at that path?"
MORE = re.compile(r"Last warning, Odd: it is odd\. Since Jan 1, 2026, \d\d:\d\d:\d\d\.")


def unwell(number: int, why: dict[str, Any] = WHY) -> dict[str, Any]:
    return row(number, health="failing", status="CrashLoopBackOff", restarts=4, why=why)


@pytest.mark.parametrize(("width", "height"), [(1440, 60), (390, 113)])
def test_a_row_says_why_and_what_to_try_in_the_height_that_it_has(
    page: Page, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    speaker = Speaker(page, [unwell(1), unwell(2, {**WHY, "details": [], "next": None}), row(3)])
    page.goto(SHOP)
    first = page.locator("[data-name=web-00001]")
    expect(first.locator("[data-part=reason]")).to_have_text(REASON)
    expect(first.locator("[data-part=rest]")).to_have_text(REST)
    expect(first.locator("[data-part=next]")).to_have_text(NEXT)
    expect(first.locator("[data-part=more]")).to_have_text(MORE)
    expect(first.locator(".why")).to_have_attribute("title", re.compile(f"{re.escape(NEXT)} Last warning"))
    heights = page.locator("#rows > [role=row].tall").evaluate_all(
        "rows => rows.map((row) => row.offsetHeight)"
    )
    assert heights == [height, height]
    said, tried = first.locator(".why").bounding_box(), first.locator("[data-part=next]").bounding_box()
    assert said is not None
    assert tried is not None
    assert tried["x"] + tried["width"] <= said["x"] + said["width"]
    assert tried["y"] + LINE <= said["y"] + said["height"], "what to try is not cut off by the details"
    expect(page.locator("[data-name=web-00002] [data-part=next]")).to_be_empty()
    later = {**WHY, "code": "of-a-later-release", "next": {**WHY["next"], "code": "later"}}
    speaker.delta([unwell(1, later)])
    expect(first.locator("[data-part=reason]")).to_have_text("In English.")
    expect(first.locator("[data-part=next]")).to_have_text("Correct it.")
    assert later["code"] not in REASONS


def test_a_pods_page_says_it_whole(page: Page) -> None:
    speaker = Speaker(page, [unwell(1)])
    page.goto("/pods/demo/shop/web-00001/")
    expect(page.locator("#fact-reason")).to_have_text(REASON)
    expect(page.locator("#fact-rest")).to_have_text(re.compile(f"^{re.escape(REST)} {MORE.pattern}$"))
    expect(page.locator("#fact-next")).to_have_text(NEXT)
    speaker.delta([row(1)])
    expect(page.locator("#fact-why")).to_be_hidden()
