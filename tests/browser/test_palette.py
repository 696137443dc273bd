"""The palette: by keys alone to a namespace, to several, to an action; and never more than a screenful."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.speaker import Speaker, row

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
MANY = 5000
MOST = 50


def palette(page: Page) -> Locator:
    """The palette, opened by its keys."""
    page.keyboard.press("Control+k")
    found = page.get_by_role("dialog", name="Go to")
    expect(found.get_by_role("option").first).to_be_visible()
    expect(page.locator("#palette-note")).to_be_hidden()
    return found


def active(page: Page) -> Locator:
    """The option that Enter would follow, as a screen reader is told."""
    identity = page.get_by_role("combobox", name="Namespace, cluster, view or action").get_attribute(
        "aria-activedescendant"
    )
    return page.locator(f"#{identity}")


def clusters(*namespaces: str) -> dict[str, Any]:
    spaces = [{"name": name, "gone": False, "counts": None} for name in namespaces]
    return {"clusters": [{"name": "demo", "url_name": "demo", "state": None, "namespaces": spaces}]}


def tell(page: Page, answer: dict[str, Any]) -> None:
    """What the palette is told of clusters and namespaces."""
    page.route(re.compile(r"/api/v1/overview$"), lambda route: route.fulfill(json=answer))


@pytest.mark.parametrize("path", ["/", SHOP, "/pods/demo/shop/any/"])
def test_on_every_page_a_few_letters_lead_to_a_namespace(page: Page, path: str) -> None:
    tell(page, clusters("batch", "platform", "shop"))
    page.goto(path)
    expect(page.locator("#palette-open")).to_be_visible()
    found = palette(page)
    page.keyboard.type("latf")
    expect(found.get_by_role("option")).to_have_count(1)
    expect(active(page)).to_contain_text("platform")
    expect(active(page).locator("mark")).to_have_text("latf")
    expect(active(page)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pods/?cluster=demo&namespace=platform")


def test_escape_gives_the_focus_back_and_the_keys_close_it_again(page: Page) -> None:
    Speaker(page, [row(1)])
    page.goto(SHOP)
    page.locator("#q").focus()
    found = palette(page)
    page.keyboard.press("Escape")
    expect(found).to_be_hidden()
    expect(page.locator("#q")).to_be_focused()
    palette(page)
    page.keyboard.press("Control+k")
    expect(found).to_be_hidden()
    page.locator("#palette-open").click()
    expect(found).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(found).to_be_hidden()
    expect(page.locator("#palette-open")).to_be_focused()


def test_namespaces_are_added_to_those_that_are_shown(page: Page) -> None:
    tell(page, clusters("batch", "platform", "shop"))
    Speaker(page, [row(1)])
    page.goto(f"{SHOP}&q=web&sort=-age")
    found = palette(page)
    expect(found.get_by_role("option", name="shop chosen")).to_be_visible()
    page.keyboard.type("plat")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#palette-said")).to_have_text("platform is added. Namespaces chosen: 2")
    expect(active(page)).to_have_text("Open shop, platform")
    batch = found.get_by_role("option", name="batch")
    for _ in range(20):
        if active(page).get_attribute("id") == batch.get_attribute("id"):
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(active(page)).to_have_text("Open shop, platform, batch")
    found.get_by_role("option", name="shop chosen").locator(".add").click()
    expect(active(page)).to_have_text("Open platform, batch")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pods/?cluster=demo&namespace=platform&namespace=batch&sort=-age")


def test_an_action_works_the_page_s_own_controls(page: Page) -> None:
    Speaker(page, [row(1), row(2)])
    page.goto(SHOP)
    expect(page.locator("#rows > .g")).to_have_count(1)
    palette(page)
    page.keyboard.type("without gr")
    page.keyboard.press("Enter")
    expect(page.locator("#rows > .g")).to_have_count(0)
    assert page.url.endswith("&group=none")
    expect(page.locator("#group")).to_have_value("none")
    found = palette(page)
    page.keyboard.type("clear filters")
    expect(found.get_by_role("option", name="Clear filters")).to_have_count(0)
    page.keyboard.press("Escape")
    palette(page)
    page.keyboard.type("download csv")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".csv")


def test_of_thousands_of_namespaces_a_few_are_drawn(page: Page) -> None:
    tell(page, clusters(*(f"team-{number:04}" for number in range(MANY))))
    page.goto("/")
    found = palette(page)
    assert found.get_by_role("option").count() <= MOST
    page.keyboard.type("team-")
    expect(found.get_by_role("option")).to_have_count(MOST)
    expect(page.locator("#palette-more")).to_have_text(f"{MOST} of 5,000")
    page.keyboard.type("4999")
    expect(found.get_by_role("option")).to_have_count(1)
    expect(active(page)).to_contain_text("team-4999")


def test_where_the_list_does_not_come_it_says_so_and_actions_work(page: Page, complaints: Any) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=503, json={"error": {"code": "unavailable", "message": ""}})

    Speaker(page, [row(1)])
    page.goto(SHOP)
    page.route(re.compile(r"/api/v1/overview$"), refuse)
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-note")).to_have_text(re.compile("does not tell what you may see"))
    page.keyboard.type("keys")
    page.keyboard.press("Enter")
    expect(page.locator("#keys")).to_be_visible()
    complaints.found = [said for said in complaints.found if "503" not in said]


def test_on_a_phone_it_is_as_wide_as_the_screen(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(SHOP)
    page.get_by_role("button", name="Go to…").click()
    found = page.get_by_role("dialog", name="Go to")
    expect(found).to_be_visible()
    box = found.bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"]) == (0, 0, 390)


def test_the_field_says_whether_it_has_options(page: Page) -> None:
    Speaker(page, [row(1)])
    page.goto(SHOP)
    field = palette(page).get_by_role("combobox")
    expect(field).to_have_attribute("aria-expanded", "true")
    field.fill("zzzzqqqq")
    expect(page.get_by_role("dialog", name="Go to").get_by_role("option")).to_have_count(0)
    expect(field).to_have_attribute("aria-expanded", "false")


@pytest.mark.parametrize(
    ("platform", "opens", "other", "said"),
    [("MacIntel", "Meta+k", "Control+k", "⌘K"), ("Linux x86_64", "Control+k", "Meta+k", "Ctrl K")],
)
def test_on_a_mac_cmd_k_opens_it_and_ctrl_k_is_left_to_its_fields(
    page: Page, platform: str, opens: str, other: str, said: str
) -> None:
    page.add_init_script(
        f"""Object.defineProperty(navigator, "platform", {{ get: () => "{platform}" }});
        Object.defineProperty(navigator, "userAgentData", {{ get: () => undefined }});"""
    )
    Speaker(page, [row(1)])
    page.goto(SHOP)
    expect(page.locator("#palette-open")).to_be_visible()
    expect(page.locator("#palette-open kbd")).to_have_text(said)
    page.keyboard.press(other)
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press(opens)
    expect(page.locator("#palette")).to_be_visible()
