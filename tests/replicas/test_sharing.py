"""One process watches for all. The others show the same, and take over when it goes, however it goes."""

import asyncio
import time
from functools import partial

from tests.cluster.apimetrics import open_watches
from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.replicas.fleet import Fleet
from tests.replicas.freezing import RIGHT_SECONDS, freeze_holder
from tests.replicas.watching import watching
from tests.replicas.writing import Writing, check_steady
from tests.watched import WATCHED

# Longer than a lease is held, and than silence is borne; tests.replicas.soak has 30 s.
FROZEN_SECONDS = 8.0
VIEWERS = 100


def pod_watches(control_plane: ControlPlane) -> int:
    """The API server's own count."""
    return open_watches(control_plane.api("GET", "/metrics").body.decode(), "pods", None)


async def test_replicas_share_one_watch(fleet: Fleet, control_plane: ControlPlane, namespace: str) -> None:
    before = await _at_rest(fleet, control_plane)
    async with Writing.steadily(control_plane, namespace) as writing:
        async with watching(fleet, namespace, VIEWERS) as everybody:
            took = await writing.reaches(everybody, 25)
            there = await asyncio.to_thread(pod_watches, control_plane)
            print(f"{len(everybody)} viewers, 3 portals: {there - before} watch, {took:.2f} s")
            assert there - before == 1
            for resource in WATCHED[1:]:
                shared = partial(_one_watches, fleet, namespace, resource)
                await asyncio.to_thread(fleet.portals[0].wait_until, shared, 20, f"one watch of {resource}")
            for viewer in everybody:
                check_steady(viewer)
    portal = fleet.portals[0]
    wait = portal.wait_until
    await asyncio.to_thread(wait, lambda: sum(fleet.watches(namespace)) == 0, 20, "no watch is left")
    await asyncio.to_thread(wait, lambda: portal.metric("k8sportal_fleet_scopes") == 0, 20, "no part either")


def _one_watches(fleet: Fleet, namespace: str, resource: str) -> bool:
    return sorted(fleet.watches(namespace, resource)) == [0, 0, 1]


async def _at_rest(fleet: Fleet, control_plane: ControlPlane) -> int:
    """The API server's count once the watches of earlier tests have ended, there too."""

    def watches() -> float:
        return sum(portal.metric("k8sportal_upstream_watches", resource="pods") for portal in fleet.portals)

    await asyncio.to_thread(fleet.portals[0].wait_until, lambda: watches() == 0, 20, "no watch is left")
    found = await asyncio.to_thread(pod_watches, control_plane)
    since = time.monotonic()
    while time.monotonic() - since < 1:
        if (now := await asyncio.to_thread(pod_watches, control_plane)) != found:
            found, since = now, time.monotonic()
        await asyncio.sleep(0.1)
    return found


async def test_a_token_is_good_at_every_replica(
    fleet: Fleet, control_plane: ControlPlane, namespace: str
) -> None:
    async with Writing.steadily(control_plane, namespace), watching(fleet, namespace) as viewers:
        for number, viewer in enumerate(viewers):
            token, rows = viewer.tokens[namespace], dict(viewer.rows[namespace])
            await asyncio.to_thread(pods.create, control_plane, namespace, f"new-{number}")
            other = (number + 1) % len(viewers)
            async with fleet.view(other, namespace, f"&resume={token}") as back:
                back.rows[namespace] = rows
                await back.until(partial(back.row, f"new-{number}"), "what is new", 25)
                assert not back.of("snapshot")
                sent = {row["name"] for frame in back.of("delta") for row in frame["upsert"]}
                assert "stays" not in sent
                assert back.names() == {"stays", "counts", *(f"new-{each}" for each in range(number + 1))}


async def test_the_holder_is_frozen_and_comes_back(
    fleet: Fleet, control_plane: ControlPlane, namespace: str
) -> None:
    async with Writing.steadily(control_plane, namespace) as writing:
        thawed = await freeze_holder(fleet, writing, namespace, FROZEN_SECONDS)
    print(f"frozen: the others are right after {thawed.others_right_after:.2f} s", end=" ")
    print(f"(promised {RIGHT_SECONDS} s), everybody {thawed.right_after:.2f} s after it came back")
