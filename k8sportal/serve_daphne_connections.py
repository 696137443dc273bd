# ruff: noqa: N802 (the methods' names are Twisted's and autobahn's)
"""One connection under Daphne, held to the portal's rules.

Daphne itself knows no flow control: what is sent to a peer that does not read, and what a peer sends
faster than the portal takes it, piles up without bound. Both are bounded here by the transport's own
means: a producer that is paused while more than 64 KiB wait to be written, and reading that is paused
while anything waits to be taken.
"""

import asyncio
from typing import Any

from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor as _reactor
from twisted.internet.protocol import connectionDone
from twisted.web.http import HTTPChannel

from k8sportal.serve_limits import CLOSE_HANDSHAKE_SECONDS, REQUEST_SECONDS, Inflow, message_bytes
from pods.domain.protocol import CloseCode

reactor: Any = _reactor


class PortalChannel(HTTPChannel):
    """An HTTP connection on which each request must be whole within REQUEST_SECONDS."""

    transport: Any
    factory: Any
    _deadline: Any = None

    def connectionMade(self) -> None:
        super().connectionMade()
        self._await_request()
        self.transport.pauseProducing()
        self.factory.server.turnstile.enter(self.transport.resumeProducing)

    def allContentReceived(self) -> None:
        self._cancel()
        super().allContentReceived()

    def requestDone(self, request: Any) -> None:
        self._await_request()
        super().requestDone(request)

    def connectionLost(self, reason: Any = connectionDone) -> None:
        self._cancel()
        super().connectionLost(reason)

    def _await_request(self) -> None:
        self._cancel()
        self._deadline = reactor.callLater(REQUEST_SECONDS, self.transport.abortConnection)

    def _cancel(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()


class Inbox(asyncio.Queue[dict[str, Any]]):
    """What a peer said and the portal has not taken. While a message is in it nothing more is read.

    So it holds no more than the messages of one read, 64 KiB.
    """

    def __init__(self, transport: Any) -> None:
        super().__init__()
        self._transport = transport

    def put_nowait(self, message: dict[str, Any]) -> None:
        super().put_nowait(message)
        if message["type"] == "websocket.receive":
            self._transport.pauseProducing()

    async def get(self) -> dict[str, Any]:
        message = await super().get()
        if self.empty() and message["type"] == "websocket.receive":
            self._transport.resumeProducing()
        return message


class PortalSocket(WebSocketProtocol):
    """A WebSocket whose peer is waited for (`writable`), counted, and given up in the end."""

    muted: bool = False

    def connectionMade(self) -> None:
        self.writable = asyncio.Event()
        self.writable.set()
        self._inflow = Inflow()
        self._given_up: Any = None
        # Until now the HTTP channel was told when to pause.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)
        super().connectionMade()

    # Called by the transport as its buffer fills and empties

    def pauseProducing(self) -> None:
        self.writable.clear()

    def resumeProducing(self) -> None:
        self.writable.set()

    def stopProducing(self) -> None:
        self.writable.set()

    # What comes in

    def dataReceived(self, data: bytes) -> None:
        """Reads on after a refusal, so that the close frame is not lost in a reset, but looks at nothing."""
        if not self.failedByMe:
            super().dataReceived(data)

    def processData(self) -> bool:
        return not self.failedByMe and bool(super().processData())

    def onFrameBegin(self) -> None:
        code = self._inflow.refusal(self.current_frame.opcode)
        if code is not None:
            self._fail_connection(code, "")
        super().onFrameBegin()

    def onMessageFrameBegin(self, length: int) -> None:
        super().onMessageFrameBegin(length)
        if not self.failedByMe and self.message_data_total_length > message_bytes():
            self._fail_connection(CloseCode.TOO_BIG, "")

    def onPing(self, payload: bytes) -> None:
        """A peer that does not read gets no answers either: they would pile up."""
        if self.writable.is_set():
            super().onPing(payload)

    # How it ends

    def _fail_connection(self, code: int, reason: str) -> None:
        """Refuses the peer, and tells the portal so at once, with the code."""
        refused_before = self.failedByMe
        super()._fail_connection(int(code), reason)
        if not refused_before and not self.muted and hasattr(self, "application_queue"):
            refusal = {"type": "websocket.disconnect", "code": int(code), "refused": True}
            self.application_queue.put_nowait(refusal)
            self.muted = True

    def dropConnection(self, abort: bool = False) -> None:
        """Closes once all is written, and does not wait for a peer that does not read that."""
        super().dropConnection(abort)
        self.writable.set()
        if self._given_up is None:
            self._given_up = reactor.callLater(CLOSE_HANDSHAKE_SECONDS, self.transport.abortConnection)

    def connectionLost(self, reason: Any) -> None:
        if self._given_up is not None and self._given_up.active():
            self._given_up.cancel()
        self.writable.set()
        super().connectionLost(reason)
        # What can no longer be sent: a connection that is gone is garbage for a while, in a cycle.
        self.transport.dataBuffer, self.transport.offset = b"", 0
        self.transport._tempDataBuffer, self.transport._tempDataLen = [], 0
