"""A peer that reads nothing: its send waits, and nothing that the portal wants of it waits with it."""

import asyncio

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from pods.consumers import WORDS_SECONDS
from pods.runtime import Runtime
from tests.consumers.peer import Message, Peer

pytestmark = pytest.mark.django_db(transaction=True)

QUERY = "cluster=test&namespace=default"


class NotReading(Peer):
    """Takes the handshake, and then waits with every frame until `reads` is set. A close goes through."""

    def __init__(self, runtime: Runtime) -> None:
        self.reads = asyncio.Event()
        self.waiting = asyncio.Event()
        super().__init__(runtime, QUERY)

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.send":
            self.waiting.set()
            await self.reads.wait()
        await super().send(message)


async def _stuck(runtime: Runtime) -> NotReading:
    peer = NotReading(runtime)
    await asyncio.wait_for(peer.waiting.wait(), 5)
    return peer


async def test_it_is_sent_to_come_back_when_the_portal_goes_down(runtime: Runtime) -> None:
    peer = await _stuck(runtime)
    (life,) = runtime.sockets
    life.restart()
    await asyncio.wait_for(peer.closed(), 5 * WORDS_SECONDS)
    assert peer.close_code == 1012
    assert peer.frames == [], "the words were not waited for"
    peer.leaves(1012)
    await asyncio.wait_for(peer.call, 5)
    assert len(runtime.sockets) == 0


async def test_it_is_refused_when_it_sends_what_it_may_not(runtime: Runtime) -> None:
    peer = await _stuck(runtime)
    peer.incoming.put_nowait({"type": "websocket.receive", "bytes": b"x"})
    await asyncio.wait_for(peer.closed(), 5 * WORDS_SECONDS)
    assert peer.close_code == 1003
    peer.leaves(1003)
    await asyncio.wait_for(peer.call, 5)


async def test_it_can_leave(runtime: Runtime) -> None:
    peer = await _stuck(runtime)
    peer.leaves(1006)
    await asyncio.wait_for(peer.call, 5)
    assert len(runtime.sockets) == 0


async def test_what_the_server_refuses_counts_by_the_code_it_refuses_with(runtime: Runtime) -> None:
    """It parses what never reaches the portal: giant frames, bad UTF-8, floods of pings."""

    def closes() -> float:
        return REGISTRY.get_sample_value("k8sportal_viewer_closes_total", {"code": "1009"}) or 0.0

    before = closes()
    with capture_logs() as logs:
        peer = Peer(runtime, QUERY)
        await peer.snapshot()
        peer.incoming.put_nowait({"type": "websocket.disconnect", "code": 1009, "refused": True})
        await asyncio.wait_for(peer.call, 5)
    assert closes() == before + 1
    (closed,) = [line for line in logs if line["event"] == "socket_closed"]
    assert (closed["code"], closed["closed_by"]) == (1009, "portal")
