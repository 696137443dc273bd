"""Whether Redis answers, over each way to it."""

import asyncio
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pods.clock import SystemClock
from pods.live.link import Link
from tests.cluster.certificates import write_certificates
from tests.redis import RedisServer
from tests.replicas.tls import tls_in_front_of


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
