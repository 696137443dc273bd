"""What replicas have of Redis, and that losing it costs nobody anything."""

import asyncio
import json
import math
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from msgspec.structs import replace

from pods.live.messages import FORM, Beat, encode
from tests.cluster.certificates import write_certificates
from tests.cluster.control_plane import ControlPlane
from tests.consumers.desk import Desk
from tests.portal import PortalProcess
from tests.redis import RedisServer
from tests.replicas.fleet import Fleet
from tests.replicas.overheard import Overheard
from tests.replicas.tls import tls_in_front_of
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
IDLE_SECONDS = 3.0
LAYER_KEY = "a long random text"

Break = Callable[[RedisServer], object]
IGNORED = "k8sportal_fleet_messages_ignored_total"
# What is none of our messages, by the reason for which it is ignored, made of one that is.
STRANGE: dict[str, Callable[[Beat], list[bytes]]] = {
    "installation": lambda beat: [encode(replace(beat, installation="another"))],
    "form": lambda beat: [encode(replace(beat, form=FORM + 1))],
    "fence": lambda beat: [encode(replace(beat, fence=beat.fence - 1))],
    "shape": lambda beat: [msgspec.msgpack.encode("text"), msgspec.msgpack.encode({"form": FORM}), b"\xc1"],
}


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
        # Who says nothing for a second is cut off.
        await asyncio.to_thread(fleet.redis.command, "CONFIG", "SET", "timeout", "1")
        try:
            await asyncio.sleep(IDLE_SECONDS)
            took = await writing.reaches(viewers, RIGHT_SECONDS * 5)
            print(f"cut off where idle: everybody is right after {took:.2f} s")
        finally:
            await asyncio.to_thread(fleet.redis.command, "CONFIG", "SET", "timeout", "0")
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
    """Noise, wrong shapes, messages of another installation, release or holder, where it is listened to."""

    def ignored(reason: str) -> list[float]:
        return [portal.metric(IGNORED, reason=reason) for portal in fleet.portals]

    async with (
        Writing.steadily(control_plane, namespace) as writing,
        watching(fleet, namespace) as viewers,
        Overheard.about(fleet.redis, namespace) as overheard,
    ):
        beat = await overheard.beat(20)
        before = {reason: ignored(reason) for reason in STRANGE}
        for foreign in STRANGE.values():
            for each in foreign(beat):
                await overheard.say(each)
        await overheard.publish(secrets.token_bytes(50))
        await overheard.publish(msgspec.msgpack.encode({"type": "another"}))

        def is_counted() -> bool:
            return all(
                now >= then + (5 if reason == "shape" else 1)  # noise, another type, three shapes
                for reason in STRANGE
                for now, then in zip(ignored(reason), before[reason], strict=True)
            )

        await asyncio.to_thread(fleet.portals[0].wait_until, is_counted, 20, "all of it is counted")
        await writing.reaches(viewers, RIGHT_SECONDS * 5)
        await fleet.settle(namespace)
        for viewer in viewers:
            check_steady(viewer)


async def test_three_installations_on_one_redis_do_not_meet(
    fleet: Fleet, control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    """One under another name, one under another database number, over TLS and with a key of its own."""
    before = fleet.redis.names()
    write_certificates(tmp_path)
    async with AsyncExitStack() as ends:
        port = await ends.enter_async_context(tls_in_front_of(fleet.redis.port, tmp_path))
        password = urlsplit(fleet.redis.url).password
        secure = f"rediss://:{password}@127.0.0.1:{port}/1?ssl_ca_certs={tmp_path / 'ca.crt'}"
        others = [
            Fleet(control_plane.kubeconfig, fleet.redis, 1, {"PORTAL_INSTANCE": "other"}),
            Fleet(
                control_plane.kubeconfig, fleet.redis, 2, {"REDIS_URL": secure, "PORTAL_LAYER_KEY": LAYER_KEY}
            ),
        ]
        for other in others:
            ends.push_async_callback(asyncio.to_thread, other.stop)
        await asyncio.gather(*(asyncio.to_thread(other.start) for other in others))
        writing = await ends.enter_async_context(Writing.steadily(control_plane, namespace))
        fleets = (fleet, *others)
        portals = [portal for each in fleets for portal in each.portals]
        ignored = [portal.metric(IGNORED) for portal in portals]
        viewers = [
            viewer for each in fleets for viewer in await ends.enter_async_context(watching(each, namespace))
        ]
        await writing.reaches(viewers, RIGHT_SECONDS * 5)
        for each in fleets:
            await each.settle(namespace)
        new = await asyncio.to_thread(fleet.redis.names) - before
        assert len({name.split(".")[0] for name in new}) == len(fleets)
        assert "other" in {name.split(".")[0] for name in new}
        assert ignored == [portal.metric(IGNORED) for portal in portals]
        for viewer in viewers:
            check_steady(viewer)


def test_a_redis_that_never_was_there_keeps_nobody_waiting(control_plane: ControlPlane) -> None:
    redis = RedisServer()
    environment = {"PORTAL_LAYER_KEY": LAYER_KEY}
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
