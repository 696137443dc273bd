"""The shop: everything that should be seen is there, it never stands still, and it does not grow."""

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from democluster.ages import unix
from democluster.kinds import DEPLOYMENTS, EVENTS, JOBS, KINDS, PODS, REPLICASETS, STATEFULSETS, Kind, Object
from democluster.podcells import summary
from democluster.shop.catalogue import NAMESPACES
from democluster.shop.shop import build_shop
from democluster.shop.world import World
from democluster.store import Store
from pods.domain import workload
from pods.domain.rollout import rollout_of
from tests.democluster.support import name_of

START = 1_795_000_000.0
HOUR = 3600.0


def shop(seed: int = 1, speed: float = 1.0) -> tuple[Store, World]:
    store = Store(history=20_000)
    return store, build_shop(store, seed=seed, now=START, speed=speed)


@pytest.fixture(scope="module")
def hour() -> list[tuple[float, Object]]:
    """Every state of every pod in an hour, with the second in which it was seen."""
    store, world = shop()
    seen: list[tuple[float, Object]] = [(START, obj) for obj in store.objects(PODS)]
    for second in range(1, int(HOUR)):
        revision = store.revision
        world.advance(START + second)
        seen += [(START + second, change.last) for change in store.changes_since(PODS, revision)]
    return seen


def statuses(hour: list[tuple[float, Object]], prefix: str) -> set[str]:
    return {summary(obj).status for _, obj in hour if name_of(obj).startswith(prefix)}


def test_the_same_seed_gives_the_same_history() -> None:
    def history(seed: int) -> str:
        store, world = shop(seed)
        world.advance(START + 300)
        return json.dumps([store.objects(kind) for kind in KINDS])

    assert history(7) == history(7)
    assert history(7) != history(8)


def test_it_begins_with_a_past() -> None:
    store, _ = shop()
    pods = [obj for obj in store.objects(PODS) if obj["metadata"]["namespace"] == "shop"]
    assert 40 <= len(pods) <= 60
    ages = [START - unix(obj["metadata"]["creationTimestamp"]) for obj in pods]
    assert max(ages) > 86400
    assert min(ages) >= 0
    assert max(summary(obj).restarts for obj in pods) > 100
    assert {obj["metadata"]["namespace"] for obj in store.objects(PODS)} >= {"shop", "platform", "batch"}


@pytest.mark.parametrize(
    ("prefix", "wanted"),
    [
        ("storefront-", {"Pending", "ContainerCreating", "Running", "Terminating"}),
        ("orders-db-", {"Pending", "Init:0/1", "Running", "Terminating"}),
        ("checkout-", {"Init:0/3", "Init:1/3", "Init:2/3", "PodInitializing", "Running", "Terminating"}),
        ("price-sync-", {"Pending", "ContainerCreating", "Running", "Completed"}),
        ("export-orders-", {"Error", "Completed"}),
        ("reviews-", {"CrashLoopBackOff", "Error", "Running"}),
        ("recommendations-", {"OOMKilled", "CrashLoopBackOff", "Running"}),
        ("loyalty-", {"ErrImagePull", "ImagePullBackOff", "Running"}),
        ("forecast-", {"Pending"}),
        ("thumbnails-", {"Evicted", "Running"}),
    ],
)
def test_each_scenario_is_seen_within_an_hour(
    hour: list[tuple[float, Object]], prefix: str, wanted: set[str]
) -> None:
    assert wanted <= statuses(hour, prefix)


def test_troubles_say_why(hour: list[tuple[float, Object]]) -> None:
    pods = {name_of(obj).rsplit("-", 2)[0]: obj for _, obj in hour}
    (scheduled,) = pods["forecast"]["status"]["conditions"]
    assert (scheduled["reason"], scheduled["status"]) == ("Unschedulable", "False")
    assert "Insufficient nvidia.com/gpu" in scheduled["message"]
    killed = [
        container["lastState"]["terminated"]
        for _, obj in hour
        for container in obj["status"].get("containerStatuses", [])
        if "recommendations" in container["name"] and container["lastState"]
    ]
    assert {(found["exitCode"], found["reason"]) for found in killed} == {(137, "OOMKilled")}


def test_restarts_of_a_crash_loop_grow(hour: list[tuple[float, Object]]) -> None:
    counts = [summary(obj).restarts for _, obj in hour if "CrashLoopBackOff" in str(obj["status"])]
    assert counts
    loops = [summary(obj).restarts for _, obj in hour if name_of(obj).startswith("reviews-")]
    assert max(loops) - min(count for count in loops if count) >= 30


def test_a_readiness_probe_fails_now_and_then(hour: list[tuple[float, Object]]) -> None:
    ready = {summary(obj).ready for _, obj in hour if name_of(obj).startswith("search-")}
    assert {1, 2} <= ready


def test_a_sidecar_counts_and_a_readiness_gate_opens(hour: list[tuple[float, Object]]) -> None:
    carts = [
        summary(obj) for _, obj in hour if name_of(obj).startswith("cart-") and "cleanup" not in name_of(obj)
    ]
    assert {found.total for found in carts} == {2}
    assert {0, 1, 2} <= {found.ready for found in carts}
    waiting = [
        condition["reason"]
        for _, obj in hour
        for condition in obj["status"]["conditions"]
        if name_of(obj).startswith("gateway-") and condition["type"] == "Ready" and "reason" in condition
    ]
    assert "ReadinessGatesNotReady" in waiting


def test_payments_take_their_time_to_end(hour: list[tuple[float, Object]]) -> None:
    ends: dict[str, list[float]] = {}
    for second, obj in hour:
        if name_of(obj).startswith("payments-") and "deletionTimestamp" in obj["metadata"]:
            ends.setdefault(obj["metadata"]["uid"], []).append(second)
    assert ends
    assert max(times[-1] - times[0] for times in ends.values()) > 20


def test_something_changes_every_few_seconds(hour: list[tuple[float, Object]]) -> None:
    times = sorted({second for second, obj in hour if obj["metadata"]["namespace"] == "shop"})
    gaps = [after - before for before, after in pairwise(times)]
    assert sum(gaps) / len(gaps) < 5
    assert max(gaps) < 30


def test_rollouts_replace_replicasets_and_never_undercut(hour: list[tuple[float, Object]]) -> None:
    hashes = {
        obj["metadata"]["labels"]["pod-template-hash"]
        for _, obj in hour
        if obj["metadata"]["labels"].get("app.kubernetes.io/name") == "storefront"
    }
    assert len(hashes) >= 2
    store, world = shop()
    for second in range(0, 1800, 2):
        world.advance(START + second)
        available = store.get(DEPLOYMENTS, "shop", "storefront")
        assert available is not None
        assert available["status"].get("readyReplicas", 0) >= 6


def test_rollouts_go_on_are_done_and_get_stuck() -> None:
    """As the portal judges them by what the controllers of the shop write."""
    forms: dict[Kind, Any] = {
        DEPLOYMENTS: workload.Deployment,
        STATEFULSETS: workload.StatefulSet,
        JOBS: workload.Job,
    }
    store, world = shop()
    seen: dict[str, set[str]] = {}
    for second in range(0, 5400, 5):
        world.advance(START + second)
        for kind, form in forms.items():
            for obj in store.objects(kind):
                rollout = rollout_of(msgspec.convert(obj, form))
                name = name_of(obj).rstrip("-0123456789")
                why = rollout.why.code if rollout.why else ""
                seen.setdefault(name, set()).add(f"{rollout.state} {why}".strip())
    assert seen["storefront"] == seen["orders-db"] == {"done", "progressing"}
    assert seen["loyalty"] == seen["forecast"] == {"stuck rollout_deadline_seconds"}
    assert seen["reviews"] == {"progressing"}
    assert {"done", "progressing", "stuck job_backoff_limit"} == seen["export-orders"]
    assert "stuck" not in " ".join(seen["cart"] | seen["catalog"])


def test_a_restarted_stateful_pod_keeps_its_name_and_gets_a_new_uid(hour: list[tuple[float, Object]]) -> None:
    uids = {obj["metadata"]["uid"] for _, obj in hour if name_of(obj) == "orders-db-2"}
    assert len(uids) >= 2


def test_owners_lead_from_the_pod_to_the_deployment() -> None:
    store, world = shop()
    world.advance(START + 200)
    for obj in store.objects(PODS):
        (owner,) = obj["metadata"]["ownerReferences"]
        kind = next(kind for kind in KINDS if kind.name == owner["kind"])
        found = store.get(kind, obj["metadata"]["namespace"], owner["name"])
        assert found is not None, name_of(obj)
        assert found["metadata"]["uid"] == owner["uid"]
        if kind is REPLICASETS:
            deployment = found["metadata"]["ownerReferences"][0]
            assert owner["name"] == f"{deployment['name']}-{obj['metadata']['labels']['pod-template-hash']}"


@pytest.mark.parametrize("hours", [2, pytest.param(24, marks=pytest.mark.slow)])
def test_hours_and_a_day_leave_it_as_large_as_it_was(hours: int) -> None:
    store, world = shop()
    sizes = []
    for passed in range(1, hours + 1):
        world.advance(START + passed * HOUR)
        sizes.append(Counter({kind.plural: len(store.objects(kind)) for kind in KINDS}))
    for kind in (PODS, JOBS, REPLICASETS, STATEFULSETS, DEPLOYMENTS):
        assert sizes[-1][kind.plural] <= sizes[0][kind.plural] + 15, kind.plural
    assert all(size[EVENTS.plural] <= 1000 for size in sizes)
    assert sizes[-1]["namespaces"] == len(NAMESPACES)
    assert world.pending() < 100


def test_addresses_are_not_shared() -> None:
    store, world = shop()
    world.advance(START + HOUR)
    addresses = [obj["status"]["podIP"] for obj in store.objects(PODS) if obj["status"]["phase"] == "Running"]
    assert len(addresses) == len(set(addresses))
