"""Daphne under the portal's rules."""

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from daphne.server import Server, twisted_loop  # first: it installs the reactor that Twisted then keeps

# isort: split
from twisted.internet import defer, reactor

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
from k8sportal.serve_daphne_connections import Inbox, PortalChannel, PortalSocket
from k8sportal.serve_limits import CLOSE_HANDSHAKE_SECONDS, SENT_BYTES
from k8sportal.serve_turnstile import Turnstile

logging.getLogger("daphne").setLevel(logging.WARNING)
_FOR_EVER = -1


class PortalServer(Server):
    """Daphne's server on a socket of ours, without the ways in which its end goes wrong."""

    def __init__(self, application: Application, listening: socket.socket) -> None:
        super().__init__(
            application,
            endpoints=["ours"],  # one is demanded; `adopt` takes its place
            signal_handlers=False,
            ready_callable=self.adopt,
            ping_interval=PING_INTERVAL_SECONDS,
            ping_timeout=PING_TIMEOUT_SECONDS,
            websocket_timeout=_FOR_EVER,  # Daphne would close every socket after a day
            websocket_max_message_size=SENT_BYTES,
            websocket_max_frame_size=SENT_BYTES,
            server_name="k8sportal",
        )
        self.endpoints: list[str] = []
        self.listening = listening
        self.turnstile = Turnstile()
        self.port: Any = None

    def adopt(self) -> None:
        """Take over the listening socket; called by Daphne when its factories are made."""
        # A frame that is too large or malformed is answered by a close code, not by a reset.
        # `Origin: null` is pods.origin's to refuse; by default autobahn would, with 400.
        self.ws_factory.setProtocolOptions(
            failByDrop=False,
            tcpNoDelay=True,
            allowNullOrigin=True,
            closeHandshakeTimeout=CLOSE_HANDSHAKE_SECONDS,
        )
        self.ws_factory.protocol = PortalSocket
        self.http_factory.protocol = PortalChannel
        self.port = reactor.adoptStreamPort(self.listening.fileno(), self.listening.family, self.http_factory)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """As Daphne does, but what a WebSocket's peer sends is read as it is taken."""
        if not isinstance(protocol, PortalSocket):
            return super().create_application(protocol, scope)
        inbox = Inbox(protocol.transport)
        scope = {**scope, "asgi": {"version": "3.0"}}
        call = self.application(scope, inbox.get, partial(self.handle_reply, protocol))
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(call)
        return inbox

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """As Daphne does, but a frame waits until its peer has read most of those before it."""
        if message["type"] == "websocket.send":
            await protocol.writable.wait()
        await super().handle_reply(protocol, message)

    def kill_all_applications(self) -> Any:
        """Cancel what still runs, as Daphne does, but also with a half-sent request open.

        Such a connection has no application yet: Daphne raises KeyError there, and cancels nothing.
        """
        return defer.Deferred.fromFuture(asyncio.ensure_future(self.cancel_applications()))

    async def cancel_applications(self) -> None:
        """Cancel every running application and wait for their ends, for so long."""
        running = self.running()
        for application in running:
            application.cancel()
        if running:
            await asyncio.wait(running, timeout=CLOSE_SECONDS)

    async def until_quiet(self) -> None:
        """Wait until every application that runs now has ended by itself."""
        running = self.running()
        if running:
            await asyncio.wait(running)

    def protocol_disconnected(self, protocol: Any) -> None:
        """Drop what can no longer be sent: a connection that is gone is garbage for a while, in a cycle.

        Daphne calls this for a handshake that it refuses as well, whose answer is still to be sent.
        """
        super().protocol_disconnected(protocol)
        if isinstance(protocol, PortalSocket) and not protocol.transport.connected:
            transport = protocol.transport
            transport.dataBuffer, transport.offset = b"", 0
            transport._tempDataBuffer, transport._tempDataLen = [], 0

    def websockets(self) -> int:
        """How many WebSocket connections are open; those that are gone stay on Daphne's list for a while."""
        return sum(
            isinstance(connection, PortalSocket) and "disconnected" not in details
            for connection, details in self.connections.items()
        )

    def running(self) -> list[asyncio.Future[None]]:
        """The applications that have not ended; a connection whose request is not whole has none."""
        applications = [details.get("application_instance") for details in self.connections.values()]
        return [application for application in applications if application and not application.done()]


def serve_daphne(
    application: Application,
    runtime: Runtime,
    listening: socket.socket,
    on_abort: Callable[[], None],
    on_ready: Callable[[], None],
) -> None:
    """Serve on `listening` until a signal."""
    server = PortalServer(application, listening)
    runtime.server_sockets = server.websockets

    async def shut_down() -> None:
        async with step("drain", DRAIN_SECONDS):
            await runtime.drain()
        server.port.stopListening()
        async with step("close", CLOSE_SECONDS):
            await server.until_quiet()
        await server.cancel_applications()
        async with step("stop", STOP_SECONDS):
            await runtime.stop()
        server.stop()

    Ending(shut_down, on_abort).listen_for_signals(twisted_loop)
    on_ready()
    server.run()
