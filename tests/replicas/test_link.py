"""Whether Redis answers, over each way to it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from channels_redis.pubsub import RedisPubSubChannelLayer

from pods.clock import SystemClock
from pods.domain.scope import Scope
from pods.live import link as link_module
from pods.live.broker import Broker
from pods.live.lease import Lease
from pods.live.link import Link, connection_options, within
from pods.live.messages import FORM, Ask
from tests.cluster.certificates import write_certificates
from tests.redis import RedisServer
from tests.replicas.tls import tls_in_front_of

SCOPE = Scope("test", "pods", "team-a")
# Each at another moment, in turns of the event loop. Without care one in five goes on for ever.
TRIES = 100
TURNS = 12
END_SECONDS = 10.0


async def is_there(url: str) -> bool:
    """What a link finds out at first."""
    link = Link(url, SystemClock())
    task = asyncio.create_task(link.run(), name="link")
    try:
        async with asyncio.timeout(10):
            return await link.decided()
    finally:
        task.cancel()
        await asyncio.wait([task])
        await link.close()


async def test_a_password_is_needed_and_used(redis: RedisServer) -> None:
    assert await is_there(redis.url)
    assert not await is_there(f"redis://127.0.0.1:{redis.port}/0")
    assert not await is_there(f"redis://:wrong@127.0.0.1:{redis.port}/0")


async def test_tls_with_an_authority_of_ones_own(redis: RedisServer, tmp_path: Path) -> None:
    write_certificates(tmp_path)
    async with tls_in_front_of(redis.port, tmp_path) as port:
        password = urlsplit(redis.url).password
        url = f"rediss://:{password}@127.0.0.1:{port}/0"
        assert await is_there(f"{url}?ssl_ca_certs={tmp_path / 'ca.crt'}")
        assert not await is_there(url)


async def test_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "valkey.sock")
    with RedisServer(options=("--unixsocket", path)):
        assert await is_there(f"unix://{path}")


@pytest.mark.parametrize("what", ["closed", "silent"])
async def test_what_does_not_answer_is_known_within_the_deadline(what: str) -> None:
    """The deadline is 1 s."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        if what == "closed":
            listening.close()
        started = asyncio.get_running_loop().time()
        assert not await is_there(f"redis://127.0.0.1:{port}/0")
        took = asyncio.get_running_loop().time() - started
    print(f"{what}: known after {took:.2f} s")
    assert took < 5


async def test_however_many_scopes_ask_there_are_two_connections() -> None:
    """So that what a process holds does not depend on what happens to be asked at the same moment."""
    with RedisServer() as server:
        link = Link(server.url, SystemClock())
        task = asyncio.create_task(link.run(), name="link")
        try:
            scopes = [Scope("test", "pods", f"team-{number}") for number in range(200)]
            leases = [Lease(link.client, "ours", scope, "one", SystemClock()) for scope in scopes]
            assert all(await asyncio.gather(*(lease.acquire(0) for lease in leases)))
            assert all(await asyncio.gather(*(lease.renew() for lease in leases)))
            assert await link.decided()
            listed = await asyncio.to_thread(server.command, "CLIENT", "LIST")
            assert len(listed.splitlines()) == 2 + 1, "the third one is who asks"
        finally:
            task.cancel()
            await asyncio.wait([task])
            await link.close()


@pytest_asyncio.fixture
async def link(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Link]:
    """One that asks without a pause."""
    monkeypatch.setattr(link_module, "PING_SECONDS", 0)
    made = Link(redis.url, SystemClock())
    yield made
    await made.close()


async def ends(task: asyncio.Task[None]) -> bool:
    """Whether it ends when it is cancelled once."""
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=END_SECONDS)
    for _ in range(0 if done else 20):  # so that a test that fails goes on to tell so
        task.cancel()
        await asyncio.wait([task], timeout=0.1)
    return bool(done)


async def end_each(work: Callable[[], Awaitable[None]]) -> None:
    """Begins and ends it again and again."""
    for number in range(TRIES):
        task = asyncio.ensure_future(work())
        for _ in range(number % TURNS):
            await asyncio.sleep(0)
        assert await ends(task), f"after {number % TURNS} turns of the loop it went on"


async def test_who_pings_ends_when_it_is_ended(link: Link) -> None:
    await end_each(link.run)


async def test_who_renews_a_lease_ends_when_it_is_ended(link: Link) -> None:
    lease = Lease(link.client, "ours", SCOPE, "one", SystemClock())
    assert await lease.acquire(0)

    async def renew() -> None:
        while True:
            await within(5, lease.renew())

    await end_each(renew)


async def test_a_broker_that_publishes_ends_when_it_is_ended(redis: RedisServer) -> None:
    hosts = [{"address": redis.url, **connection_options()}]
    message = Ask(form=FORM, installation="ours", scope=SCOPE, fence=1, picture="one")
    for number in range(TRIES):
        layer = RedisPubSubChannelLayer(hosts=hosts, prefix="ends.")
        broker = Broker(layer, "ends.", "ours", SystemClock())
        task = asyncio.create_task(broker.run(), name="broker")
        broker.publish(message)
        await asyncio.wait_for(broker.room(), END_SECONDS)
        for _ in range(TURNS):
            broker.publish(message)
        for _ in range(number % TURNS):
            await asyncio.sleep(0)
        assert await ends(task), f"after {number % TURNS} turns of the loop it went on"
        await broker.close()
