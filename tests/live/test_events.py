"""The newest warning about a pod that is not well is part of its reason, for as long as it is known."""

import asyncio

import msgspec
import pytest

from pods.domain.podevents import PodEvent
from pods.domain.reasons import Reason
from pods.domain.row import Why
from pods.domain.scope import Scope
from pods.domain.viewfilter import ViewFilter
from pods.domain.whytexts import reason
from pods.kube.errors import Forbidden, ServerError, TimedOut
from pods.kube.events import EVENTS
from pods.kube.listwatch import Event
from pods.kube.resource import PodRecord
from pods.live.hub import Held, Hub
from pods.live.podevents import EARLY
from tests.live.api import FakeApi
from tests.live.bench import Bench, Wakes
from tests.live.fakes import FakeListWatch, pod
from tests.live.replicas import COUNT, Scene
from tests.live.virtual import settle

SHOP = Scope("kind", "pods", "shop")
BEFORE, T1, T2, T3 = (f"2026-01-01T00:0{minute}:00Z" for minute in range(4))
REFUSED = "dial tcp 10.0.0.7:8080: connect: connection refused"


def unready(uid: str, since: str = T1, version: int = 0) -> PodRecord:
    """A pod whose container `web` runs since then and is not ready."""
    record = pod(uid, health="waiting", status=f"v:{version}")
    row = msgspec.structs.replace(record.row, ready="0/1", why=reason("readiness", containers="web"))
    return msgspec.structs.replace(record, row=row, told_from=since, version=version)


def warning(about: str, message: str = REFUSED, last: str = T2, uid: str = "e-1") -> PodEvent:
    """Its readiness probe failed."""
    return PodEvent(uid, "shop", about, "Unhealthy", f"Readiness probe failed: {message}", "web", last)


def look(hub: Hub) -> Held:
    return hub.subscribe(SHOP, "shop", ViewFilter(), None, Wakes())


def why(held: Held, uid: str = "1") -> Why | None:
    return held.subscription.feed.records[uid].row.why


def code(held: Held, uid: str = "1") -> str:
    found = why(held, uid)
    return found.code if found is not None else ""


def refusing(api: FakeApi, error: Exception) -> None:
    """From the next connection on events are refused."""

    def refuse(source: FakeListWatch[PodEvent]) -> None:
        if source.resource is EVENTS:
            source.refuse_list = lambda: error  # type: ignore[assignment,return-value]
            source.refuse_watch = lambda version: error  # type: ignore[assignment,return-value]

    api.prepare = refuse
    for source in api.sources:
        refuse(source)


async def test_events_are_asked_for_once_the_pods_are_there_and_never_streamed(
    api: FakeApi, hub: Hub
) -> None:
    waiting: list[str] = []

    def slow(source: FakeListWatch[PodRecord]) -> None:
        if source.resource.name == "pods":
            source.lag = 2.0

    api.prepare = slow
    api.pods.put(unready("1"))
    api.events.put(warning("1"))
    held = look(hub)
    await asyncio.sleep(1)
    waiting += api.source("shop", "events").asked()
    await asyncio.sleep(2)
    assert (waiting, api.source("shop", "events").asked()) == ([], ["list", "watch"])
    found = why(held)
    assert found is not None
    assert (found.code, found.params) == ("readiness_probe", {"container": "web", "message": REFUSED})
    held.close()


async def test_a_warning_comes_is_repeated_and_expires(api: FakeApi, hub: Hub) -> None:
    api.pods.put(unready("1"), pod("2"))
    held = look(hub)
    await asyncio.sleep(1)
    feed = held.subscription.feed
    offsets = [feed.offset]
    for change in (
        lambda: api.events.put(warning("1"), warning("2", uid="e-2")),
        lambda: api.events.put(warning("1", last=T3)),
        lambda: api.events.put(warning("1", last=BEFORE, uid="e-older")),
        lambda: api.events.delete("e-older"),
        lambda: api.events.put(warning("1", "HTTP probe failed with statuscode: 503", T3, "e-3")),
        lambda: api.events.delete("e-3"),
    ):
        change()
        await asyncio.sleep(1)
        offsets.append(feed.offset)
    first = offsets[0]
    assert [offset - first for offset in offsets] == [0, 1, 1, 1, 1, 2, 3]
    assert (code(held), code(held, "2")) == ("readiness", "")
    record = feed.records["1"]
    assert (record.plain, record.event) == (None, None)
    held.close()


async def test_a_warning_of_before_is_not_told_and_one_that_came_early_is(api: FakeApi, hub: Hub) -> None:
    """A pod that becomes ready and unready again has another reason; its event may come before its row."""
    api.pods.put(unready("1"), pod("2"))
    held = look(hub)
    await asyncio.sleep(1)
    api.events.put(warning("1"), warning("2", last=T3, uid="e-2"))
    await asyncio.sleep(1)
    assert code(held) == "readiness_probe"
    api.pods.put(pod("1"))
    await asyncio.sleep(1)
    assert why(held) is None
    api.pods.put(unready("1", since=T3), unready("2", since=T3))
    await asyncio.sleep(1)
    assert (code(held), code(held, "2")) == ("readiness", "readiness_probe")
    api.events.put(warning("1", last=T2, uid="e-late"))
    await asyncio.sleep(1)
    assert code(held) == "readiness", "an event that comes late and speaks of before"
    held.close()


async def test_who_may_not_read_events_has_rows_that_say_less_and_a_live_feed(api: FakeApi, hub: Hub) -> None:
    api.pods.put(unready("1"))
    api.events.put(warning("1"))
    held = look(hub)
    await asyncio.sleep(1)
    assert code(held) == "readiness_probe"
    refusing(api, Forbidden(EVENTS.forbidden("list", "shop")))
    api.source("shop", "events").stream.end()
    await asyncio.sleep(60)
    state = held.subscription.feed.state()
    assert (state.state, state.reason, code(held)) == ("live", None, "readiness")
    await asyncio.sleep(1000)
    asked = len(api.source("shop", "events").requests)
    await asyncio.sleep(900)
    assert len(api.source("shop", "events").requests) - asked <= 8, "a watch and a list in 225 s"
    held.close()


async def test_a_broken_watch_of_events_is_no_broken_feed_and_what_it_said_is_forgotten(
    api: FakeApi, hub: Hub
) -> None:
    api.pods.put(unready("1"))
    api.events.put(warning("1"))
    held = look(hub)
    await asyncio.sleep(1)
    broken = TimedOut(Reason("timed_out", {"seconds": 10}))
    refusing(api, broken)
    api.source("shop", "events").stream.fail(broken)
    await asyncio.sleep(2)
    assert code(held) == "readiness_probe", "it may come back in a moment"
    await asyncio.sleep(30)
    state = held.subscription.feed.state()
    assert (state.state, state.reason, code(held)) == ("live", None, "readiness")
    held.close()


@pytest.mark.parametrize("seconds", [30, 400], ids=["resumed", "listed anew"])
async def test_an_outage_of_the_cluster_changes_no_row(api: FakeApi, hub: Hub, seconds: int) -> None:
    api.pods.put(unready("1"))
    api.events.put(warning("1"))
    held = look(hub)
    await asyncio.sleep(1)
    offset = held.subscription.feed.offset
    api.cluster.down = TimedOut(Reason("timed_out", {"seconds": 10}))
    for source in api.sources:
        source.stream.fail(api.cluster.down)
    await asyncio.sleep(seconds)
    assert held.subscription.feed.state().state == "stale"
    api.cluster.down = None
    await asyncio.sleep(30)
    assert held.subscription.feed.state().state == "live"
    assert (code(held), held.subscription.feed.offset) == ("readiness_probe", offset)
    held.close()


@pytest.mark.parametrize("seconds", [0, 400])
async def test_an_idle_watch_of_events_without_bookmarks_is_left_alone(
    api: FakeApi, hub: Hub, seconds: int
) -> None:
    """What a version of another etcd says of the cluster is not looked at."""
    api.events.version = 10**9
    api.pods.put(unready("1"))
    held = look(hub)
    await asyncio.sleep(1 + seconds)
    assert api.source("shop", "events").asked() == ["list", "watch"]
    api.source("shop", "pods").stream.fail(TimedOut(Reason("timed_out", {"seconds": 10})))
    await asyncio.sleep(30)
    assert api.cluster.generation == 0
    held.close()


async def test_a_storm_is_held_in_bounds(bench: Bench) -> None:
    bench.relist(*(unready(str(number)) for number in range(3)))
    told = len(bench.told)
    events = bench.store.events
    for number in range(20_000):
        events.apply([Event("ADDED", warning(str(number % 5_000), last=T3, uid=f"e-{number}"), "1")])
    assert len(events) == 3 + EARLY
    assert len(bench.told) == told + 3, "each row changed once"
    bench.put(pod("0"))
    assert len(events) == 2 + EARLY
    bench.relist()
    assert len(events) == EARLY
    events.replace([])
    assert len(events) == 0


async def test_what_only_repeats_the_status_is_not_kept(bench: Bench) -> None:
    bench.relist(unready("1"))
    told = len(bench.told)
    for word, message in (("BackOff", "Back-off restarting"), ("Failed", "Error: ErrImagePull"), ("Odd", "")):
        event = PodEvent("e", "shop", "1", word, message, "web", T3)
        bench.store.events.apply([Event("ADDED", event, "1")])
    assert (len(bench.store.events), len(bench.told)) == (0, told)


async def test_all_replicas_say_the_same_and_a_change_of_holder_changes_nothing() -> None:
    async with Scene.open() as scene:
        scene.lag = 0.0
        scene.api.pods.put(unready("1", version=101))
        scene.api.events.put(warning("1"))
        for number in range(COUNT):
            await scene.do_join(number, 0)
        await asyncio.sleep(5)

        def told() -> set[str]:
            return {seat.browser.rows["shop"]["1"]["why"]["code"] for seat in scene.seats}

        assert told() == {"readiness_probe"}
        assert scene.api.open("events") == 1
        holder = scene.role("holder")
        others = [seat for seat in scene.seats if seat.process is not holder]
        frames = [len(seat.browser.frames) for seat in others]
        await scene.do_restart(scene.processes.index(holder), 0)
        await asyncio.sleep(5)
        for seat, before in zip(others, frames, strict=True):
            assert {frame["type"] for frame in seat.browser.frames[before:]} == {"feed"}
        scene.api.events.put(warning("1", "HTTP probe failed with statuscode: 503", T3))
        await asyncio.sleep(2)
        params = [seat.browser.rows["shop"]["1"]["why"]["params"] for seat in scene.seats]
        assert {one["message"] for one in params} == {"HTTP probe failed with statuscode: 503"}
        scene.api.events.delete("e-1")
        await asyncio.sleep(2)
        assert told() == {"readiness"}
        assert scene.api.open("events") == 1
    await settle()


async def test_while_the_pods_are_not_live_nobody_asks_for_events(api: FakeApi, hub: Hub) -> None:
    """A namespace that fails costs no more requests for it."""
    failed = ServerError(Reason("server_error", {"status": 500}))
    api.pods.put(unready("1"))
    held = look(hub)
    await asyncio.sleep(10)
    for resource in ("pods", "events"):
        api.source("shop", resource).refuse_list = lambda: failed
        api.source("shop", resource).refuse_watch = lambda version: failed
        api.source("shop", resource).stream.fail(failed)
    await asyncio.sleep(60)
    assert api.source("shop", "events").asked() == ["list", "watch"]
    assert len(api.source("shop", "pods").requests) > 3
    for resource in ("pods", "events"):
        api.source("shop", resource).refuse_list = lambda: None
        api.source("shop", resource).refuse_watch = lambda version: None
    api.events.put(warning("1"))
    await asyncio.sleep(60)
    assert code(held) == "readiness_probe"
    held.close()
