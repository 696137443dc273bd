"""uvicorn under the portal's rules: the alternative with real backpressure."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import uvicorn

from k8sportal.serve import (
    CLOSE_SECONDS,
    DRAIN_SECONDS,
    PING_INTERVAL_SECONDS,
    PING_TIMEOUT_SECONDS,
    STOP_SECONDS,
    Application,
    Ending,
    Runtime,
    step,
)
from k8sportal.serve_limits import message_bytes
from k8sportal.serve_turnstile import Turnstile
from k8sportal.serve_uvicorn_connections import PortalHttp, PortalSocket


class PortalServer(uvicorn.Server):
    """uvicorn's server, whose signals are ours: it would end the process by the signal, not with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    def websockets(self) -> int:
        """How many WebSocket connections are open."""
        return sum(isinstance(connection, PortalSocket) for connection in self.server_state.connections)


def tell_vanished(application: Application) -> Application:
    """Tells `application` that a peer vanished (1006), where uvicorn says that it gave no code (1005).

    It does so for every connection that is lost; the close frame of a peer comes with a `reason`.
    """

    async def told(scope: Any, receive: Any, send: Any) -> None:
        async def truly() -> Any:
            message = await receive()
            if (
                message["type"] == "websocket.disconnect"
                and "reason" not in message
                and message["code"] == 1005
            ):
                message["code"] = 1006
            return message

        await application(scope, truly, send)

    return told


def serve_uvicorn(
    application: Application,
    runtime: Runtime,
    listening: socket.socket,
    on_abort: Callable[[], None],
    on_ready: Callable[[], None],
) -> None:
    """Serve on `listening` until a signal."""
    asyncio.run(_serve(application, runtime, listening, on_abort, on_ready))


async def _serve(
    application: Application,
    runtime: Runtime,
    listening: socket.socket,
    on_abort: Callable[[], None],
    on_ready: Callable[[], None],
) -> None:
    server = PortalServer(
        uvicorn.Config(
            tell_vanished(application),
            http=partial(PortalHttp, Turnstile()),  # type: ignore[arg-type]
            ws=PortalSocket,
            ws_max_size=message_bytes(),
            ws_ping_interval=PING_INTERVAL_SECONDS,
            ws_ping_timeout=PING_TIMEOUT_SECONDS,
            ws_per_message_deflate=False,
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=int(CLOSE_SECONDS),
        )
    )

    runtime.server_sockets = server.websockets

    async def shut_down() -> None:
        async with step("drain", DRAIN_SECONDS):
            await runtime.drain()
        server.should_exit = True

    ending = Ending(shut_down, on_abort)
    ending.listen_for_signals(asyncio.get_running_loop())
    on_ready()
    await server.serve(sockets=[listening])
    if ending.task is not None:
        await ending.task
    async with step("stop", STOP_SECONDS):
        await runtime.stop()
