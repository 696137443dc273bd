"""The pod that is open beside the list: its address, its keys, what it tells, and what it lets go of."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, WebSocket, expect

from tests.browser.conftest import Complaints
from tests.browser.speaker import Speaker, now, row

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
ROWS = "#rows > .p"
PANEL = "#panel[open]"
NAME = ".pod-name"
NARROW: ViewportSize = {"width": 390, "height": 844}


def opened(page: Page, name: str) -> None:
    """The panel shows this pod, and so does the address."""
    expect(page.locator(f"{PANEL} {NAME}")).to_have_text(name)
    expect(page).to_have_url(re.compile(f"[?&]pod=shop/{name}$"))
    expect(page.locator(f"{ROWS}[aria-current=true]")).to_have_attribute("data-name", name)


def closed(page: Page) -> None:
    expect(page.locator("#panel")).to_be_hidden()
    expect(page).not_to_have_url(re.compile("[?&]pod="))
    expect(page.locator(f"{ROWS}[aria-current=true]")).to_have_count(0)


def test_the_panel_is_worked_by_keys_and_stands_in_the_address(page: Page) -> None:
    Speaker(page, [row(number) for number in range(1, 4)])
    page.goto(f"{SHOP}&group=none")
    expect(page.locator(ROWS)).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    opened(page, "web-00001")
    expect(page.locator("#panel-title")).to_be_focused()
    page.keyboard.press("j")
    opened(page, "web-00002")
    page.keyboard.press("j")
    opened(page, "web-00003")
    page.keyboard.press("k")
    opened(page, "web-00002")
    page.keyboard.press("Escape")
    closed(page)
    expect(page.locator("[data-name=web-00002] a")).to_be_focused()
    page.go_forward()
    opened(page, "web-00002")
    page.reload()
    opened(page, "web-00002")
    page.go_back()
    closed(page)


def test_a_click_opens_it_and_with_ctrl_its_own_page_in_a_new_tab(page: Page) -> None:
    speaker = Speaker(page, [row(number) for number in range(1, 4)])
    page.goto(SHOP)
    link = page.locator("[data-name=web-00002] a")
    link.click()
    opened(page, "web-00002")
    with page.context.expect_page() as popup:
        page.locator("[data-name=web-00003] a").click(modifiers=["ControlOrMeta"])
    popup.value.wait_for_url("**/pods/demo/shop/web-00003/")
    popup.value.close()
    opened(page, "web-00002")
    speaker.delta([row(2, status="Error", health="failing", ready="0/1")])
    expect(page.locator("#panel #fact-status")).to_have_text("Error")
    speaker.delta([], ("uid-2",))
    expect(page.locator("#panel .is-gone")).to_be_visible()
    speaker.delta([row(12, name="web-00002")])
    expect(page.locator("#panel #fact-uid")).to_have_text("uid-12")
    page.locator("#panel-close").click()
    closed(page)


def test_where_there_is_no_room_it_lies_over_the_list(page: Page) -> None:
    page.set_viewport_size(NARROW)
    Speaker(page, [row(number) for number in range(1, 4)])
    page.goto(SHOP)
    page.locator("[data-name=web-00001] a").click()
    opened(page, "web-00001")
    assert page.locator("#panel").bounding_box() == {"x": 0, "y": 0, **NARROW}
    assert page.locator("#panel").evaluate("panel => panel.matches(':modal')")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.wait_for_function("() => !document.querySelector('#panel').matches(':modal')")
    opened(page, "web-00001")
    page.set_viewport_size(NARROW)
    page.wait_for_function("() => document.querySelector('#panel').matches(':modal')")
    page.keyboard.press("Escape")
    closed(page)
    page.locator("[data-name=web-00003] a").click()
    opened(page, "web-00003")
    page.get_by_role("button", name="Back to the list").click()
    closed(page)


def test_where_the_panel_cannot_be_loaded_the_pods_own_page_is_shown(
    page: Page, complaints: Complaints
) -> None:
    """As in a page that is older than the release that its portal runs."""
    Speaker(page, [row(1)])
    page.route("**/podcard*.js", lambda route: route.abort(), times=1)
    page.goto(SHOP)
    page.locator("[data-name=web-00001] a").click()
    page.wait_for_url("**/pods/demo/shop/web-00001/")
    expect(page.locator(NAME)).to_have_text("web-00001")
    assert all("podcard" in found or "ERR_FAILED" in found for found in complaints.found), complaints.found
    complaints.found.clear()


def test_owners_and_labels_filter_the_list(page: Page) -> None:
    labels = {"app": "web", "tier": "front"}
    Speaker(page, [row(1, labels=labels), row(2, labels={"app": "web"}), row(3, owner=None)])
    page.goto(f"{SHOP}&pod=shop/web-00001")
    page.locator("#panel #fact-labels a", has_text="tier=front").click()
    expect(page.locator("#q")).to_have_value("label:tier=front")
    expect(page.locator(ROWS)).to_have_count(1)
    opened(page, "web-00001")
    page.locator("#panel #fact-owners a", has_text="web").click()
    expect(page.locator("#q")).to_have_value("owner:web")
    expect(page.locator(ROWS)).to_have_count(2)


def test_the_focus_is_not_lost_where_the_pod_left_the_filter(page: Page) -> None:
    """A pod that keeps ending is in `status:Crash` for some seconds, and then not."""
    speaker = Speaker(page, [row(1, status="CrashLoopBackOff"), row(2, status="CrashLoopBackOff")])
    page.goto(f"{SHOP}&group=none&q=status:Crash")
    for number, left in ((1, "#rows [data-name=web-00002] a"), (2, "#clear")):
        page.locator(f"[data-name=web-0000{number}] a").click()
        opened(page, f"web-0000{number}")
        speaker.delta([row(number, status="Error")])
        expect(page.locator(ROWS)).to_have_count(2 - number)
        page.keyboard.press("Escape")
        closed(page)
        expect(page.locator(left)).to_be_focused()


def test_the_log_that_a_reason_says_to_read_is_one_press_away(page: Page) -> None:
    why: dict[str, Any] = {"code": "crash_loop", "params": {"container": "web", "restarts": 9}, "summary": ""}
    why["next"] = {"code": "next_last_log", "params": {}, "summary": "Read the log of its last run."}
    Speaker(page, [row(1, status="CrashLoopBackOff", health="failing", why=why), row(2)])
    ended = {"state": "terminated", "reason": "Error", "message": None, "exit_code": 1, "since": None}
    one = {"kind": "container", "image": "web:1", "ready": False, "restarts": 9, "state": None, "last": ended}
    pod = {"containers": [one | {"name": "proxy"}, one | {"name": "web"}], "conditions": []}
    answer(page, pod=pod, logs=True)
    page.goto(f"{SHOP}&pod=shop/web-00001")
    page.get_by_role("button", name="Show this log").press("Enter")
    expect(page.locator("#log-container")).to_have_value("web")
    expect(page.locator("#log-container")).to_be_focused()
    expect(page.locator("#log-previous")).to_be_checked()
    expect(page.locator("#logs")).to_be_in_viewport()
    page.goto(f"{SHOP}&pod=shop/web-00002")
    expect(page.locator("#logs")).to_be_attached()
    opened(page, "web-00002")
    expect(page.locator("#why-log")).to_be_hidden()


@pytest.mark.parametrize("width", [360, 390])
def test_on_a_phone_nothing_of_the_headers_is_beyond_the_edge(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    speaker = Speaker(page, [row(1)])
    page.goto(SHOP)
    expect(page.locator(ROWS)).to_have_count(1)
    told = {"reason_code": "connection_lost", "params": {}, "reason": "connection_lost"}
    speaker.say(type="feed", namespace="shop", state="stale", since=now(), now=now(), **told)
    expect(page.locator("#feed-word")).to_have_text("Stale since")
    assert beyond(page, ".top :is(a, button, summary, .feed)", width) == []
    crumb, find = (page.locator(one).bounding_box() for one in (".crumb details:last-child", "#palette-open"))
    assert crumb is not None
    assert find is not None
    assert crumb["x"] + crumb["width"] <= find["x"]
    page.locator("[data-name=web-00001] a").click()
    opened(page, "web-00001")
    assert beyond(page, ".panel-head :is(a, button)", width) == []


def beyond(page: Page, selector: str, width: int) -> list[str]:
    """What is shown of `selector` and not wholly within the window's width."""
    return page.locator(selector).evaluate_all(
        """(found, width) => found.map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
            .filter(([, { left, right }]) => right - left > 1 && (left < 0 || right > width))
            .map(([words, { right }]) => `${words} ends at ${right}`)""",
        width,
    )


def answer(page: Page, **more: Any) -> None:
    """What the API tells of every pod."""
    told: dict[str, Any] = {"pod": {"containers": [], "conditions": []}, "owners": [], "events": []}
    page.route("**/api/v1/pods/*/*/*", lambda route: route.fulfill(json={**told, "logs": False, **more}))


def test_events_are_told_and_come_by_themselves(page: Page) -> None:
    Speaker(page, [row(1)])
    event: dict[str, Any] = {
        "type": "Warning",
        "reason": "BackOff",
        "message": "Back-off restarting",
        "container": "web",
    }
    event |= {"source": "kubelet, node-1", "count": 7, "first": "2026-01-01T00:00:00Z"}
    event |= {"last": "2026-01-01T01:00:00Z"}
    answer(page, events=[event])
    page.goto(f"{SHOP}&pod=shop/web-00001")
    first = page.locator("#panel #events > li.warn")
    expect(first).to_contain_text("BackOff")
    for words in ("×7", "Back-off restarting", "kubelet, node-1 · web"):
        expect(first).to_contain_text(words)
    answer(page, events=[event | {"reason": "Started", "type": "Normal", "count": 1}, event])
    events = page.locator("#panel #events > li")
    expect(events).to_have_count(2, timeout=25_000)  # without a change of the row, within 5 s
    expect(events.first).to_contain_text("Started")
    params = {"verbs": "list", "resource": "events", "where": "namespace shop", "namespace": "shop"}
    answer(page, events=None, events_lack={"code": "forbidden", "params": params, "reason": "In English."})
    expect(page.locator("#events-note")).to_have_text(
        "The portal's account may not list events in namespace shop."
    )
    expect(events).to_have_count(0)


def test_the_owners_reach_to_the_deployment_and_each_has_its_filter(page: Page) -> None:
    Speaker(page, [row(1, labels={"pod-template-hash": "7d9f"})])
    owners = [{"kind": "ReplicaSet", "name": "web-7d9f"}, {"kind": "Deployment", "name": "web"}]
    answer(page, owners=owners)
    page.goto(f"{SHOP}&pod=shop/web-00001")
    links = page.locator("#panel #fact-owners a")
    expect(links).to_have_text(["web-7d9f", "web"])
    terms = links.evaluate_all("links => links.map((link) => link.dataset.term)")
    assert terms == ["label:pod-template-hash=7d9f", "owner:web"]


def logs_are_read(page: Page, count: int) -> None:
    """So many logs are read at the node, as the portal's metrics tell."""
    page.wait_for_function(
        """async (count) => {
          const text = await (await fetch('/metrics')).text();
          const found = text.matchAll(/^k8sportal_upstream_watches.*"pods.log".* (\\d+)/gm);
          return [...found].reduce((sum, [, value]) => sum + Number(value), 0) === count;
        }""",
        arg=count,
    )


def test_ten_pods_in_turn_leave_one_log_and_closing_leaves_none(page: Page) -> None:
    logs: list[WebSocket] = []
    page.on("websocket", lambda socket: logs.append(socket) if "/ws/logs/" in socket.url else None)
    # They are not rolled out meanwhile, and keep their order whether they are ready or not.
    page.goto(f"{SHOP}&q=owner:orders-db&sort=name&group=none")
    page.locator(f"{ROWS} a").first.click()
    for key in "jjkkjjkkjj":
        expect(page.locator("#panel #logs")).to_be_visible()
        expect(page.locator("#panel #log-word")).to_have_text("Following")
        name = page.locator(f"#panel {NAME}").inner_text()
        page.keyboard.press(key)
        expect(page.locator(f"#panel {NAME}")).not_to_have_text(name)
    expect(page.locator("#panel #logs")).to_be_visible()
    assert len(logs) >= 10
    logs_are_read(page, 1)
    assert [socket.is_closed() for socket in logs].count(False) == 1
    page.keyboard.press("Escape")
    closed(page)
    logs_are_read(page, 0)
    assert all(socket.is_closed() for socket in logs)


def test_on_a_phone_its_buttons_are_in_sight(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(SHOP)
    page.locator("#rows > .p a").first.click()
    for button in (page.locator("#panel-close"), page.locator("#panel-tell"), page.locator("#panel-own")):
        box = button.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390
