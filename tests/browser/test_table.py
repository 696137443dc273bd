"""The table's own promises: filters, order and keys in the address, and only visible rows in the page."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.main_thread import MainThread
from tests.browser.speaker import Speaker, row

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
ROWS = "#rows > .p"
MANY = 10_000
BATCH = 200
BATCHES = 20
OWNERS = 300
BATCH_GOAL_MS = 7


def names(page: Page) -> list[str]:
    found: list[str] = page.locator(ROWS).evaluate_all("rows => rows.map(row => row.dataset.name)")
    return found


def unwell(number: int, **more: Any) -> dict[str, Any]:
    why = {"code": "crash_loop", "params": {"container": "web", "restarts": 4}, "summary": "In English."}
    return row(number, health="failing", status="CrashLoopBackOff", restarts=4, why=why, **more)


def test_only_visible_rows_are_in_the_page(page: Page) -> None:
    Speaker(page, [row(number) for number in range(MANY)])
    page.goto(SHOP)
    expect(page.locator("#shown")).to_have_text(f"{MANY:,} of {MANY:,} pods")
    assert page.locator(ROWS).count() < 60
    last = MANY + 2  # the column heads, and the header of the one owner
    assert page.locator("#table").get_attribute("aria-rowcount") == str(last)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.locator(f"[data-name=web-{MANY - 1:05}]")).to_be_visible()
    expect(page.locator(f"[aria-rowindex='{last}']")).to_be_visible()
    assert page.locator(ROWS).count() < 60
    assert names(page) == sorted(names(page)), "the document's order is the order on screen"


@pytest.mark.parametrize("group", ["none", "owner", "node"])
def test_a_batch_of_changes_among_many_rows_is_drawn_in_time(
    page: Page, record_property: Any, group: str
) -> None:
    def owned(number: int, restarts: int) -> dict[str, Any]:
        return row(
            number, restarts=restarts, owner={"kind": "Deployment", "name": f"owner-{number % OWNERS}"}
        )

    speaker = Speaker(page, [owned(number, number % 50) for number in range(MANY)])
    page.goto(f"{SHOP}&sort=-restarts&group={group}")
    expect(page.locator("#shown")).to_have_text(f"{MANY:,} of {MANY:,} pods")
    thread = MainThread(page)
    before = thread.scripts_ms()
    for batch in range(BATCHES):
        changed = range(batch * BATCH, (batch + 1) * BATCH)
        speaker.delta([owned(number, 100 + batch) for number in changed])
        expect(page.locator(f"{ROWS} [data-part=restarts]").first).to_have_text(str(100 + batch))
    batch_ms = (thread.scripts_ms() - before) / BATCHES
    record_property("batch_ms", batch_ms)
    print(f"{BATCH} changes, {MANY} rows, group={group}: {batch_ms:.1f} ms a batch, goal {BATCH_GOAL_MS}")
    assert batch_ms < BATCH_GOAL_MS * 5


def test_rows_above_coming_and_going_do_not_move_what_is_read(page: Page) -> None:
    speaker = Speaker(page, [row(number) for number in range(100, 1000)])
    page.goto(SHOP)
    expect(page.locator("#shown")).to_have_text("900 of 900 pods")
    page.evaluate("scrollTo(0, 6000)")
    place = page.locator("[data-name=web-00300]")
    expect(place).to_be_visible()
    before = place.bounding_box()
    speaker.delta([row(number) for number in range(50)])
    expect(page.locator("#shown")).to_have_text("950 of 950 pods")
    assert place.bounding_box() == before


def test_filters_and_order_are_in_the_address_and_in_history(page: Page) -> None:
    Speaker(page, [unwell(3), row(1, node="node-9"), row(2), row(4, status="Completed", health="done")])
    page.goto(SHOP)
    expect(page.locator(ROWS)).to_have_count(4)
    assert names(page) == ["web-00003", "web-00001", "web-00002", "web-00004"], "not well first"

    page.locator("#q").fill("node-9")
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"q=node-9"))
    page.locator("#q").blur()
    page.get_by_role("button", name="Clear filters").first.click()
    page.get_by_role("button", name="Failing").click()
    expect(page).to_have_url(re.compile(r"health=failing"))
    expect(page.get_by_role("button", name="Failing")).to_have_attribute("aria-pressed", "true")
    assert names(page) == ["web-00003"]

    page.go_back()
    expect(page.locator(ROWS)).to_have_count(4)
    page.go_back()
    expect(page.locator("#q")).to_have_value("node-9")
    expect(page.locator(ROWS)).to_have_count(1)
    page.go_forward()
    expect(page.locator(ROWS)).to_have_count(4)

    page.locator("#status").select_option("Completed")
    expect(page).to_have_url(re.compile(r"status=Completed"))
    assert names(page) == ["web-00004"]
    page.reload()
    expect(page.locator(ROWS)).to_have_count(1)


def test_columns_sort_both_ways_and_back(page: Page) -> None:
    Speaker(page, [unwell(2), row(1), row(3)])
    page.goto(SHOP)
    expect(page.locator(ROWS)).to_have_count(3)
    header = page.get_by_role("columnheader", name="Name")
    page.get_by_role("button", name="Not well first").click()
    assert names(page) == ["web-00001", "web-00002", "web-00003"]
    expect(header).to_have_attribute("aria-sort", "ascending")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    assert names(page) == ["web-00003", "web-00002", "web-00001"]
    expect(page).to_have_url(re.compile(r"sort=-name"))


def test_nothing_matching_says_so_and_offers_the_way_out(page: Page) -> None:
    Speaker(page, [row(1)])
    page.goto(f"{SHOP}&q=never")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.locator("#clear").click()
    expect(page.locator(ROWS)).to_have_count(1)


def test_the_keyboard_finds_moves_opens_and_leaves(page: Page) -> None:
    Speaker(page, [row(number) for number in range(100)])
    page.goto(SHOP)
    expect(page.locator(ROWS).first).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("web-0000")
    page.keyboard.press("Enter")
    expect(page.locator("[data-name=web-00000] a")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("[data-name=web-00001] a")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#q")).to_have_value("")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("G")
    expect(page.locator("[data-name=web-00099] a")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"[?&]pod=shop/web-00099$"))


def test_a_key_reaches_a_row_that_a_cleared_filter_has_not_drawn_yet(page: Page) -> None:
    Speaker(page, [row(number) for number in range(100)])
    page.goto(f"{SHOP}&q=web-0000")
    expect(page.locator(ROWS)).to_have_count(10)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-name=web-00000] a")).to_be_focused()
    # In one task, so that no frame is drawn between the keys.
    page.evaluate(
        """() => ['Escape', 'Escape', 'G'].forEach((key) => {
          document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
        })"""
    )
    expect(page.locator("[data-name=web-00099] a")).to_be_focused()


def test_the_focused_row_keeps_the_focus_while_rows_come_and_go(page: Page) -> None:
    speaker = Speaker(page, [row(number) for number in range(10, 60)])
    page.goto(SHOP)
    expect(page.locator(ROWS).first).to_be_visible()
    for _ in range(3):  # to the header of the group, and on
        page.keyboard.press("j")
    focused = page.locator("[data-name=web-00011] a")
    expect(focused).to_be_focused()
    speaker.delta([row(number) for number in range(5)], ("uid-10",))
    expect(page.locator("[data-name=web-00000]")).to_be_visible()
    expect(focused).to_be_focused()


def test_a_missing_right_is_named_and_its_role_offered(page: Page) -> None:
    def refused(speaker: Speaker) -> None:
        speaker.feed(
            "stale", "forbidden", verb="list", verbs="list", resource="pods", group="", namespace="shop",
            where="namespace shop",
        )  # fmt: skip

    Speaker(page, [], refused)
    page.goto(SHOP)
    expect(page.locator("#bar-text")).to_contain_text("may not list pods in namespace shop")
    expect(page.locator("#role-yaml")).to_contain_text("kind: Role")
    expect(page.locator("#role-yaml")).to_contain_text('verbs: ["list", "watch"]')
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#copy-role")).to_have_text(re.compile("Copied|Selected"))


def test_text_from_the_cluster_is_text(page: Page) -> None:
    evil = "<img src=x onerror=alert(1)>"
    Speaker(page, [row(1, status=evil, node=evil)])
    page.goto(SHOP)
    expect(page.locator(f"{ROWS} .st")).to_have_text(evil)
    assert page.locator(f"{ROWS} img").count() == 0


def test_an_empty_namespace_says_so(page: Page) -> None:
    Speaker(page, [])
    page.goto(SHOP)
    expect(page.get_by_role("heading", name="No pods here")).to_be_visible()
