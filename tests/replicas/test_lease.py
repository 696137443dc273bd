"""The lease, at a real Valkey: one holder at a time, with fences that only grow."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from pods.clock import SystemClock
from pods.domain.scope import Scope
from pods.live import lease as lease_module
from pods.live.lease import Lease
from tests.redis import RedisServer

# Long, so that nothing expires on a busy machine where nothing should; short where a test waits for it.
TTL_SECONDS = 60.0
SHORT_SECONDS = 0.5

Contender = Callable[[str], Lease]


@pytest_asyncio.fixture
async def contender(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Contender]:
    """Makes contenders for one scope, each with a name."""
    monkeypatch.setattr(lease_module, "TTL_SECONDS", TTL_SECONDS)
    client = Redis.from_url(redis.url)
    scope = Scope("cluster/with:anything", "pods", secrets.token_hex(4))
    yield lambda name: Lease(client, "ours", scope, name, SystemClock())
    await client.aclose()


async def test_of_many_that_contend_one_holds(contender: Contender) -> None:
    leases = [contender(str(number)) for number in range(20)]
    got = await asyncio.gather(*(each.acquire(0) for each in leases))
    assert sum(got) == 1
    holder = leases[got.index(True)]
    assert holder.held
    assert [each for each in leases if each.held] == [holder]
    assert await holder.renew()
    assert not any([await each.renew() for each in leases if each is not holder])


@pytest.fixture
def short(contender: Contender, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the contender, which makes it long."""
    monkeypatch.setattr(lease_module, "TTL_SECONDS", SHORT_SECONDS)


@pytest.mark.usefixtures("short")
async def test_it_is_free_when_it_was_not_renewed_and_not_before(contender: Contender) -> None:
    one, other = contender("one"), contender("other")
    asked_at = time.monotonic()
    assert await one.acquire(0)
    while not await other.acquire(0):
        # Whoever is refused was refused while the first one still counted on it.
        await asyncio.sleep(0.02)
    assert time.monotonic() - asked_at >= SHORT_SECONDS
    assert not one.held
    assert other.fence > one.fence
    assert not await one.renew(), "a higher fence was given, whoever holds by now"


@pytest.mark.usefixtures("short")
async def test_a_holder_that_is_stopped_knows_before_anybody_else_can_hold(contender: Contender) -> None:
    """As after SIGSTOP: nothing of it runs, then everything goes on as if nothing had been."""
    one, other = contender("one"), contender("other")
    assert await one.acquire(0)
    time.sleep(SHORT_SECONDS)
    assert not one.held
    while not await other.acquire(0):
        await asyncio.sleep(0.02)
    assert not await one.renew()
    assert not one.held


async def test_what_is_handed_over_is_kept_for_who_can_go_on(
    contender: Contender, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, heir = contender("one"), contender("other"), contender("heir")
    assert await one.acquire(0)
    monkeypatch.setattr(lease_module, "HEIR_SECONDS", TTL_SECONDS)
    await one.release("who stands at 42")
    assert not await other.acquire(0)
    assert not await other.acquire(0, "who stands at 41")
    assert await heir.acquire(0, "who stands at 42")
    assert not await other.acquire(0, "who stands at 42")
    monkeypatch.setattr(lease_module, "HEIR_SECONDS", SHORT_SECONDS)
    await heir.release("who is gone")
    async with asyncio.timeout(SHORT_SECONDS * 20):
        while not await other.acquire(0):
            await asyncio.sleep(0.02)


async def test_who_releases_makes_room_at_once_and_only_for_itself(contender: Contender) -> None:
    one, other = contender("one"), contender("other")
    assert await one.acquire(0)
    await other.release()
    assert not await other.acquire(0)
    await one.release()
    assert not one.held
    assert await other.acquire(0)
    assert other.fence > one.fence


async def test_fences_grow_above_what_was_seen_anywhere(contender: Contender) -> None:
    seen = 10**15  # far beyond the time in milliseconds: somebody's clock was wrong
    one, other = contender("one"), contender("other")
    assert await one.acquire(seen)
    assert one.fence == seen + 1
    await one.release()
    assert await other.acquire(0)
    assert other.fence == seen + 2


async def test_a_redis_that_forgot_everything_does_not_go_back(
    contender: Contender, redis: RedisServer
) -> None:
    one, other = contender("one"), contender("other")
    assert await one.acquire(0)
    await asyncio.to_thread(redis.command, "FLUSHALL")
    assert await one.renew()
    assert not await other.acquire(0)
    await asyncio.to_thread(redis.command, "FLUSHALL")
    assert await other.acquire(one.fence)
    assert other.fence > one.fence
    assert not await one.renew()
    await other.release()
    assert not await one.renew(), "whoever came after it had a higher fence"


async def test_installations_do_not_meet(redis: RedisServer) -> None:
    scope = Scope("test", "pods", "default")
    async with Redis.from_url(redis.url) as client:
        before = redis.names()
        for name in ("northern", "southern"):
            assert await Lease(client, name, scope, "one", SystemClock()).acquire(0)
    new = redis.names() - before
    assert sorted(name.split(".")[0] for name in new) == ["northern", "northern", "southern", "southern"]
