"""What the layer between replicas holds is counted, and goes with the scopes, also while Redis is away."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable

import pytest_asyncio
from channels_redis.pubsub import RedisPubSubChannelLayer

from pods.clock import SystemClock
from pods.domain.scope import Scope
from pods.layers import layer_entries
from pods.live.fleet import Fleet
from pods.live.link import Link, connection_options
from pods.live.messages import Message
from pods.runtime import Runtime
from tests.redis import RedisServer

SECONDS = 20.0
# The process's own channel, for good.
OWN = {"buffer": 1, "message": 0, "member": 0, "subscription": 1}
SCOPES = [Scope("test", "pods", f"team-{number}") for number in range(3)]


@pytest_asyncio.fixture
async def runtime(redis: RedisServer) -> AsyncIterator[Runtime]:
    """One whose fleet runs, and nothing else; it has its own channel."""
    clock = SystemClock()
    hosts = [{"address": redis.url, **connection_options()}]
    fleet = Fleet(
        Link(redis.url, clock),
        lambda prefix: RedisPubSubChannelLayer(hosts=hosts, prefix=prefix),
        secrets.token_hex(4),
        clock,
    )
    made = Runtime(fleet=fleet)
    assert layer_entries(made) == dict.fromkeys(OWN, 0)
    fleet.open("ours")
    task = asyncio.create_task(fleet.run(), name="fleet")
    try:
        await becomes(made, OWN)
        yield made
    finally:
        task.cancel()
        await asyncio.wait([task])
        await fleet.close()


async def becomes(runtime: Runtime, expected: dict[str, int]) -> None:
    """Waits until just this is held."""
    try:
        await until(lambda: layer_entries(runtime) == expected)
    except TimeoutError:
        assert layer_entries(runtime) == expected


async def until(condition: Callable[[], bool]) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


def hears(message: Message, process: str) -> None:
    """A handler."""


async def joined(runtime: Runtime) -> None:
    """Joins all scopes; each is a member and a subscription more."""
    assert runtime.fleet is not None
    for scope in SCOPES:
        runtime.fleet.broker.join(scope, hears)
    await becomes(runtime, OWN | {"member": len(SCOPES), "subscription": 1 + len(SCOPES)})


def leave(runtime: Runtime) -> None:
    """Nobody wants them any more."""
    assert runtime.fleet is not None
    for scope in SCOPES:
        runtime.fleet.broker.leave(scope, hears)


async def test_what_a_scope_has_in_the_layer_goes_with_it(runtime: Runtime) -> None:
    for _ in range(3):
        await joined(runtime)
        leave(runtime)
        await becomes(runtime, OWN)


async def test_what_was_left_while_redis_was_away_goes_when_it_is_back(
    runtime: Runtime, redis: RedisServer
) -> None:
    await joined(runtime)
    await asyncio.to_thread(redis.kill)
    try:
        leave(runtime)
        # The layer has forgotten one, and Redis could not be told.
        await until(lambda: layer_entries(runtime)["member"] < len(SCOPES))
    finally:
        await asyncio.to_thread(redis.start)
    await becomes(runtime, OWN)
