"""Rollouts beside the rows: in snapshots, deltas and tokens, and only for as long as they are known."""

import asyncio
from typing import Any

import msgspec
import pytest

from pods.domain.reasons import Reason
from pods.domain.rollout import Rollout, SetState
from pods.domain.row import Owner
from pods.domain.scope import Scope
from pods.domain.viewfilter import ViewFilter
from pods.kube.errors import Forbidden, KubeError, Mute, TimedOut
from pods.kube.resource import ReplicaSetRecord
from pods.kube.workloads import WORKLOADS
from pods.live.hub import Held, Hub
from pods.live.rollouts import Rollouts
from tests.live.api import FakeApi
from tests.live.bench import Wakes, drain
from tests.live.desk import Desk
from tests.live.fakes import FakeListWatch, pod
from tests.live.replicas import COUNT, Scene
from tests.live.virtual import settle
from tests.live.workloads import as_json, finished, rollout

SHOP = Scope("kind", "pods", "shop")
BEGAN = "2026-01-01T00:10:00Z"
KINDS = tuple(resource.name for resource in WORKLOADS.values())


def look(hub: Hub) -> Held:
    return hub.subscribe(SHOP, "shop", ViewFilter(), None, Wakes())


def seen(held: Held) -> dict[str, Rollout]:
    return {uid: record.rollout for uid, record in held.subscription.feed.rollouts.items()}


def replicaset(number: int, desired: int, owner: str = "d", created: str = "") -> ReplicaSetRecord:
    state = SetState(f"web-{number}", number, created, desired, desired, desired)
    return ReplicaSetRecord(f"rs-{number}", "shop", f"web-{number}", Owner("Deployment", "web"), owner, state)


def revisions(held: Held, uid: str = "d") -> list[tuple[str, int]]:
    return [(one.name, one.desired) for one in seen(held)[uid].revisions]


def refusing(api: FakeApi, error: KubeError | None, *resources: str) -> None:
    """From the next connection on these are refused; None: no longer."""

    def refuse(source: FakeListWatch[Any]) -> None:
        if source.resource.name in resources:
            source.refuse_list = lambda: error
            source.refuse_watch = lambda version: error

    api.prepare = refuse
    for source in api.sources:
        refuse(source)


async def test_workloads_are_asked_for_once_the_pods_are_there(api: FakeApi, hub: Hub) -> None:
    def slow(source: FakeListWatch[Any]) -> None:
        source.lag = 2.0 if source.resource.name == "pods" else 0.0

    api.prepare = slow
    api.jobs.put(rollout("j", kind="Job"))
    held = look(hub)
    await asyncio.sleep(1)
    assert [api.source("shop", kind).asked() for kind in KINDS] == [[], [], [], []]
    await asyncio.sleep(2)
    assert [api.source("shop", kind).asked() for kind in KINDS] == [["stream"]] * 4
    assert set(seen(held)) == {"j"}
    held.close()


async def test_a_viewer_is_told_in_snapshot_delta_and_after_a_token(
    api: FakeApi, hub: Hub, desk: Desk
) -> None:
    api.pods.put(pod("1"))
    api.statefulsets.put(rollout("s", kind="StatefulSet", ready=1))
    desk.open("shop")
    desk.start()
    await asyncio.sleep(1)
    assert desk.browser.rows["shop"]["s"] == as_json(api.statefulsets.items["s"])
    moment = desk.browser.moments[-1]
    before = len(desk.browser.frames)
    api.statefulsets.put(rollout("s", kind="StatefulSet", ready=1))
    await asyncio.sleep(1)
    assert not [one for one in desk.browser.frames[before:] if one["type"] != "feed"], "nothing is new"
    api.statefulsets.put(rollout("s", kind="StatefulSet", ready=2))
    api.jobs.put(rollout("j", kind="Job"))
    await asyncio.sleep(1)
    api.jobs.delete("j")
    await asyncio.sleep(1)
    later = hub.subscribe(SHOP, "shop", ViewFilter(), None, Wakes(), [moment.token])
    (frame,) = [msgspec.json.decode(one.text) for one in drain(later.subscription)]
    assert (frame["upsert"], frame["rollouts"]) == ([], [as_json(api.statefulsets.items["s"])])
    assert frame["remove"] == ["j"]
    later.close()


async def test_a_deployment_has_the_revisions_of_its_replicasets_whichever_comes_first(
    api: FakeApi, hub: Hub
) -> None:
    api.replicasets.put(replicaset(1, 3), replicaset(2, 0), replicaset(7, 5, owner="other"))
    api.deployments.put(rollout("d", name="web"))
    held = look(hub)
    await asyncio.sleep(1)
    assert revisions(held) == [("web-2", 0), ("web-1", 3)]
    api.replicasets.put(replicaset(2, 1))
    await asyncio.sleep(1)
    api.replicasets.put(replicaset(1, 2))
    await asyncio.sleep(1)
    assert revisions(held) == [("web-2", 1), ("web-1", 2)]
    api.replicasets.delete("rs-1")
    api.deployments.put(rollout("other"))
    await asyncio.sleep(1)
    assert (revisions(held), revisions(held, "other")) == ([("web-2", 1)], [("web-7", 5)])
    api.deployments.delete("d")
    api.replicasets.put(replicaset(2, 2))
    await asyncio.sleep(1)
    assert set(seen(held)) == {"other"}
    held.close()


async def test_where_workloads_may_not_be_read_the_feed_is_live_and_tells_none(
    api: FakeApi, hub: Hub
) -> None:
    api.pods.put(pod("1"))
    api.deployments.put(rollout("d"))
    api.jobs.put(rollout("j", kind="Job"))
    refusing(api, Forbidden(WORKLOADS["Job"].forbidden("list", "shop")), "jobs")
    held = look(hub)
    await asyncio.sleep(60)
    state = held.subscription.feed.state()
    assert (state.state, state.reason, set(seen(held))) == ("live", None, {"d"})
    await asyncio.sleep(1000)
    asked = len(api.source("shop", "jobs").requests)
    await asyncio.sleep(900)
    assert len(api.source("shop", "jobs").requests) - asked <= 10, "a watch and a list in 225 s"
    held.close()


async def test_a_broken_watch_is_no_broken_feed_and_what_it_told_goes_and_comes_back(
    api: FakeApi, hub: Hub
) -> None:
    api.replicasets.put(replicaset(1, 3))
    api.deployments.put(rollout("d"))
    api.daemonsets.put(rollout("a", kind="DaemonSet"))
    held = look(hub)
    await asyncio.sleep(1)
    broken = TimedOut(Reason("timed_out", {"seconds": 10}))
    refusing(api, broken, "daemonsets", "replicasets")
    for resource in ("daemonsets", "replicasets"):
        api.source("shop", resource).stream.fail(broken)
    await asyncio.sleep(2)
    assert (set(seen(held)), revisions(held)) == ({"d", "a"}, [("web-1", 3)]), "it may be back in a moment"
    await asyncio.sleep(30)
    state = held.subscription.feed.state()
    assert (state.state, state.reason) == ("live", None)
    assert (set(seen(held)), revisions(held)) == ({"d"}, [])
    refusing(api, None, "daemonsets", "replicasets")
    await asyncio.sleep(400)
    assert (set(seen(held)), revisions(held)) == ({"d", "a"}, [("web-1", 3)])
    held.close()


@pytest.mark.parametrize("seconds", [30, 400], ids=["resumed", "listed anew"])
async def test_an_outage_of_the_cluster_changes_nothing(api: FakeApi, hub: Hub, seconds: int) -> None:
    api.pods.put(pod("1"))
    api.replicasets.put(replicaset(1, 3))
    api.deployments.put(rollout("d"))
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
    assert (revisions(held), held.subscription.feed.offset) == ([("web-1", 3)], offset)
    held.close()


async def test_while_the_cluster_is_mute_nothing_is_forgotten(api: FakeApi, hub: Hub) -> None:
    """The page says that it is stale; what it shows stays, as the rows do."""
    api.pods.put(pod("1"))
    api.replicasets.put(replicaset(1, 3))
    api.deployments.put(rollout("d"))
    held = look(hub)
    await asyncio.sleep(1)
    offset = held.subscription.feed.offset
    api.cluster.down = TimedOut(Reason("timed_out", {"seconds": 10}))
    await asyncio.sleep(80)
    for source in api.sources:
        source.stream.fail(Mute(Reason("mute", {"seconds": 74})))
    await asyncio.sleep(10)
    assert (held.subscription.feed.state().state, revisions(held)) == ("stale", [("web-1", 3)])
    api.cluster.down = None
    await asyncio.sleep(30)
    assert held.subscription.feed.state().state == "live"
    assert (revisions(held), held.subscription.feed.offset) == ([("web-1", 3)], offset)
    held.close()


def test_who_watches_again_does_not_go_back_to_what_it_knew_when_it_last_did() -> None:
    told: list[dict[str, str]] = []
    rollouts = Rollouts(told.append)
    rollouts.sink("Deployment").replace([rollout("d", ready=1)])
    rollouts.replicasets.replace([replicaset(1, 3)])
    rollouts.told([rollout("d", ready=2)], whole=True)
    told.clear()
    rollouts.renew()
    rollouts.replicasets.replace([replicaset(1, 4)])
    assert (told, rollouts.records["d"].rollout.ready) == ([], 2)
    rollouts.sink("Deployment").replace([rollout("d", ready=3)])
    assert (told, rollouts.records["d"].rollout.revisions[0].desired) == ([{"d": "shop"}], 4)


def _replicasets_come_last(source: FakeListWatch[Any]) -> None:
    source.lag = 2.0 if source.resource.name == "replicasets" else 0.0


async def test_all_replicas_say_the_same_and_a_change_of_holder_changes_nothing() -> None:
    async with Scene.open() as scene:
        scene.api.prepare = _replicasets_come_last
        scene.api.replicasets.put(replicaset(1, 3, created=BEGAN))
        scene.api.deployments.put(msgspec.structs.replace(rollout("d", name="web"), rolling=True))
        scene.api.jobs.put(finished(1))
        for number in range(COUNT):
            await scene.do_join(number, 0)
        await asyncio.sleep(5)

        def told() -> list[Any]:
            return [seat.browser.rows["shop"] for seat in scene.seats]

        first = told()[0]
        assert first.keys() == {"d", "job-1"}
        assert (first["d"]["revisions"][0]["name"], first["d"]["since"]) == ("web-1", BEGAN)
        assert told() == [first] * COUNT
        assert [scene.api.open(kind) for kind in KINDS] == [1] * 4
        holder = scene.role("holder")
        others = [seat for seat in scene.seats if seat.process is not holder]
        frames = [len(seat.browser.frames) for seat in others]
        await scene.do_restart(scene.processes.index(holder), 0)
        await asyncio.sleep(5)
        for seat, before in zip(others, frames, strict=True):
            assert {frame["type"] for frame in seat.browser.frames[before:]} == {"feed"}
        scene.api.replicasets.put(replicaset(2, 1))
        scene.api.jobs.delete("job-1")
        await asyncio.sleep(5)
        assert [list(rows) for rows in told()] == [["d"]] * COUNT
        assert [len(rows["d"]["revisions"]) for rows in told()] == [2] * COUNT
        assert [scene.api.open(kind) for kind in KINDS] == [1] * 4
    await settle()
