"""Telling a reader once what they wait for: across reloads, reconnects and tabs, and never a false alarm."""

import time
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.speaker import Speaker, rollout, row

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
ROWS = "#rows > .p"
NOTICES = "#told > li"
DETAIL = "**/api/v1/pods/*/*/*"
# Browsers that show nothing say nothing of what they were asked to show: it is noted on the way.
NOTES = """window.shown = [];
window.Notification = class extends Notification {
  constructor(...words) { super(...words); window.shown.push(words[0]); }
};"""


def waiting(number: int, **more: Any) -> dict[str, Any]:
    return row(number, health="waiting", status="ContainerCreating", ready="0/1", **more)


def ask(page: Page, want: str) -> None:
    """Waits for something of the first pod, by the keys."""
    expect(page.locator(ROWS).first).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("j")
    page.keyboard.press("n")
    page.get_by_role("button", name=want).click()
    expect(page.locator("#tell")).to_be_hidden()
    expect(page.locator("#waiting")).to_be_visible()


def comes_again(page: Page, speaker: Speaker) -> None:
    """The page has connected once more, and was told the same as before."""
    deadline = time.monotonic() + 60
    while len(speaker.sockets) < 2:
        assert time.monotonic() < deadline, "the page does not come again"
        page.wait_for_timeout(50)


def test_a_pod_that_becomes_ready_is_told_once_also_after_a_reload(
    page: Page, context: BrowserContext
) -> None:
    context.grant_permissions(["notifications"])
    page.add_init_script(NOTES)
    speaker = Speaker(page, [waiting(1), row(2)])
    page.goto(SHOP)
    ask(page, "When it is ready")
    expect(page.locator("#waiting")).to_have_text("Waiting for 1 thing")
    page.reload()
    expect(page.locator("#waiting")).to_have_text("Waiting for 1 thing")
    expect(page.locator(ROWS)).to_have_count(2)
    own = page.locator("#tab-icon").get_attribute("href")
    speaker.delta([row(1)])
    expect(page.locator(NOTICES)).to_have_count(1)
    expect(page.locator(NOTICES)).to_contain_text("web-00001 is ready")
    expect(page).to_have_title("● web-00001 is ready — k8sportal")
    assert page.locator("#tab-icon").get_attribute("href") != own
    assert page.evaluate("window.shown") == ["web-00001 is ready"]
    expect(page.locator("#waiting")).to_be_hidden()
    page.keyboard.press("j")
    expect(page).to_have_title("shop · demo · k8sportal")
    speaker.delta([waiting(1)])
    speaker.delta([row(1)])
    expect(page.locator("[data-name=web-00001] .st")).to_have_text("Running")
    expect(page.locator(NOTICES)).to_have_count(1)
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator(NOTICES)).to_have_count(0)


def test_a_reconnect_with_the_same_state_tells_nothing_and_with_another_tells_it(page: Page) -> None:
    speaker = Speaker(page, [row(1, restarts=3)])
    page.goto(SHOP)
    ask(page, "When it restarts")
    speaker.sockets[-1].close(code=1012)
    comes_again(page, speaker)
    speaker.delta([row(1, restarts=3, node="node-9")])
    expect(page.locator("[data-name=web-00001] .c-node")).to_have_text("node-9")
    expect(page.locator(NOTICES)).to_have_count(0)
    speaker.rows = [row(1, restarts=4)]
    speaker.snapshot()
    expect(page.locator(NOTICES)).to_have_count(1)
    expect(page.locator(NOTICES)).to_contain_text("web-00001 has restarted")


def test_what_is_stale_tells_nothing_until_it_is_live_again(page: Page) -> None:
    speaker = Speaker(page, [row(1, restarts=3)])
    page.goto(SHOP)
    ask(page, "When it restarts")
    speaker.feed("stale", "unreachable", detail="the connection broke")
    expect(page.locator("body[data-feed=stale]")).to_be_attached()
    speaker.delta([row(1, restarts=4)])
    expect(page.locator("[data-name=web-00001] [data-part=restarts]")).to_have_text("4")
    expect(page.locator(NOTICES)).to_have_count(0)
    speaker.feed()
    expect(page.locator(NOTICES)).to_contain_text("web-00001 has restarted")


def test_of_two_tabs_one_tells_it(context: BrowserContext) -> None:
    pages = [context.new_page(), context.new_page()]
    speakers = [Speaker(page, [waiting(1)]) for page in pages]
    for page in pages:
        page.goto(SHOP)
        expect(page.locator(ROWS)).to_have_count(1)
    ask(pages[0], "When it is ready")
    expect(pages[1].locator("#waiting")).to_be_visible()  # the other tab knows of it
    for speaker in speakers:
        speaker.delta([row(1)])
    for page in pages:
        expect(page.locator("[data-name=web-00001] .st")).to_have_text("Running")
        expect(page.locator("#waiting")).to_be_hidden()
    told = [page.locator(NOTICES).count() for page in pages]
    assert sum(told) == 1, told


def test_a_pod_that_left_the_view_is_gone_only_where_the_api_says_so(page: Page) -> None:
    speaker = Speaker(page, [waiting(1), row(2)])
    told = {"pod": {"uid": "uid-1", "containers": [], "conditions": []}, "logs": False}
    page.route(DETAIL, lambda route: route.fulfill(json=told))
    page.goto(SHOP)
    ask(page, "When it is ready")
    with page.expect_response(DETAIL):
        speaker.delta([], ("uid-1",))
    expect(page.locator(f"{ROWS}:not(.left)")).to_have_count(1)
    expect(page.locator("#waiting")).to_be_visible()
    told["pod"] = {"uid": "uid-9", "containers": [], "conditions": []}  # made again under its name
    speaker.rows = [row(2)]
    page.reload()
    expect(page.locator(NOTICES)).to_contain_text("web-00001 is gone")
    expect(page.locator("#waiting")).to_be_hidden()


def test_a_rollout_is_told_when_it_is_done_and_not_when_it_is_not_known_for_a_while(page: Page) -> None:
    speaker = Speaker(page, [row(1)])
    speaker.rollouts = [rollout("web", updated=1, state="progressing")]
    page.goto(SHOP)
    expect(page.locator(ROWS)).to_have_count(1)
    page.keyboard.press("g")
    page.keyboard.press("n")
    page.get_by_role("button", name="When the rollout is done").click()
    page.locator("#rows .g-tell").click()
    page.get_by_role("button", name="When the rollout is stuck").click()
    expect(page.locator("#waiting")).to_have_text("Waiting for 2 things")
    expect(page.locator("#rows .g")).to_have_attribute("aria-expanded", "true")
    speaker.delta([], ("uid-Deployment-web",))  # its kind is not watched at the moment
    expect(page.locator("#rows .g-roll")).to_be_hidden()
    speaker.delta([], rollouts=(rollout("web", updated=2, state="progressing"),))
    expect(page.locator("#rows .g-roll")).to_be_visible()
    expect(page.locator(NOTICES)).to_have_count(0)
    speaker.delta([], rollouts=(rollout("web"),))
    expect(page.locator(NOTICES)).to_contain_text("The rollout of web is done")
    expect(page.locator("#waiting")).to_have_text("Waiting for 1 thing")
    speaker.delta([], rollouts=(rollout("web", state="stuck"),))
    expect(page.locator(NOTICES)).to_contain_text(
        ["The rollout of web is done", "The rollout of web is stuck"]
    )


def test_what_is_waited_for_is_listed_and_can_be_removed(page: Page) -> None:
    Speaker(page, [waiting(1)])
    page.goto(f"{SHOP}&pod=shop/web-00001")
    for want in ("When it is ready", "When it restarts"):
        page.locator("#panel-tell").click()
        page.get_by_role("button", name=want).click()
    expect(page.locator("#waiting")).to_have_text("Waiting for 2 things")
    page.locator("#waiting").click()
    listed = page.locator("#tell-list > li")
    expect(listed).to_have_count(2)
    expect(listed.first).to_contain_text("web-00001: ready")
    expect(listed.first).to_contain_text("demo / shop")
    listed.first.get_by_role("button").click()
    expect(listed).to_have_count(1)
    expect(listed.first.get_by_role("button")).to_be_focused()
    listed.first.get_by_role("button").click()
    expect(page.locator("#tell-none")).to_be_visible()
    expect(page.locator("#tell-close")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#tell")).to_be_hidden()
    expect(page.locator("#waiting")).to_be_hidden()


def test_what_is_told_while_the_dialog_is_open_leaves_the_focus_where_it_is(page: Page) -> None:
    speaker = Speaker(page, [waiting(1)])
    page.goto(f"{SHOP}&pod=shop/web-00001")
    for want in ("When it is ready", "When it restarts"):
        page.locator("#panel-tell").click()
        page.get_by_role("button", name=want).click()
    page.locator("#waiting").click()
    listed = page.locator("#tell-list > li")
    listed.nth(1).get_by_role("button").focus()
    speaker.delta([row(1)])
    expect(listed).to_have_count(1)
    expect(listed.first).to_contain_text("restart")
    expect(listed.first.get_by_role("button")).to_be_focused()
    speaker.delta([row(1, restarts=9)])
    expect(listed).to_have_count(0)
    expect(page.locator("#tell-close")).to_be_focused()
