"""Every page at every width, light and dark: nothing sideways, nothing refused by the CSP."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Portal
from tests.browser.podstates import ROWS
from tests.browser.states import ACTIVE, OPEN

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
PAGES = (
    "/",
    SHOP,
    "/pods/?cluster=demo&namespace=*",
    f"{SHOP}&view=map&q=colour:red",
    "/pods/demo/shop/no-such-pod/",
    "/login/",
    "/admin/",
    "/ledger/",
)


@pytest.mark.parametrize("width", [390, 768, 1024, 1440, 1920])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_scrolls_sideways_or_complains(signed_in: Page, width: int, scheme: str) -> None:
    page = signed_in
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for path in PAGES:
        page.goto(path)
        if path.startswith("/pods/?"):
            expect(page.locator("#feed-word")).to_have_text("Live")
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{path} at {width} px is {overflow} px too wide"


def test_rows_are_as_tall_as_the_scripts_think(page: Page) -> None:
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto("/pods/?cluster=demo&namespace=*")
        expect(page.locator("#feed-word")).to_have_text("Live")
        boxes = page.locator("#rows > [role=row]").evaluate_all(
            "rows => rows.map(row => [row.getBoundingClientRect().top, row.getBoundingClientRect().height])"
        )
        for (top, height), (below, _) in pairwise(boxes):
            assert abs(top + height - below) < 0.6


def test_text_stands_out_enough(page: Page) -> None:
    """Contrast of every text that is shown, 4.5 : 1 or more (WCAG 2.2, 1.4.3), light and dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for path in ("/", SHOP, f"{SHOP}&q=colour:red&group=node", f"{SHOP}&view=map", "/login/"):
            page.goto(path)
            if "pods" in path:
                expect(page.locator("#feed-word")).to_have_text("Live")
            poor = page.evaluate(CONTRAST)
            assert poor == [], f"{path}, {scheme}"


def test_motion_is_off_where_it_is_not_wanted(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/pods/?cluster=demo&namespace=shop")
    fresh = page.locator("#rows > .fresh").first
    expect(fresh).to_be_attached(timeout=30_000)
    name = fresh.evaluate("row => getComputedStyle(row, '::after').animationName")
    assert re.fullmatch("none", name)


@pytest.fixture
def forced(browser: Browser, portal: Portal) -> Iterator[Page]:
    """A tab in which the system forces its own few colours on everything."""
    context = browser.new_context(base_url=portal.url, forced_colors="active", reduced_motion="reduce")
    yield context.new_page()
    context.close()


def test_what_colour_said_is_said_where_colours_are_forced(forced: Page) -> None:
    OPEN["pods"](forced)
    look = """element => { const style = getComputedStyle(element);
      return [style.backgroundColor, style.borderColor, style.outlineStyle].join(); }"""
    chip = forced.locator("#chip-running")
    before = chip.evaluate(look)
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    forced.mouse.move(0, 0)
    forced.evaluate("document.activeElement.blur()")
    assert chip.evaluate(look) != before, "a filter that is on looks as one that is off"
    chip.click()
    forced.keyboard.press("j")
    row = forced.locator(ACTIVE)
    assert row.evaluate("row => getComputedStyle(row).outlineStyle") == "solid"
    shapes = forced.locator(f"{ROWS} svg.i use").evaluate_all("all => all.map((one) => one.outerHTML)")
    assert len(set(shapes)) == 4, "each health has a shape of its own"
    bars = forced.locator(".page > .bar i:visible").evaluate_all(
        "all => all.map((one) => getComputedStyle(one).borderTopWidth)"
    )
    assert bars == ["1px"] * 4


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const paint = (...colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const hidden = !element.checkVisibility() || element.closest('.vh, .skip, noscript, script');
    if (hidden || !walker.currentNode.data.trim()) continue;
    const grounds = [];
    for (let at = element; at; at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
    const under = paint('Canvas', ...grounds);
    const over = paint('Canvas', ...grounds, getComputedStyle(element).color);
    const [high, low] = [light(under), light(over)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${walker.currentNode.data.trim().slice(0, 40)}`);
  }
  return [...new Set(poor)];
}"""
