"""Columns: chosen in a menu, kept in the address, any label among them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.speaker import Speaker, row

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop&group=none"
ROWS = "#rows > .p"


def _heads(page: Page) -> list[str]:
    found: list[str] = page.locator("#head-row [role=columnheader]").all_inner_texts()
    return found


def _open(page: Page, query: str = "") -> Speaker:
    speaker = Speaker(page, [row(1, labels={"app": "web"}), row(2, labels={"app": "db"}), row(3)])
    page.goto(SHOP + query)
    expect(page.locator(ROWS)).to_have_count(3)
    return speaker


def test_columns_are_chosen_in_the_menu_and_stand_in_the_address(page: Page) -> None:
    speaker = _open(page)
    usual = ["Name", "Ready", "Status", "Restarts", "Age", "Node", "IP", "Owner"]
    assert _heads(page) == usual
    page.locator("#columns summary").click()
    page.get_by_label("Restarts").uncheck()
    page.get_by_label("label:app").check()
    expect(page).to_have_url(re.compile("columns=ready%2Cstatus%2Cage%2Cnode%2Cip%2Cowner%2Clabel%3Aapp"))
    assert _heads(page) == ["Name", "Ready", "Status", "Age", "Node", "IP", "Owner", "app"]
    app = page.locator(f"{ROWS} [data-label=app]")
    expect(app).to_have_text(["web", "db", "–"])
    speaker.rows[2] = row(3, labels={"app": "cache"}, restarts=4)
    speaker.delta([speaker.rows[2]])
    expect(app).to_have_text(["web", "db", "cache"])
    page.keyboard.press("Escape")
    page.get_by_role("columnheader", name="app").get_by_role("button").click()
    expect(app).to_have_text(["cache", "db", "web"])
    expect(page.get_by_role("columnheader", name="app")).to_have_attribute("aria-sort", "ascending")
    page.reload()
    expect(app).to_have_text(["cache", "db", "web"])
    page.locator("#columns summary").click()
    page.get_by_role("button", name="The usual columns").click()
    assert _heads(page) == usual
    expect(page.locator(f"{ROWS} [data-part=restarts]").first).to_have_text("4")
    expect(page).not_to_have_url(re.compile("columns="))


def test_cells_stand_under_their_heads_at_every_width(page: Page) -> None:
    _open(page, "&columns=owner,status,label:app,restarts,ip,node,label:zone")
    for width in (721, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        lefts = """cells => cells.map((cell) => Math.round(cell.getBoundingClientRect().left))"""
        heads = page.locator("#head-row [role=columnheader]").evaluate_all(lefts)
        cells = page.locator(f"{ROWS} >> nth=0 >> [role=gridcell]:not(.why)").evaluate_all(lefts)
        assert heads == cells == sorted(set(heads)), width
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
