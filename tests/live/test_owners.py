"""A pod belongs to its Deployment, whether or not its ReplicaSet is known yet."""

import asyncio

from pods.domain.pod import OwnerRef
from pods.domain.row import Owner
from pods.domain.scope import Scope
from pods.domain.viewfilter import ViewFilter
from pods.kube.errors import Forbidden
from pods.kube.listwatch import Event
from pods.kube.resource import REPLICASETS, PodRecord, ReplicaSetRecord
from pods.live.hub import Held, Hub
from tests.live.api import FakeApi
from tests.live.bench import Bench, Wakes, drain
from tests.live.browser import Browser
from tests.live.fakes import FakeListWatch, pod

WEB = Owner("Deployment", "web")
SHOP = Scope("kind", "pods", "shop")


def web_pod(uid: str, rs: str = "web-7d9f", *, hash: str = "7d9f", status: str = "Running") -> PodRecord:
    labels = {"pod-template-hash": hash} if hash else {}
    return pod(uid, labels=labels, controller=OwnerRef("ReplicaSet", rs, f"uid-{rs}"), status=status)


def replicaset(name: str = "web-7d9f", owner: Owner | None = WEB) -> ReplicaSetRecord:
    return ReplicaSetRecord(f"uid-{name}", "shop", name, owner)


def look(hub: Hub, deployment: str = "") -> Held:
    return hub.subscribe(SHOP, "shop", ViewFilter.parse(deployment), None, Wakes())


def owner(held: Held, uid: str) -> Owner | None:
    return held.subscription.feed.records[uid].row.owner


async def test_the_owner_is_the_deployment_behind_the_replicaset(api: FakeApi, hub: Hub) -> None:
    api.replicasets.put(replicaset(), replicaset("alone", None))
    api.pods.put(web_pod("1"), web_pod("2", "alone", hash=""), pod("3"))
    api.pods.put(pod("4", controller=OwnerRef("StatefulSet", "db", "uid-db")))
    held = look(hub)
    await asyncio.sleep(1)
    owners = {uid: owner(held, uid) for uid in "1234"}
    assert owners == {
        "1": WEB,
        "2": Owner("ReplicaSet", "alone"),
        "3": None,
        "4": Owner("StatefulSet", "db"),
    }
    assert api.fetched == []
    held.close()


async def test_a_replicaset_not_yet_seen_is_asked_for_once(api: FakeApi, hub: Hub) -> None:
    """Just after it was made a pod may come before it."""
    held = look(hub)
    await asyncio.sleep(1)
    api.replicasets.streams.clear()
    api.replicasets.put(replicaset("late", WEB))
    api.pods.put(*(web_pod(str(number), "late", hash="") for number in range(20)))
    await asyncio.sleep(1)
    assert {owner(held, uid) for uid in held.subscription.feed.records} == {WEB}
    api.pods.put(web_pod("1", "late", hash="", status="Error"))
    await asyncio.sleep(1)
    assert api.fetched == [("shop", "late")]
    held.close()


async def test_where_that_is_refused_the_name_less_its_hash_stands_in(api: FakeApi, hub: Hub) -> None:
    api.may_get_replicasets = False
    held = look(hub)
    await asyncio.sleep(1)
    api.pods.put(web_pod("1"), web_pod("2", "web-7d9f", status="Error"), web_pod("3", "odd", hash="x"))
    await asyncio.sleep(1)
    assert owner(held, "1") == owner(held, "2") == WEB
    assert owner(held, "3") == Owner("ReplicaSet", "odd")
    assert api.fetched == [("shop", "web-7d9f"), ("shop", "odd")]
    held.close()


async def test_who_may_not_read_replicasets_sees_pods_and_live_all_the_same(api: FakeApi, hub: Hub) -> None:
    error = Forbidden(REPLICASETS.forbidden("list", "shop"))

    def refuse(source: FakeListWatch[PodRecord]) -> None:
        if source.resource.name == "replicasets":
            source.refuse_list = lambda: error
            source.refuse_watch = lambda version: error

    api.prepare = refuse
    api.pods.put(web_pod("1"))
    held = look(hub, "web")
    await asyncio.sleep(30)
    assert held.subscription.feed.state().state == "live"
    assert [row.uid for row in held.subscription.view.rows()] == ["1"]
    assert api.fetched == []
    held.close()


async def test_an_owner_that_becomes_known_late_is_sent(api: FakeApi, hub: Hub) -> None:
    api.pods.put(web_pod("1", hash=""))
    everything, deployment = look(hub), look(hub, "web")
    await asyncio.sleep(1)
    browsers = [Browser(), Browser()]

    async def merge() -> None:
        for held, browser in zip((everything, deployment), browsers, strict=True):
            for frame in drain(held.subscription):
                await browser.receive(frame.text)

    await merge()
    assert browsers[0].rows["shop"]["1"]["owner"] == {"kind": "ReplicaSet", "name": "web-7d9f"}
    assert browsers[1].rows["shop"] == {}
    api.replicasets.put(replicaset())
    await asyncio.sleep(1)
    await merge()
    assert browsers[0].rows["shop"]["1"]["owner"] == {"kind": "Deployment", "name": "web"}
    assert set(browsers[1].rows["shop"]) == {"1"}
    everything.close()
    deployment.close()


async def test_a_rollout_shows_the_pods_of_both_replicasets(api: FakeApi, hub: Hub) -> None:
    api.replicasets.put(
        replicaset("web-old"), replicaset("web-new"), replicaset("webby-1", Owner("Deployment", "webby"))
    )
    api.pods.put(web_pod("1", "web-old"), web_pod("2", "web-new"), web_pod("3", "webby-1"))
    held = look(hub, "web")
    await asyncio.sleep(1)
    assert {row.uid for row in held.subscription.view.rows()} == {"1", "2"}
    held.close()


async def test_a_pod_may_be_let_go_and_adopted(bench: Bench) -> None:
    owners = bench.store.owners
    bench.relist(web_pod("1", "first"))
    bench.put(pod("1"))
    assert bench.store.records["1"].row.owner is None
    bench.put(web_pod("1", "second"))
    bench.delete(web_pod("1", "second"))
    owners.replace([replicaset("first"), replicaset("second")])
    assert bench.store.records == {}


async def test_an_event_that_only_repeats_the_owner_sends_nothing(bench: Bench) -> None:
    bench.store.owners.replace([replicaset()])
    bench.relist(web_pod("1"))
    told = len(bench.told)
    bench.put(web_pod("1"))
    bench.store.owners.replace([replicaset()])
    assert len(bench.told) == told


async def test_a_failed_fetch_leaves_the_scope_running(api: FakeApi, hub: Hub) -> None:
    held = look(hub)
    await asyncio.sleep(1)
    api.pods.put(web_pod("1", "lost", hash=""))
    await asyncio.sleep(1)
    assert api.fetched == [("shop", "lost")]
    assert held.subscription.feed.state().state == "live"
    held.close()


async def test_owners_are_kept_while_their_replicaset_or_a_pod_of_it_exists(bench: Bench) -> None:
    owners = bench.store.owners
    owners.replace([replicaset("web-7d9f")])
    bench.relist(web_pod("1"))
    owners.replace([])
    bench.put(web_pod("1", status="Error"), web_pod("2", hash=""))
    assert bench.store.records["2"].row.owner == WEB
    assert bench.missing == []
    bench.delete(web_pod("1"), web_pod("2"))
    assert len(owners) == 0


async def test_a_replicaset_without_pods_need_not_be_asked_for_again(bench: Bench) -> None:
    """A Deployment scaled to nothing and up again, with a list of pods in between."""
    bench.store.owners.replace([replicaset()])
    bench.relist(web_pod("1", hash=""))
    bench.relist()
    bench.put(web_pod("2", hash=""))
    assert bench.store.records["2"].row.owner == WEB
    assert bench.missing == []


async def test_a_thousand_rollouts_leave_nothing(bench: Bench) -> None:
    owners = bench.store.owners
    bench.relist()
    owners.replace([])
    for number in range(1000):
        record = replicaset(f"web-{number}")
        owners.apply([Event("ADDED", record, "1")])
        bench.put(web_pod(str(number), record.name, hash=""))
        owners.apply([Event("DELETED", record, "2")])
        bench.delete(web_pod(str(number), record.name, hash=""))
    assert len(owners) == 0
