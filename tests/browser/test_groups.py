"""Groups of pods: their headers, folding by mouse and keyboard, and thousands of completed pods."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.speaker import Speaker, row

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
ROWS = "#rows > .p"
HEADERS = "#rows > .g"
COMPLETED = 5000


def owned(number: int, kind: str, name: str, **more: Any) -> dict[str, Any]:
    return row(number, owner={"kind": kind, "name": name}, **more)


def _pods() -> list[dict[str, Any]]:
    return [
        owned(1, "Deployment", "web"),
        owned(2, "Deployment", "web"),
        owned(3, "StatefulSet", "db", health="waiting", status="Pending", ready="0/1", node=None),
        owned(4, "Job", "report-29384710", health="done", status="Completed"),
        owned(5, "Job", "report-29384711", health="done", status="Completed"),
    ]


def _words(header: Locator) -> str:
    return " ".join(header.inner_text().split())


def test_headers_tell_kind_name_and_counts(page: Page) -> None:
    Speaker(page, _pods())
    page.goto(SHOP)
    headers = page.locator(HEADERS)
    expect(headers).to_have_count(3)
    assert [_words(header) for header in headers.all()] == [
        "StatefulSet db 1 not ready yet",
        "Deployment web 2 running",
        "Jobs report-* 2 completed",
    ]
    expect(page.get_by_role("treegrid")).to_have_attribute("aria-rowcount", "7")
    rows = page.locator("#rows > [role=row]")
    assert rows.evaluate_all("all => all.map((one) => one.ariaLevel)") == ["1", "2", "1", "2", "2", "1"]
    assert rows.evaluate_all("all => all.map((one) => one.ariaExpanded)") == [
        "true", None, "true", None, None, "false",
    ]  # fmt: skip
    assert rows.evaluate_all("all => all.map((one) => one.ariaRowIndex)") == list("234567")
    expect(page.locator("#shown")).to_have_text("5 of 5 pods")


def test_a_click_folds_a_group_and_the_tab_remembers(page: Page) -> None:
    speaker = Speaker(page, _pods())
    page.goto(SHOP)
    web = page.locator(HEADERS, has_text="web")
    web.click()
    expect(web).to_have_attribute("aria-expanded", "false")
    expect(page.locator(ROWS)).to_have_count(1)
    speaker.delta([owned(6, "Deployment", "web", health="failing", status="Error")])
    expect(web).to_contain_text("1 failing")
    expect(page.locator(ROWS)).to_have_count(1)
    page.locator(HEADERS, has_text="report").click()
    expect(page.locator(ROWS)).to_have_count(3)
    page.reload()
    expect(web).to_have_attribute("aria-expanded", "false")
    expect(page.locator(ROWS)).to_have_count(3)


def test_the_keyboard_folds_and_walks_as_in_a_tree(page: Page) -> None:
    Speaker(page, _pods())
    page.goto(SHOP)
    expect(page.locator(ROWS)).to_have_count(3)
    page.keyboard.press("j")
    db = page.locator(HEADERS, has_text="db")
    expect(db).to_be_focused()
    pod = page.locator("[data-name=web-00003] a")
    for close, opened in (("ArrowLeft", "ArrowRight"), ("Enter", "Enter"), ("o", "o"), (" ", " ")):
        page.keyboard.press(close)
        expect(pod).to_have_count(0)
        expect(db).to_be_focused()
        page.keyboard.press(opened)
        expect(pod).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(pod).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(HEADERS, has_text="web")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(db).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page).to_have_url(re.compile("[?&]pod=shop/web-00003$"))


def test_the_grouping_is_in_the_address_and_in_history(page: Page) -> None:
    Speaker(page, _pods())
    page.goto(SHOP)
    page.get_by_label("Groups").select_option("By node")
    expect(page).to_have_url(re.compile("group=node"))
    expect(page.locator(HEADERS).first).to_contain_text("On no node")
    page.get_by_label("Groups").select_option("No groups")
    expect(page.locator(HEADERS)).to_have_count(0)
    expect(page.locator(ROWS)).to_have_count(5)
    page.go_back()
    expect(page.locator(HEADERS).first).to_contain_text("On no node")
    page.go_back()
    expect(page.locator(HEADERS).first).to_contain_text("db")
    expect(page.get_by_label("Groups")).to_have_value("owner")


def test_thousands_of_completed_pods_are_one_line_and_open_to_those_in_sight(page: Page) -> None:
    done = [
        owned(number, "Job", f"report-{29_000_000 + number}", health="done", status="Completed")
        for number in range(COMPLETED)
    ]
    Speaker(page, [*done, owned(COMPLETED, "Job", "report-29999999")])
    page.goto(SHOP)
    expect(page.locator("#shown")).to_have_text(f"{COMPLETED + 1:,} of {COMPLETED + 1:,} pods")
    expect(page.locator("#rows > [role=row]")).to_have_count(3)
    folded = page.locator(HEADERS).nth(1)
    expect(folded).to_contain_text(f"{COMPLETED:,} completed pods")
    expect(folded).to_have_attribute("aria-level", "2")
    folded.click()
    expect(page.locator(f"{ROWS}[aria-level='3']").first).to_be_visible()
    assert page.locator(ROWS).count() < 60
    page.keyboard.press("G")
    expect(page.locator(f"[data-name=web-{COMPLETED - 1:05}] a")).to_be_focused()
