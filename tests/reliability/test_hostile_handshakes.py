"""Half a handshake, sent a byte at a time, is not waited for without end (both servers at once)."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from k8sportal.serve_limits import REQUEST_SECONDS
from tests.reliability.halves import Halves
from tests.serve.program import Program
from tests.serve.test_serving import port_of, small_app

pytestmark = pytest.mark.slow

EACH = 30
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
FORM = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[Program]]:
    """One of each kind."""
    for daphne in small_app("daphne", "127.0.0.1", tmp_path):
        for uvicorn in small_app("uvicorn", "127.0.0.1", tmp_path):
            yield [daphne, uvicorn]


async def test_half_a_request_stays_for_twenty_seconds_at_most(servers: list[Program]) -> None:
    ports = [port_of(server) for server in servers]
    halves = [Halves(port, request) for port in ports for request in (HANDSHAKE, FORM)]
    await asyncio.gather(*(each.run(EACH, 5 * REQUEST_SECONDS) for each in halves))
    for each in halves:
        print(f"ended after {min(each.lasted):.1f} to {max(each.lasted):.1f} s")
        assert len(each.lasted) == EACH
        assert min(each.lasted) > REQUEST_SECONDS / 2, "whoever is merely slow gets its time"
        assert max(each.lasted) < 2 * REQUEST_SECONDS


async def test_a_request_that_is_slow_but_whole_in_time_is_answered(servers: list[Program]) -> None:
    for server in servers:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
        try:
            for start in range(0, len(FORM), 200):
                writer.write(FORM[start : start + 200])
                await asyncio.sleep(0.1)
            assert b" 200 " in await asyncio.wait_for(reader.readline(), 10)
        finally:
            writer.close()
            await writer.wait_closed()
