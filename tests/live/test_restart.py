"""An operator restarts a scope: it is listed and watched anew under its viewers, who notice nothing of it."""

import asyncio

from pods.domain.reasons import Reason
from pods.domain.scope import Scope
from pods.kube.errors import Expired
from pods.live.hub import Hub
from pods.live.informer import PodInformer
from pods.live.status import FlowStatus
from tests.live.api import FakeApi
from tests.live.desk import Desk
from tests.live.fakes import pod
from tests.live.virtual import settle
from tests.watched import WATCHED

SHOP = Scope("kind", "pods", "shop")


def statuses(hub: Hub) -> dict[str, FlowStatus]:
    source = hub.running()[0].source
    assert isinstance(source, PodInformer)
    return source.statuses()


async def test_a_restart_lists_and_watches_anew_and_sends_nothing_that_did_not_change(
    api: FakeApi, hub: Hub, desk: Desk
) -> None:
    api.pods.put(pod("1"), pod("2"))
    desk.open("shop")
    desk.start()
    await asyncio.sleep(1)
    desk.acknowledge()
    task, feed, seen = hub.running()[0].task, hub.feed(SHOP), len(desk.browser.frames)
    assert hub.restart(SHOP)
    await asyncio.sleep(3)
    for resource in ("pods", "replicasets"):
        assert api.source("shop", resource).asked() == ["stream", "stream"]
        assert api.open(resource) == 1
    assert api.source("shop", "events").asked() == ["list", "watch", "list", "watch"]
    restarts = {name: status.restarts for name, status in statuses(hub).items()}
    assert restarts == dict.fromkeys(WATCHED, 1)
    assert not [frame for frame in desk.browser.frames[seen:] if frame["type"] != "feed"]
    assert {frame["state"] for frame in desk.browser.frames[seen:]} <= {"live"}
    assert (hub.running()[0].task, hub.feed(SHOP)) == (task, feed)
    api.pods.put(pod("3"))
    await asyncio.sleep(1)
    assert set(desk.browser.rows["shop"]) == {"1", "2", "3"}


async def test_what_the_watch_had_missed_comes_with_the_restart(api: FakeApi, hub: Hub, desk: Desk) -> None:
    """The reason to restart one: its rows are not what the cluster holds."""
    api.pods.put(pod("1"), pod("2"))
    desk.open("shop")
    desk.start()
    await asyncio.sleep(1)
    deaf, api.pods.streams = api.pods.streams, set()
    api.pods.delete("1")
    api.pods.put(pod("2", status="Error", health="failing"), pod("3"))
    api.pods.streams = deaf
    await asyncio.sleep(1)
    assert set(desk.browser.rows["shop"]) == {"1", "2"}
    seen = len(desk.browser.frames)
    assert hub.restart(SHOP)
    await asyncio.sleep(1)
    (delta,) = [frame for frame in desk.browser.frames[seen:] if frame["type"] == "delta"]
    assert ([row["uid"] for row in delta["upsert"]], delta["remove"]) == (["2", "3"], ["1"])


async def test_a_restart_ends_a_pause_after_failures(api: FakeApi, hub: Hub, desk: Desk) -> None:
    desk.open("shop")
    await asyncio.sleep(1)
    source = api.source("shop")
    expired = Expired(Reason("expired"))
    source.refuse_watch, source.refuse_list = lambda version: expired, lambda: expired
    source.stream.fail(expired)
    await asyncio.sleep(120)
    assert statuses(hub)["pods"].state().state == "stale"
    source.refuse_watch, source.refuse_list = lambda version: None, lambda: None
    asked = len(source.requests)
    assert hub.restart(SHOP)
    await asyncio.sleep(2)
    assert len(source.requests) == asked + 1
    assert statuses(hub)["pods"].state().state == "live"


async def test_a_union_restarts_all_its_members(api: FakeApi, hub: Hub) -> None:
    key = (Scope("kind", "pods", "a"), Scope("kind", "pods", "b"))
    running = hub.acquire(key)
    await asyncio.sleep(1)
    assert hub.restart(key)
    await asyncio.sleep(1)
    assert [api.source(name).asked() for name in ("a", "b")] == [["stream", "stream"]] * 2
    hub.release(running)


async def test_what_does_not_run_is_not_restarted(api: FakeApi, hub: Hub, desk: Desk) -> None:
    assert not hub.restart(SHOP)
    desk.open("shop")
    await asyncio.sleep(1)
    desk.viewer.close()
    await asyncio.sleep(2)
    assert hub.restart(SHOP), "while it lingers it runs"
    await asyncio.sleep(4)
    assert not hub.restart(SHOP)
    await settle()
    assert api.sources[0].asked() == ["stream", "stream"]


async def test_a_restart_asked_for_twice_is_one(api: FakeApi, hub: Hub, desk: Desk) -> None:
    desk.open("shop")
    await asyncio.sleep(1)
    assert hub.restart(SHOP)
    assert hub.restart(SHOP)
    await asyncio.sleep(60)
    assert api.source("shop").asked() == ["stream", "stream"]
