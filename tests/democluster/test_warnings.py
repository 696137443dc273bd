"""The shop's warnings: served as the portal asks for them, and telling why its pods fail."""

from __future__ import annotations

import msgspec

from democluster.kinds import EVENTS, PODS
from democluster.podcells import summary
from democluster.shop.shop import build_shop
from democluster.store import Store
from pods.domain.health import health
from pods.domain.pod import decode_pod
from pods.domain.podevents import PodEvent, explain, told_from
from pods.domain.why import why
from pods.kube.events import EVENTS as WATCHED
from pods.kube.events import EventCodec
from tests.democluster.support import Client

START = 1_795_000_000.0


def _event(name: str, **fields: object) -> dict[str, object]:
    about = {"kind": "Pod", "namespace": "shop", "name": "a", "uid": "uid-a", "apiVersion": "v1"}
    metadata = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "creationTimestamp": None}
    return {"metadata": metadata, "involvedObject": about, "type": "Warning", "reason": "Odd", **fields}


async def test_warnings_about_pods_are_listed_and_watched_as_the_portal_asks(client: Client) -> None:
    client.put(_event("telling", message="It is odd."), EVENTS)
    client.put(_event("normal", type="Normal"), EVENTS)
    client.put(_event("other", involvedObject={"kind": "Job", "uid": "j"}), EVENTS)
    query = dict(WATCHED.query)
    status, found = await client.get("/api/v1/namespaces/shop/events", limit="500", **query)
    page = EventCodec().page(msgspec.json.encode(found))
    assert (status, [event.message for event in page.items]) == (200, ["It is odd"])
    version = {"resourceVersion": page.resource_version, "timeoutSeconds": "1"}
    async with client.watch("/api/v1/namespaces/shop/events", **query, **version) as events:
        client.put(_event("normal", type="Normal", count=2), EVENTS)
        client.put(_event("telling", message="It is odd again."), EVENTS)
        line = msgspec.json.encode(await events.next())
    kind, event, _ = EventCodec().event(line)
    assert (kind, event.pod, event.message) == ("MODIFIED", "uid-a", "It is odd again")


def test_the_pods_that_fail_say_why_and_what_to_try() -> None:
    store = Store(history=20_000)
    world = build_shop(store, seed=1, now=START, speed=1.0)
    told: set[str] = set()
    for second in range(0, 1200, 15):
        world.advance(START + second)
        newest = _newest_warnings(store)
        for obj in store.objects(PODS):
            cells = summary(obj)
            if cells.status != "Running" or cells.ready < cells.total:
                told |= _codes(obj, f"{cells.ready}/{cells.total}", cells.status, newest)
    assert told >= {
        "crash_loop_exit_code",
        "evicted",
        "image_not_found",
        "out_of_memory",
        "readiness_probe_lost",
        "unschedulable_nodes",
    }


def _newest_warnings(store: Store) -> dict[str, PodEvent]:
    body = {"kind": "EventList", "metadata": {}, "items": store.objects(EVENTS)}
    events = EventCodec().page(msgspec.json.encode(body)).items
    return {event.pod: event for event in sorted(events, key=lambda one: one.last) if event.is_telling}


def _codes(obj: object, ready: str, status: str, newest: dict[str, PodEvent]) -> set[str]:
    pod = decode_pod(msgspec.json.encode(obj))
    found = why(pod, health(pod, ready, status), status)
    if found is None:
        return set()
    event = newest.get(pod.metadata.uid)
    if event is not None:
        found = explain(found, event, told_from(pod, found))
    assert found.next is not None
    return {found.code}
