"""One viewer's task: what it sends, when, and how much without an answer."""

import asyncio
import itertools
from datetime import timedelta
from typing import Any

import pytest

from pods.clock import rfc3339
from pods.domain.reasons import Reason
from pods.domain.scope import Scope
from pods.domain.viewfilter import ViewFilter
from pods.kube.errors import ServerError, Unreachable
from pods.live.hub import Hub
from tests.live.api import FakeApi
from tests.live.browser import Browser
from tests.live.desk import Desk
from tests.live.fakes import pod
from tests.live.virtual import NOON, settle

FAILED = ServerError(Reason("server_error", {"status": 500}))
BROKEN = Unreachable(Reason("unreachable", {"detail": "the connection broke"}))


async def test_the_feed_comes_first_then_the_rows(api: FakeApi, desk: Desk) -> None:
    api.pods.put(pod("1"))
    desk.open("shop")
    desk.start()
    await asyncio.sleep(1)
    assert [frame["type"] for frame in desk.browser.frames[:2]] == ["feed", "feed"]
    assert [frame["state"] for frame in desk.browser.of_type("feed")] == ["catching_up", "live"]
    assert list(desk.browser.rows["shop"]) == ["1"]


async def test_a_feed_that_runs_already_is_told_of_first_too(api: FakeApi, hub: Hub, desk: Desk) -> None:
    other = Desk(hub, desk.clock)
    other.open("shop")
    await asyncio.sleep(1)
    desk.open("shop")
    desk.start()
    await settle()
    assert [frame["type"] for frame in desk.browser.frames] == ["feed", "snapshot"]
    await other.end()


async def test_the_heartbeat_comes_every_five_seconds_in_each_namespace(desk: Desk) -> None:
    desk.open("a", "b")
    desk.start()
    begun = desk.clock.monotonic()
    await asyncio.sleep(60)
    beats = [
        at
        for at, frame in zip(desk.times, desk.browser.frames, strict=True)
        if (frame["type"], frame["namespace"]) == ("feed", "b")
    ]
    gaps = [after - before for before, after in itertools.pairwise(beats)]
    assert len(gaps) >= 12
    assert max(gaps) <= 5.01
    frame = desk.browser.of_type("feed")[-1]
    assert frame["now"] == rfc3339(NOON + timedelta(seconds=beats[-1] - begun))
    assert (frame["since"], frame["reason_code"], frame["reason"]) == ("2026-01-01T12:00:00.000Z", None, None)


async def test_a_new_state_is_told_at_once_and_with_its_reason(api: FakeApi, desk: Desk) -> None:
    desk.open("shop")
    desk.start()
    await asyncio.sleep(7)
    source = api.source("shop")
    source.refuse_watch = lambda version: FAILED
    source.stream.fail(FAILED)
    await settle()
    frame = desk.browser.frames[-1]
    assert (frame["state"], frame["reason_code"], frame["params"]) == (
        "catching_up",
        "server_error",
        {"status": 500},
    )
    await asyncio.sleep(5.3)
    assert desk.browser.frames[-1]["state"] == "stale"


async def test_silence_makes_it_stale_by_itself(api: FakeApi, desk: Desk) -> None:
    desk.open("shop")
    desk.start()
    await asyncio.sleep(20)
    api.cluster.down = BROKEN
    await asyncio.sleep(5.3)
    assert desk.browser.frames[-1]["state"] == "stale"
    since = desk.browser.frames[-1]["since"]
    await asyncio.sleep(20)
    assert {f["since"] for f in desk.browser.of_type("feed") if f["state"] == "stale"} == {since}


async def test_the_feed_has_a_token_only_when_all_was_sent(
    api: FakeApi, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pods.live.outbox.WINDOW_BYTES", 1000)
    desk.open("shop")
    desk.start()
    await asyncio.sleep(6)
    first = desk.browser.of_type("feed")[-1]["token"]
    assert first == desk.browser.tokens["shop"][0]
    api.pods.put(pod("1", padding=2000))
    await asyncio.sleep(6)
    sent = desk.browser.of_type("feed")[-1]["token"]
    assert sent == desk.browser.tokens["shop"][0] != first
    api.pods.put(pod("2"))
    await asyncio.sleep(6)
    assert "token" not in desk.browser.of_type("feed")[-1]
    desk.acknowledge()
    await asyncio.sleep(6)
    assert desk.browser.of_type("feed")[-1]["token"] != sent
    assert set(desk.browser.rows["shop"]) == {"1", "2"}


async def test_what_changes_out_of_view_moves_the_token_on(api: FakeApi, hub: Hub, desk: Desk) -> None:
    scope = Scope("kind", "pods", "shop")
    desk.viewer.add(hub.subscribe(scope, "shop", ViewFilter.parse("web"), None, desk.viewer))
    desk.start()
    await asyncio.sleep(6)
    before = desk.browser.of_type("feed")[-1]["token"]
    api.pods.put(pod("1"))
    await asyncio.sleep(6)
    assert desk.browser.of_type("feed")[-1]["token"] != before
    assert not desk.browser.of_type("delta")


async def test_an_interrupt_stops_sending_at_once(api: FakeApi, desk: Desk) -> None:
    api.pods.put(*(pod(str(number), padding=1000) for number in range(300)))
    desk.open("shop")

    def interrupt(frame: dict[str, Any]) -> None:
        if frame["type"] == "snapshot":
            desk.viewer.interrupt()

    desk.before_send = interrupt
    async with asyncio.timeout(60):
        await desk.start()
    assert len(desk.browser.of_type("snapshot")) == 1
    count = len(desk.browser.frames)
    await asyncio.sleep(20)
    assert len(desk.browser.frames) == count


async def test_an_interrupt_before_it_runs_counts_too(desk: Desk) -> None:
    """Rights may change while a subscription is being made."""
    desk.open("shop")
    desk.viewer.interrupt()
    async with asyncio.timeout(60):
        await desk.start()
    assert not desk.browser.frames
    desk.viewer.proceed()
    desk.start()
    await settle()
    assert desk.browser.frames


async def test_a_namespace_that_is_closed_is_left_out_and_the_rest_goes_on(api: FakeApi, desk: Desk) -> None:
    desk.open("a", "b")
    desk.start()
    await asyncio.sleep(1)
    desk.viewer.remove("a")
    count = len(desk.browser.frames)
    api.pods.put(pod("1", "a"), pod("2", "b"))
    await asyncio.sleep(10)
    assert {frame["namespace"] for frame in desk.browser.frames[count:]} == {"b"}
    assert list(desk.browser.rows["b"]) == ["2"]


async def test_a_viewer_that_comes_back_gets_what_it_missed(api: FakeApi, hub: Hub, desk: Desk) -> None:
    api.pods.put(pod("1"), pod("2"))
    desk.open("shop")
    desk.start()
    await asyncio.sleep(1)
    token = desk.browser.tokens["shop"][0]
    await desk.end()
    api.pods.replace("1", pod("3"))
    await asyncio.sleep(2)
    back = Desk(hub, desk.clock, Browser.resuming(desk.browser.moments[-1:]))
    back.open("shop", resume=(token,))
    back.start()
    await asyncio.sleep(1)
    assert not back.browser.of_type("snapshot")
    assert set(back.browser.rows["shop"]) == {"2", "3"}
    await back.end()


async def test_a_viewer_ends_with_its_feed(hub: Hub, desk: Desk) -> None:
    """The cluster is gone, or another one: whoever serves the viewer decides what to serve now."""
    desk.open("shop", "b")
    task = desk.start()
    await asyncio.sleep(1)
    hub.end_cluster("kind")
    async with asyncio.timeout(1):
        await task
