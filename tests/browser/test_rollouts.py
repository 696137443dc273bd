"""How far a rollout is, in the header of its group: in words, live, and where there is no pod at all."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.samples import stuck_rollout
from tests.browser.speaker import Speaker, now, rollout, row
from tests.cluster.control_plane import ControlPlane
from tests.portal import PortalProcess

pytestmark = pytest.mark.browser

SHOP = "/pods/?cluster=demo&namespace=shop"
HEADERS = "#rows > .g"
# What controllers and simulated nodes take, and then the page.
CONTROLLED_MS = 120_000

# Each text that the header of `web` shows.
OBSERVER = """
() => {
  window.texts = new Set();
  const look = () => {
    for (const header of document.querySelectorAll("#rows > .g")) {
      if (header.querySelector("[data-part=name]").textContent === "web") {
        window.texts.add(header.innerText.replace(/\\s+/g, " "));
      }
    }
  };
  new MutationObserver(look).observe(document.querySelector("#rows"), {
    subtree: true, childList: true, characterData: true, attributes: true,
  });
}
"""


def _words(header: Locator) -> str:
    return " ".join(header.inner_text().split())


def test_a_header_tells_its_rollout_and_follows_it(page: Page) -> None:
    speaker = Speaker(page, [row(1), row(2, owner={"kind": "StatefulSet", "name": "db"})])
    speaker.rollouts = [stuck_rollout(), rollout("db", "StatefulSet")]
    page.goto(SHOP)
    web, db = (page.locator(HEADERS, has_text=name) for name in ("web", "db"))
    expect(web).to_contain_text("No progress was made within its deadline of 600 s.")
    assert re.fullmatch(
        r"Deployment web 1 running Stuck for \ds 3 of 3 ready · 1 updated old abc: 3 → new def: 1 "
        r"No progress .* See why its new pods do not get ready; kubectl rollout undo goes back\.",
        _words(web),
    ), _words(web)
    assert _words(db) == "StatefulSet db 1 running 3 of 3 ready"
    bar = web.get_by_role("progressbar", name="New pods that are ready")
    expect(bar).to_have_attribute("aria-valuetext", "0 of 3")
    expect(web).to_contain_text("Stuck for 3s", timeout=60_000)
    speaker.delta([], rollouts=(rollout("web", updated=2, ready=1, state="progressing"),))
    expect(web).to_contain_text("Rolling out 1 of 3 ready · 2 updated")
    expect(bar).to_have_attribute("aria-valuenow", "1")
    assert web.bounding_box()["height"] == 66  # type: ignore[index]
    speaker.delta([], rollouts=(rollout("web"),))
    expect(web.locator(".g-roll")).to_be_hidden()
    assert _words(web) == "Deployment web 1 running 3 of 3 ready"
    assert web.bounding_box()["height"] == 40  # type: ignore[index]
    speaker.delta([], ("uid-Deployment-web",))
    expect(web.locator("[data-part=all]")).to_have_text("")


def test_what_is_cut_off_for_want_of_room_is_read_where_the_keys_are(page: Page) -> None:
    page.set_viewport_size({"width": 1024, "height": 800})
    speaker = Speaker(page, [row(1), row(2)])
    speaker.rollouts = [stuck_rollout()]
    page.goto(SHOP)
    reason = page.locator(f"{HEADERS} [data-part=reason]")
    expect(reason).to_contain_text("kubectl rollout undo goes back.")
    is_cut = "one => one.scrollWidth > one.clientWidth"
    assert reason.evaluate(is_cut), "else there is nothing to show"
    page.keyboard.press("j")
    expect(page.locator(HEADERS)).to_be_focused()
    assert not reason.evaluate(is_cut)
    last_line = """one => {
      const { left, bottom } = one.getBoundingClientRect();
      return document.elementFromPoint(left + 12, bottom - 6) === one;
    }"""
    assert reason.evaluate(last_line), "the rows below do not cover it"


def test_an_owner_without_any_pod_says_why_also_where_there_is_none_at_all(page: Page) -> None:
    params = {"quota": "small", "message": "requested: pods=1"}
    why = {"code": "quota", "params": params, "summary": "", "since": None, "details": (), "next": None}
    speaker = Speaker(page, [])
    speaker.rollouts = [
        rollout("starved", updated=0, ready=0, state="progressing", why=why),
        rollout("asleep", desired=0, updated=0, ready=0),
    ]
    page.goto(SHOP)
    header = page.locator(HEADERS)
    expect(header).to_have_count(1)
    assert _words(header) == (
        "Deployment starved Rolling out 0 of 3 ready · 0 updated "
        "The quota small is used up: requested: pods=1."
    )
    expect(page.locator("#empty")).to_be_hidden()
    speaker.delta([], rollouts=(rollout("starved"),))
    expect(page.locator("#empty-title")).to_have_text("No pods here")
    expect(header).to_have_count(0)


def test_on_a_narrow_screen_all_of_it_is_in_its_place(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    speaker = Speaker(page, [row(1)])
    speaker.rollouts = [stuck_rollout()]
    page.goto(SHOP)
    header = page.locator(HEADERS)
    expect(header).to_contain_text("Stuck for")
    _is_within(header, 158, (".g-state", ".progress", "[data-part=numbers]", ".revisions", ".g-why"))
    speaker.delta([], rollouts=(rollout("web", updated=2, ready=1, state="progressing", since=now()),))
    expect(header).to_contain_text("Rolling out")
    _is_within(header, 104, (".g-state", ".progress", "[data-part=numbers]"))


def _is_within(header: Locator, height: int, parts: tuple[str, ...]) -> None:
    box = header.bounding_box()
    assert box is not None
    assert (box["height"], box["x"] >= 0, box["x"] + box["width"] <= 390) == (height, True, True)
    for part in parts:
        inner = header.locator(part).bounding_box()
        assert inner is not None, part
        assert inner["x"] + inner["width"] <= box["x"] + box["width"], part
        assert inner["y"] + inner["height"] <= box["y"] + box["height"], part


@pytest.fixture(scope="module")
def real_portal(full_control_plane: ControlPlane) -> Iterator[PortalProcess]:
    """A portal in front of the full control plane."""
    with PortalProcess(full_control_plane.kubeconfig) as portal:
        yield portal


@pytest.fixture
def real_context(browser: Browser, real_portal: PortalProcess) -> Iterator[BrowserContext]:
    """A browser at that portal."""
    context = browser.new_context(base_url=real_portal.url("/")[:-1], viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    yield context
    context.close()


def test_a_real_rollout_is_followed_from_the_old_pods_to_the_new_ones(
    full_control_plane: ControlPlane, real_context: BrowserContext, namespace: str
) -> None:
    kubectl = full_control_plane.kubectl
    kubectl("create", "deployment", "web", "--image=nginx:1", "--replicas=3", "-n", namespace)
    page = real_context.new_page()
    page.goto(f"/pods/?cluster=test&namespace={namespace}")
    header = page.locator(HEADERS)
    ready = header.locator("[data-part=all]")
    expect(ready).to_have_text("3 of 3 ready", timeout=CONTROLLED_MS)
    page.evaluate(OBSERVER)
    kubectl("set", "image", "deployment/web", "nginx=nginx:2", "-n", namespace)
    kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=120s")
    expect(ready).to_have_text("3 of 3 ready", timeout=CONTROLLED_MS)
    seen = page.evaluate("() => [...window.texts]")
    both = re.compile(r"Rolling out.* of 3 ready · \d updated old \w+: \d → new \w+: \d")
    on_the_way = list(filter(both.search, seen))
    assert on_the_way, seen
    kubectl("scale", "deployment/web", "--replicas=4", "-n", namespace)
    expect(ready).to_have_text("4 of 4 ready", timeout=CONTROLLED_MS)
