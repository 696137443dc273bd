"""What uvicorn's connections say to the application where uvicorn's own say nothing."""

import asyncio
from functools import partial
from typing import Any

import pytest
import uvicorn

from k8sportal.listening import listen
from k8sportal.serve_turnstile import Turnstile
from k8sportal.serve_uvicorn import PortalServer
from k8sportal.serve_uvicorn_connections import PortalHttp, PortalSocket
from pods.leakcheck.target import Address, Target
from pods.leakcheck.wire import connected

SECONDS = 20.0


async def test_who_accepts_a_socket_that_is_closing_is_told_that_its_peer_has_gone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As when the server ends while a viewer is being let in."""
    told: asyncio.Queue[Any] = asyncio.Queue()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        told.put_nowait(await receive())
        (connection,) = server.server_state.connections
        connection.shutdown()
        try:
            await send({"type": "websocket.accept"})
        except OSError as error:
            told.put_nowait(error)
        told.put_nowait(await receive())

    config = uvicorn.Config(
        application,
        http=partial(PortalHttp, Turnstile()),  # type: ignore[arg-type]
        ws=PortalSocket,
        lifespan="off",
        interface="asgi3",
        log_config=None,
    )
    server = PortalServer(config)
    with listen("127.0.0.1", 0) as listening:
        task = asyncio.create_task(server.serve(sockets=[listening]), name="server")
        try:
            target = Target(Address("127.0.0.1", listening.getsockname()[1], False, "/"), "", "")
            async with asyncio.timeout(SECONDS), connected(target) as peer:
                await peer.send(peer.handshake())
                assert (await told.get())["type"] == "websocket.connect"
                assert isinstance(await told.get(), OSError)
                assert (await told.get())["type"] == "websocket.disconnect"
        finally:
            server.should_exit = True
            await asyncio.wait([task])
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
