"""nginx reloaded and killed under a viewer: the socket lives or ends, and nothing is left at the portal."""

import asyncio
import json

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.proxies.conftest import Site
from tests.proxies.person import Person

PODS = "/ws/pods/?cluster=demo&namespace=shop"
# docs/contract.md: a frame comes at least every 5 s; five times that on a busy machine.
HEARTBEAT_SECONDS = 25.0


async def test_a_reload_keeps_sockets_and_a_killed_proxy_ends_them(plain: Site) -> None:
    person = Person(plain.nginx.port)
    async with person.socket(PODS) as old:
        await asyncio.to_thread(plain.nginx.reload)
        async with person.socket(PODS) as new:
            for socket in (old, new):
                await _hears_a_heartbeat(socket)
            await asyncio.to_thread(plain.nginx.kill)
            for socket in (old, new):
                with pytest.raises(ConnectionClosed):
                    await _reads_to_its_end(socket)
    await asyncio.to_thread(plain.nginx.start)
    await asyncio.to_thread(
        plain.portal.wait_until,
        lambda: plain.portal.metric("k8sportal_sockets") == 0,
        HEARTBEAT_SECONDS,
        "no socket is left",
    )
    async with person.socket(PODS) as again:
        await _hears_a_heartbeat(again)


async def _hears_a_heartbeat(socket: ClientConnection) -> None:
    """Reads until the next `feed` frame."""
    async with asyncio.timeout(HEARTBEAT_SECONDS):
        while json.loads(await socket.recv())["type"] != "feed":
            pass


async def _reads_to_its_end(socket: ClientConnection) -> None:
    async with asyncio.timeout(HEARTBEAT_SECONDS):
        while True:
            await socket.recv()
