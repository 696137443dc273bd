"""What replicas have of Redis, and that losing it costs nobody anything."""

import asyncio
import json
import math
import secrets
import time
from collections.abc import Callable

import msgspec
import pytest

from tests.cluster.control_plane import ControlPlane
from tests.consumers.desk import Desk
from tests.portal import PortalProcess
from tests.redis import RedisServer
from tests.replicas.fleet import Fleet
from tests.replicas.watching import watching
from tests.replicas.writing import Writing, check_steady

# Told within a second or two, even by a Redis that says nothing; five times that on a busy machine.
TOLD_SECONDS = 10.0
# docs/contract.md: what an administrator changes holds everywhere within so long.
HIDDEN_SECONDS = 2.0
# Whatever happens to Redis, everybody is right again within so long.
RIGHT_SECONDS = 5.0
# Longer than a lease is held.
BROKEN_SECONDS = 4.0

Break = Callable[[RedisServer], object]


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
    async with (
        Writing.steadily(control_plane, namespace) as writing,
        watching(fleet, namespace) as viewers,
    ):
        await asyncio.to_thread(gone, fleet.redis)
        try:
            for portal in fleet.portals:
                await asyncio.to_thread(wait_for, portal, "redis")
            took = await writing.reaches(viewers, RIGHT_SECONDS * 5)
            print(f"without Redis: everybody is right after {took:.1f} s")
            await asyncio.sleep(BROKEN_SECONDS)
            assert await asyncio.to_thread(fleet.watches, namespace) == [1, 1, 1]
        finally:
            await asyncio.to_thread(back, fleet.redis)
        for portal in fleet.portals:
            await asyncio.to_thread(wait_for, portal)
        print(f"one watch {await fleet.settle(namespace):.1f} s later")
        await writing.reaches(viewers, RIGHT_SECONDS * 5)
        for viewer in viewers:
            check_steady(viewer)


async def test_what_redis_does_costs_no_viewer_and_no_update(
    fleet: Fleet, control_plane: ControlPlane, namespace: str
) -> None:
    async with (
        Writing.steadily(control_plane, namespace) as writing,
        watching(fleet, namespace) as viewers,
    ):
        for command in ("FLUSHALL", "CLIENT KILL TYPE pubsub", "CLIENT KILL TYPE normal") * 2:
            await asyncio.to_thread(fleet.redis.command, *command.split())
            took = await writing.reaches(viewers, RIGHT_SECONDS * 5)
            print(f"{command}: everybody is right after {took:.2f} s")
        await fleet.settle(namespace)
        await writing.reaches(viewers, RIGHT_SECONDS * 5)
        for viewer in viewers:
            check_steady(viewer)


async def test_what_an_administrator_changes_on_one_replica_reaches_all(fleet: Fleet, namespace: str) -> None:
    with Desk(fleet.portals[0]) as desk:
        desk.grant("engineers", "test-*")  # it is there; the desk is up when this has come back
        async with watching(fleet, namespace) as viewers:
            changed_at = time.monotonic()
            await asyncio.to_thread(desk.hide, namespace)
            took = await asyncio.gather(*(viewer.close_code(20) for viewer in viewers))
            ended_at = [viewer.closed_at or math.inf for viewer in viewers]
            print(f"hidden after {max(ended_at) - changed_at:.1f} s")
            assert set(took) == {4403}
            assert max(ended_at) - changed_at < HIDDEN_SECONDS * 5


async def test_what_is_not_ours_is_ignored_and_counted(
    fleet: Fleet, control_plane: ControlPlane, namespace: str
) -> None:
    """Noise, wrong shapes, messages of another installation, on the very channels that are listened to."""

    def ignored(reason: str) -> float:
        return sum(
            portal.metric("k8sportal_fleet_messages_ignored_total", reason=reason) for portal in fleet.portals
        )

    async with (
        Writing.steadily(control_plane, namespace) as writing,
        watching(fleet, namespace) as viewers,
    ):
        groups = [name for name in fleet.redis.names() if "__group__" in name]
        assert groups
        claim = {"form": 1, "installation": "another", "type": "beat"}
        before = {reason: ignored(reason) for reason in ("shape", "installation")}
        for group in groups:
            for data in (claim, {"installation": "ours"}, "text"):
                message = {
                    "type": "k8sportal.fleet",
                    "process": "x",
                    "to": "",
                    "data": msgspec.msgpack.encode(data),
                }
                fleet.redis.publish(group, msgspec.msgpack.encode(message))
            fleet.redis.publish(group, secrets.token_bytes(50))
            fleet.redis.publish(group, msgspec.msgpack.encode({"type": "another"}))

        def is_counted() -> bool:
            return all(
                ignored(reason) >= before[reason] + count * len(fleet.portals)
                for reason, count in (("shape", 4), ("installation", 1))
            )

        await asyncio.to_thread(fleet.portals[0].wait_until, is_counted, 20, "all of it is counted")
        await writing.reaches(viewers, RIGHT_SECONDS * 5)
        await fleet.settle(namespace)
        for viewer in viewers:
            check_steady(viewer)


async def test_two_installations_on_one_redis_do_not_meet(
    fleet: Fleet, control_plane: ControlPlane, namespace: str
) -> None:
    before = fleet.redis.names()
    with Fleet(
        control_plane.kubeconfig, fleet.redis, count=1, environment={"PORTAL_INSTANCE": "other"}
    ) as other:
        async with (
            Writing.steadily(control_plane, namespace) as writing,
            watching(fleet, namespace) as viewers,
            watching(other, namespace) as others,
        ):
            await writing.reaches([*viewers, *others], RIGHT_SECONDS * 5)
            assert await asyncio.to_thread(fleet.shares, namespace)
            assert await asyncio.to_thread(other.watches, namespace) == [1]
            new = fleet.redis.names() - before
            mine = {name for name in new if name.startswith("other.")}
            assert mine
            assert all(name.startswith("k8sportal-") for name in new - mine)
            for portal in (*fleet.portals, *other.portals):
                assert portal.metric("k8sportal_fleet_messages_ignored_total", reason="fence") == 0


def test_a_redis_that_never_was_there_keeps_nobody_waiting(control_plane: ControlPlane) -> None:
    redis = RedisServer()
    environment = {"PORTAL_LAYER_KEY": "a long random text"}
    with Fleet(control_plane.kubeconfig, redis, count=1, environment=environment) as alone:
        portal = alone.portals[0]
        body = json.loads(portal.get("/api/v1/pods?cluster=test&namespace=default"))
        assert body["feed"]["state"] == "live"
        wait_for(portal, "redis")
        with redis:
            wait_for(portal)
            assert (
                json.loads(portal.get("/api/v1/pods?cluster=test&namespace=default"))["feed"]["state"]
                == "live"
            )
