"""How much a viewer is sent without an answer, and what becomes of one that gives none."""

import asyncio

import pytest

from pods.domain.scope import Scope
from pods.domain.viewfilter import ViewFilter
from pods.live.hub import Hub
from pods.live.outbox import SLOW_SECONDS, WINDOW_BYTES
from pods.live.outlet import HEARTBEAT_SECONDS, TAKE_SECONDS, SlowViewer
from pods.live.snapshot import FRAME_BYTES
from pods.live.viewer import Viewer
from tests.live.api import FakeApi
from tests.live.desk import Desk
from tests.live.fakes import pod
from tests.live.virtual import LoopClock


async def test_no_more_than_the_window_is_on_its_way(api: FakeApi, desk: Desk) -> None:
    api.pods.put(*(pod(str(number), padding=1000) for number in range(2000)))
    desk.open("shop")
    desk.start()
    await asyncio.sleep(1)
    rows = sum(desk.browser.sizes)
    assert WINDOW_BYTES <= rows <= WINDOW_BYTES + 2 * FRAME_BYTES
    assert desk.viewer.outbox.unacknowledged <= WINDOW_BYTES + FRAME_BYTES + 2000
    for _ in range(10):
        desk.acknowledge()
        await asyncio.sleep(0.1)
    assert len(desk.browser.rows["shop"]) == 2000


async def test_meanwhile_changes_are_coalesced_by_pod(
    api: FakeApi, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pods.live.outbox.WINDOW_BYTES", 1000)
    api.pods.put(pod("1", padding=2000))
    desk.open("shop")
    desk.start()
    await asyncio.sleep(1)
    for number in range(100):
        api.pods.put(pod("1", status=f"Init:{number}"))
        await asyncio.sleep(0.1)
    assert not desk.browser.of_type("delta")
    desk.acknowledge()
    await asyncio.sleep(1)
    [delta] = desk.browser.of_type("delta")
    assert [row["status"] for row in delta["upsert"]] == ["Init:99"]


async def test_a_full_window_of_one_namespace_stops_the_others_too(api: FakeApi, desk: Desk) -> None:
    """The window is the viewer's, whatever it looks at."""
    for namespace in ("a", "b"):
        api.pods.put(*(pod(f"{namespace}{number}", namespace, padding=2000) for number in range(400)))
    desk.open("a", "b")
    desk.start()
    await asyncio.sleep(1)
    assert sum(desk.browser.sizes) <= WINDOW_BYTES + 2 * FRAME_BYTES
    assert {frame["namespace"] for frame in desk.browser.of_type("snapshot")} == {"a", "b"}


async def test_acknowledgements_of_anything_else_change_nothing(api: FakeApi, hub: Hub, desk: Desk) -> None:
    api.pods.put(pod("1"))
    other = Desk(hub, desk.clock)
    other.open("b")
    other.start()
    desk.open("shop")
    desk.start()
    await asyncio.sleep(1)
    waiting = desk.viewer.outbox.unacknowledged
    assert waiting > 0
    for token in (other.browser.tokens["b"][0], "", "nonsense", "x" * 600):
        desk.viewer.acknowledged("shop", token, None)
        desk.viewer.acknowledged(None, token, None)
    desk.viewer.acknowledged("b", desk.browser.tokens["shop"][0], None)
    assert desk.viewer.outbox.unacknowledged == waiting
    desk.viewer.acknowledged(None, desk.browser.tokens["shop"][0], 1)
    assert desk.viewer.outbox.unacknowledged == 0
    await other.end()


async def test_who_acknowledges_nothing_for_a_minute_is_sent_away(api: FakeApi, desk: Desk) -> None:
    api.pods.put(*(pod(str(number), padding=1000) for number in range(1000)))
    desk.open("shop")
    begun = desk.clock.monotonic()
    with pytest.raises(SlowViewer):
        await asyncio.wait_for(desk.start(), 2 * SLOW_SECONDS)
    assert SLOW_SECONDS <= desk.clock.monotonic() - begun <= SLOW_SECONDS + HEARTBEAT_SECONDS + 0.1


async def test_who_has_all_may_be_silent_for_ever(api: FakeApi, desk: Desk) -> None:
    api.pods.put(*(pod(str(number), padding=1000) for number in range(300)))
    desk.open("shop")
    task = desk.start()
    await asyncio.sleep(10 * SLOW_SECONDS)
    assert not task.done()
    assert len(desk.browser.rows["shop"]) == 300


async def test_a_full_window_is_no_offence_while_nothing_waits(
    api: FakeApi, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pods.live.outbox.WINDOW_BYTES", 1000)
    api.pods.put(pod("1", padding=2000))
    desk.open("shop")
    task = desk.start()
    await asyncio.sleep(10 * SLOW_SECONDS)
    api.pods.put(pod("2"))
    begun = desk.clock.monotonic()
    with pytest.raises(SlowViewer):
        await asyncio.wait_for(task, 2 * SLOW_SECONDS)
    assert desk.clock.monotonic() - begun >= SLOW_SECONDS


async def test_who_acknowledges_a_little_is_kept(api: FakeApi, desk: Desk) -> None:
    api.pods.put(*(pod(str(number), padding=1000) for number in range(3000)))
    desk.open("shop")
    task = desk.start()
    await asyncio.sleep(1)
    first = desk.browser.of_type("snapshot")[0]["token"]
    for part in range(1, 6):
        await asyncio.sleep(SLOW_SECONDS - 10)
        desk.viewer.acknowledged("shop", first, part)
    assert not task.done()


async def test_a_position_that_was_never_reached_acknowledges_nothing(api: FakeApi, desk: Desk) -> None:
    api.pods.put(*(pod(str(number), padding=1000) for number in range(2000)))
    desk.open("shop")
    desk.start()
    await asyncio.sleep(1)
    before = desk.viewer.outbox.unacknowledged
    subscription = desk.viewer.held["shop"].subscription
    desk.viewer.acknowledged("shop", subscription.view.token(subscription.feed.offset + 1), None)
    desk.viewer.acknowledged("shop", subscription.view.token(2**60), None)
    await asyncio.sleep(1)
    assert desk.viewer.outbox.unacknowledged == before
    desk.viewer.acknowledged("shop", subscription.view.token(subscription.feed.offset), None)
    assert desk.viewer.outbox.unacknowledged == 0


async def test_who_takes_no_frame_is_soon_sent_away(api: FakeApi, hub: Hub) -> None:
    """The server's buffer is full, and the peer reads nothing."""
    viewer = _not_reading(hub)
    begun = asyncio.get_running_loop().time()
    with pytest.raises(SlowViewer):
        await viewer.run()
    assert asyncio.get_running_loop().time() - begun == pytest.approx(TAKE_SECONDS)
    viewer.close()


async def test_who_takes_no_frame_can_be_given_up_at_once(api: FakeApi, hub: Hub) -> None:
    viewer = _not_reading(hub)
    task = asyncio.create_task(viewer.run(), name="viewer")
    await asyncio.sleep(1)
    viewer.give_up()
    with pytest.raises(SlowViewer):
        await asyncio.wait_for(task, 0.1)
    viewer.close()


def _not_reading(hub: Hub) -> Viewer:
    async def send(_: str) -> None:
        await asyncio.Event().wait()

    viewer = Viewer(send, LoopClock())
    viewer.add(hub.subscribe(Scope("kind", "pods", "shop"), "shop", ViewFilter(), None, viewer, ()))
    return viewer
