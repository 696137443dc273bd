"""One connection under uvicorn, held to the portal's rules.

uvicorn has flow control of its own, both ways. It lacks deadlines (half a request stays for ever, and
so does a closed socket whose peer reads a byte now and then) and a measure of what a peer may send.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from k8sportal.serve_limits import CLOSE_HANDSHAKE_SECONDS, REQUEST_SECONDS, Inflow
from k8sportal.serve_turnstile import Turnstile
from pods.domain.protocol import CloseCode

# So much is parsed before what it holds is counted: some hundreds of the shortest frames.
_SLICE_BYTES = 4096
_REQUEST_UNDER_WAY = (h11.IDLE, h11.SEND_BODY)


class PortalHttp(H11Protocol):
    """An HTTP connection on which each request must be whole within REQUEST_SECONDS."""

    def __init__(self, turnstile: Turnstile, **named: Any) -> None:
        super().__init__(**named)
        self._turnstile = turnstile
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_request()
        transport.pause_reading()
        self._turnstile.enter(transport.resume_reading)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state not in _REQUEST_UNDER_WAY:
            self._cancel()

    def on_response_complete(self) -> None:
        self._await_request()
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._cancel()
        super().handle_websocket_upgrade(event)

    def shutdown(self) -> None:
        """Does not wait for the rest of a request: its application would be cancelled in the end."""
        if self.conn.their_state is h11.SEND_BODY:
            self.transport.abort()
        else:
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        self._cancel()
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _cancel(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()


class PortalSocket(WebSocketsSansIOProtocol):
    """A WebSocket whose peer is counted, and given up in the end."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._inflow = Inflow()
        self._refused = False

    # What comes in

    def data_received(self, data: bytes) -> None:
        """Reads on after a refusal, so that the close frame is not lost in a reset, but looks at nothing."""
        for start in range(0, len(data), _SLICE_BYTES):
            if self._refused:
                return
            super().data_received(data[start : start + _SLICE_BYTES])

    def handle_events(self) -> None:
        """Counts the frames before any of them is handled."""
        events = self.conn.events_received()
        for event in events:
            code = self._inflow.refusal(event.opcode) if isinstance(event, Frame) else None
            if code is not None:
                self._refuse(code)
                return
        self.conn.events = events
        super().handle_events()

    def handle_ping(self) -> None:
        """A peer that does not read gets no answers either: they would pile up."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def send_receive_event_to_app(self) -> None:
        """As uvicorn does, but text that is no UTF-8 is refused without a traceback in the log."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self._refuse(CloseCode.INVALID_DATA)
                return
        super().send_receive_event_to_app()

    # How it ends

    def _refuse(self, code: CloseCode) -> None:
        self.conn.fail(int(code))
        self.handle_parser_exception()

    def handle_parser_exception(self) -> None:
        """The peer was refused: the portal is told so at once, with the code; the peer may read its own."""
        self._refused = True
        if not self.close_sent and self.conn.close_sent is not None:
            code, reason = self.conn.close_sent.code, self.conn.close_sent.reason
            refusal: Any = {"type": "websocket.disconnect", "code": code, "reason": reason, "refused": True}
            self.queue.put_nowait(refusal)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.resume_reading()
        self._give_up_later()

    async def send(self, message: Any) -> None:
        """Does not keep a close back behind what the peer does not read. Raises OSError where it has gone."""
        closing = message["type"] == "websocket.close"
        if closing:
            self.writable.set()
        await super().send(message)
        if message["type"] == "websocket.accept" and not self.handshake_complete:
            # Dropped without a word, since the connection is closing; what comes next would be an error.
            raise ClientDisconnected
        if closing:
            self._give_up_later()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self._give_up_later()

    def _give_up_later(self) -> None:
        """Ends the connection after CLOSE_HANDSHAKE_SECONDS, whatever is not read or answered by then."""
        if self.disconnected:
            return
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(CLOSE_HANDSHAKE_SECONDS, self.transport.abort)
