"""PodConsumer: one viewer's WebSocket.

Guarantees. `connect()` starts one task, the viewer's watch: its subscriptions to the shared upstream
watches. `disconnect()` cancels that task and awaits it, and so does the `finally` round the whole
ASGI call, for the ways of leaving in which `disconnect()` never comes: a handler that raises, a
cancelled consumer, a send into a closing socket, the server's end. Nothing of a viewer outlives
`__call__`. Every socket writes two lines into the log, one when it opens and one when it ends.
"""

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from autobahn.exception import Disconnected
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseFailure
from django.http import QueryDict

from k8sportal.proxies import client_address
from pods import metrics
from pods.access import Person, person_of
from pods.asked import read
from pods.domain.protocol import (
    SUBPROTOCOL,
    VANISHED,
    AckFrame,
    CloseCode,
    Message,
    encode,
    error_frame,
)
from pods.sockets import TooManySockets
from pods.throttle import Throttle
from pods.viewing import Refused, Viewing
from pods.viewparams import BadParams, read_params

if TYPE_CHECKING:
    from pods.runtime import Runtime

log = structlog.get_logger(__name__)

# Acknowledgements may come five times as often as other messages (docs/contract.md, "Limits").
ACKS_PER_MESSAGE = 5
DATABASE_SECONDS = 10.0
# What a peer's own close may be counted as; any other of its codes is a plain leaving.
PEER_CODES = (CloseCode.NORMAL, CloseCode.GOING_AWAY, VANISHED)

_decode_message = msgspec.json.Decoder(Message).decode
_decode_ack = msgspec.json.Decoder(AckFrame).decode


class PeerGone(Exception):
    """A send met a socket that is closing; its end is on the way."""


class PodConsumer(AsyncWebsocketConsumer):
    """Pods of one cluster's namespaces, live. The protocol is docs/contract.md, "The WebSocket"."""

    # No channel-layer channel per viewer: one each leaks under churn, in the layer itself.
    channel_layer_alias = "none: viewers have no channel"

    def __init__(self) -> None:
        super().__init__()
        self.person = Person.anonymous
        self._connection = secrets.token_hex(4)
        self._viewing: Viewing | None = None
        self._watch: asyncio.Task[None] | None = None
        self._close_code: int | None = None
        self._peer_code: int | None = None
        self._told_opened = False

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """The whole life of one socket."""
        self.runtime: Runtime = scope["portal"]
        rate = self.runtime.limits.messages_per_second
        self._messages = Throttle(rate, self.runtime.clock)
        self._acks = Throttle(rate * ACKS_PER_MESSAGE, self.runtime.clock)
        opened_at = self.runtime.clock.monotonic()
        self.runtime.sockets.opened(self)
        try:
            await super().__call__(scope, receive, send)
        finally:
            try:
                await self._stop_watch()
            finally:
                self._ended(opened_at)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """As Channels does, without its thread hop for database connections at each received frame."""
        if message["type"] == "websocket.receive":
            await self.websocket_receive(message)
        else:
            await super().dispatch(message)

    async def connect(self) -> None:
        """Accepts, so that a refusal can be told; then checks, and starts the viewer's watch."""
        offered = self.scope.get("subprotocols") or ()
        chosen = SUBPROTOCOL if SUBPROTOCOL in offered else None
        try:
            await self._to_peer({"type": "websocket.accept", "subprotocol": chosen})
            viewing = await self._admit()
        except PeerGone:
            return
        except Refused as refused:
            self._log_opened()
            await self._refuse(refused)
            return
        self._viewing = viewing
        self._log_opened()
        if self.runtime.draining:  # since it was admitted
            self.restart()
        self.runtime.access_watch.guarded.add(self)
        self._watch = asyncio.create_task(self._run_watch(viewing), name=f"watch {self._connection}")

    async def disconnect(self, code: int) -> None:
        """The viewer left: its watch is cancelled and awaited."""
        self._peer_code = code
        await self._stop_watch()

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """An acknowledgement; anything else that is well formed is ignored."""
        if self._close_code is not None:
            return
        try:
            self._take(message.get("text"))
        except Refused as refused:
            await self._stop_watch()
            await self._refuse(refused)

    def rights_changed(self, person: Person | None) -> None:
        """What this viewer may see, or who they are, changed (access_watch)."""
        if person is not None:
            self.person = person
        if self._viewing is not None:
            self._viewing.rights_changed(person)

    def restart(self) -> None:
        """The portal is going down: the viewer is told to come back."""
        if self._viewing is not None:
            self._viewing.end(Refused("restarting", CloseCode.SERVICE_RESTART))

    async def _admit(self) -> Viewing:
        """Who asks for what, and whether they may. Raises Refused."""
        if self.runtime.draining:
            raise Refused("restarting", CloseCode.SERVICE_RESTART)
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                self.person = await database_sync_to_async(_person)(self.scope)
        except (DatabaseFailure, TimeoutError) as error:
            raise Refused("unavailable", CloseCode.TRY_AGAIN_LATER) from error
        address = client_address(self.scope)
        known = self.person.user_id is not None
        try:
            self.runtime.sockets.admit(
                self, f"user {self.person.user_id}" if known else f"from {address}", address
            )
        except TooManySockets as error:
            raise Refused("too_many_sockets", CloseCode.TOO_MANY, {"limit": error.limit}) from error
        query = QueryDict(self.scope["query_string"])
        access = self.runtime.access
        try:
            asked = read(read_params(query, access.clusters(self.person)), access)
        except BadParams as error:
            if error.signing_in_may_help and not known:
                raise Refused("not_signed_in", CloseCode.NOT_SIGNED_IN) from error
            raise Refused(
                "bad_request", CloseCode.BAD_REQUEST, {"detail": error.message.rstrip(".")}
            ) from error
        return Viewing(self.runtime, self._send_text, self.person, asked, query.getlist("resume"))

    def _take(self, text: str | None) -> None:
        """One received frame. Raises Refused."""
        limit = self.runtime.limits.frame_bytes
        if text is None:
            raise Refused("binary_frame", CloseCode.UNSUPPORTED_DATA)
        if len(text) > limit or len(text.encode()) > limit:
            raise Refused("frame_too_big", CloseCode.TOO_BIG, {"limit": limit})
        try:
            # Types that are not known are ignored, whatever their fields are.
            is_ack = _decode_message(text).type == "ack"
            ack = _decode_ack(text) if is_ack else None
        except (msgspec.MsgspecError, RecursionError) as error:
            raise Refused("bad_frame", CloseCode.INVALID_DATA) from error
        if not (self._acks if is_ack else self._messages).allows():
            rate = self.runtime.limits.messages_per_second
            raise Refused("too_many_messages", CloseCode.TOO_MANY, {"limit": rate})
        if ack is not None and self._viewing is not None:
            self._viewing.viewer.acknowledged(ack.namespace, ack.token, ack.part)

    async def _run_watch(self, viewing: Viewing) -> None:
        """The viewer's watch, and what is said where it cannot go on."""
        try:
            await viewing.run()
        except Refused as refused:
            await self._refuse(refused)
        except PeerGone:
            return
        except Exception:
            log.exception("watch_failed", connection=self._connection)
            await self._refuse(Refused("internal", CloseCode.INTERNAL_ERROR))
        finally:
            viewing.close()

    async def _stop_watch(self) -> None:
        """Cancels the viewer's watch and waits for its end, even if an earlier call was cancelled in that."""
        self.runtime.access_watch.guarded.discard(self)
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
            self._watch = None
        if self._viewing is not None:
            self._viewing.close()

    async def _refuse(self, refused: Refused) -> None:
        """Sends the final `error` and closes; once."""
        if self._close_code is not None:
            return
        self._close_code = int(refused.close_code)
        frame = error_frame(refused.code, refused.params, final=True)
        try:
            await self._send_text(encode(frame).decode())
            await self._to_peer({"type": "websocket.close", "code": self._close_code})
        except PeerGone:
            return

    async def _send_text(self, text: str) -> None:
        await self._to_peer({"type": "websocket.send", "text": text})

    async def _to_peer(self, message: dict[str, Any]) -> None:
        """Raises PeerGone where the socket is closing under the send; the two servers say it differently."""
        try:
            await self.base_send(message)
        except (Disconnected, OSError) as error:
            raise PeerGone from error
        except RuntimeError as error:
            if not str(error).startswith("Unexpected ASGI message"):
                raise
            raise PeerGone from error

    def _log_opened(self) -> None:
        self._told_opened = True
        log.info("socket_opened", **self._about())

    def _ended(self, opened_at: float) -> None:
        """The second line in the log, and the counts."""
        self.runtime.sockets.closed(self)
        if not self._told_opened:  # it ended before it was known what it asks for
            self._log_opened()
        viewer = self._viewing.viewer if self._viewing is not None else None
        peer_code = self._peer_code or VANISHED
        code = self._close_code or (peer_code if peer_code in PEER_CODES else int(CloseCode.NORMAL))
        metrics.VIEWER_CLOSES.labels(str(code)).inc()
        log.info(
            "socket_closed",
            **self._about(),
            code=code,
            closed_by="portal" if self._close_code else "peer",
            seconds=round(self.runtime.clock.monotonic() - opened_at, 3),
            frames=viewer.frames if viewer else 0,
            bytes=viewer.bytes if viewer else 0,
        )

    def _about(self) -> dict[str, Any]:
        headers = dict(self.scope.get("headers", ()))
        asked = self._viewing.asked if self._viewing is not None else None
        return {
            "connection": self._connection,
            "request_id": headers.get(b"x-request-id", b"").decode("latin-1")[:128] or None,
            "user": self.person.username or None,
            "address": client_address(self.scope),
            "cluster": asked.cluster if asked else None,
            "namespaces": list(asked.namespaces) if asked else None,
            "filter": asked.filter.key() if asked else None,
        }


def _person(scope: dict[str, Any]) -> Person:
    return person_of(scope["user"], scope["session"])
