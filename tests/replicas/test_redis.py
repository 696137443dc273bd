"""What replicas have of Redis, and that losing it costs nobody anything."""

import asyncio
import json
import math
import time
from collections.abc import Callable

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.consumers.desk import Desk
from tests.portal import PortalProcess
from tests.redis import RedisServer
from tests.replicas.fleet import Fleet

# Told within a second or two, even by a Redis that says nothing; five times that on a busy machine.
TOLD_SECONDS = 10.0
# docs/contract.md: what an administrator changes holds everywhere within so long.
HIDDEN_SECONDS = 2.0

Break = Callable[[RedisServer], None]


def degraded(portal: PortalProcess) -> list[str]:
    """What `/readyz` says is."""
    answer = json.loads(portal.get("/readyz"))
    assert (answer["status"] == "degraded") == bool(answer["reasons"])
    return list(answer["reasons"])


def wait_for(portal: PortalProcess, *reasons: str) -> None:
    """Until the portal says that exactly this is degraded."""
    took = portal.wait_until(lambda: degraded(portal) == [*reasons], TOLD_SECONDS, f"degraded: {reasons}")
    print(f"degraded: {reasons} after {took:.1f} s")


@pytest.mark.parametrize(
    ("gone", "back"),
    [(RedisServer.kill, RedisServer.start), (RedisServer.freeze, RedisServer.thaw)],
    ids=["killed", "frozen"],
)
async def test_redis_gone_is_told_and_costs_no_viewer_and_no_update(
    fleet: Fleet, control_plane: ControlPlane, namespace: str, gone: Break, back: Break
) -> None:
    await asyncio.to_thread(pods.create, control_plane, namespace, "before")
    async with fleet.view(0, namespace) as one, fleet.view(1, namespace) as other:
        for viewer in (one, other):
            await viewer.sees("before", seconds=20)
        await asyncio.to_thread(gone, fleet.redis)
        try:
            for portal in fleet.portals:
                await asyncio.to_thread(wait_for, portal, "redis")
            await asyncio.to_thread(pods.create, control_plane, namespace, "meanwhile")
            for viewer in (one, other):
                await viewer.sees("before", "meanwhile", seconds=25)
        finally:
            await asyncio.to_thread(back, fleet.redis)
        for portal in fleet.portals:
            await asyncio.to_thread(wait_for, portal)
        await asyncio.to_thread(pods.create, control_plane, namespace, "after")
        for viewer in (one, other):
            await viewer.sees("before", "meanwhile", "after", seconds=25)
            assert viewer.closed_at is None


async def test_what_an_administrator_changes_on_one_replica_reaches_all(
    fleet: Fleet, control_plane: ControlPlane, namespace: str
) -> None:
    with Desk(fleet.portals[0]) as desk:
        desk.grant("engineers", "test-*")  # it is there; the desk is up when this has come back
        async with fleet.view(0, namespace) as one, fleet.view(1, namespace) as other:
            for viewer in (one, other):
                await viewer.live(namespace)
            changed_at = time.monotonic()
            await asyncio.to_thread(desk.hide, namespace)
            took = await asyncio.gather(one.close_code(10), other.close_code(10))
            ended_at = [viewer.closed_at or math.inf for viewer in (one, other)]
            print(f"hidden after {max(ended_at) - changed_at:.1f} s")
            assert set(took) == {4403}
            assert max(ended_at) - changed_at < HIDDEN_SECONDS * 5


def test_a_redis_that_never_was_there_keeps_nobody_waiting(control_plane: ControlPlane) -> None:
    redis = RedisServer()
    with Fleet(control_plane.kubeconfig, redis, count=1) as alone:
        portal = alone.portals[0]
        body = json.loads(portal.get("/api/v1/pods?cluster=test&namespace=default"))
        assert body["feed"]["state"] == "live"
        wait_for(portal, "redis")
        with redis:
            wait_for(portal)
