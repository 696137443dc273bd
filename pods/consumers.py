"""One viewer's WebSocket: PodConsumer for pods, LogConsumer for a container's log.

Guarantees. `connect()` starts one task, the viewer's watch: its subscriptions to the shared upstream
watches, or its reading of a log. `disconnect()` cancels that task and awaits it, and so does the
lifecycle round the whole ASGI call (pods.lifecycle), for the ways of leaving in which `disconnect()` never
comes. Nothing of a viewer outlives `__call__`.
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from autobahn.exception import Disconnected
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseFailure
from django.http import QueryDict

from pods.access import Person, person_of
from pods.asked import Asked
from pods.domain.protocol import (
    SUBPROTOCOL,
    AckFrame,
    CloseCode,
    Message,
    chosen_subprotocol,
    encode,
    error_frame,
)
from pods.lifecycle import Lifecycle
from pods.logserving import LogServing, read_log_params
from pods.serving import Refused, Serving
from pods.sockets import TooManySockets
from pods.throttle import ACKS_PER_MESSAGE, Throttle
from pods.viewing import Viewing
from pods.viewparams import BadParams

if TYPE_CHECKING:
    from pods.runtime import Runtime

log = structlog.get_logger(__name__)

# One acknowledgement for so much that was sent is not counted against their limit: a viewer that keeps up
# with a fast namespace sends many.
FREE_ACK_BYTES = 32 * 1024
DATABASE_SECONDS = 10.0
# A viewer that does not read is closed without the words.
WORDS_SECONDS = 0.5

_decode_message = msgspec.json.Decoder(Message).decode
_decode_ack = msgspec.json.Decoder(AckFrame).decode


class PeerGone(Exception):
    """A send met a socket that is closing; its end is on the way."""


class ViewerConsumer(AsyncWebsocketConsumer):
    """The socket of a viewer, whatever is served there. The protocol is docs/contract.md, "The WebSocket"."""

    # No channel-layer channel per viewer: one each leaks under churn, in the layer itself.
    channel_layer_alias = "none: viewers have no channel"

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """The whole life of one socket."""
        self.runtime: Runtime = scope["portal"]
        rate = self.runtime.limits.messages_per_second
        self._messages = Throttle(rate, self.runtime.clock)
        self._acks = Throttle(rate * ACKS_PER_MESSAGE, self.runtime.clock)
        self._acknowledgements = 0
        async with Lifecycle(self.runtime, scope) as self.life:
            await super().__call__(scope, receive, send)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """As Channels does, without its thread hop for database connections at each received frame."""
        if message["type"] == "websocket.receive":
            await self.websocket_receive(message)
        else:
            await super().dispatch(message)

    async def connect(self) -> None:
        """Accepts, so that a refusal can be told; then checks, and starts the viewer's watch."""
        chosen = chosen_subprotocol(self.scope.get("subprotocols") or ())
        try:
            await self._to_peer({"type": "websocket.accept", "subprotocol": chosen})
            if chosen not in (SUBPROTOCOL, None):
                raise Refused("other_version", CloseCode.OTHER_VERSION)
            serving = await self._admit()
        except PeerGone:
            return
        except Refused as refused:
            self.life.tell_opened()
            await self._refuse(refused)
            return
        self.life.start_watch(serving, self._run_watch(serving))

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        """The viewer left, or the server refused what it sent: then the code is the portal's."""
        if message.get("refused") and self.life.close_code is None:
            self.life.close_code = message["code"]
        await super().websocket_disconnect(message)

    async def disconnect(self, code: int) -> None:
        """The viewer left: its watch is cancelled and awaited."""
        self.life.peer_code = code
        await self.life.stop_watch()

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """An acknowledgement; anything else that is well formed is ignored."""
        if self.life.close_code is not None:
            return
        try:
            self._take(message.get("text"))
        except Refused as refused:
            await self.life.stop_watch()
            await self._refuse(refused)

    def serve(self, person: Person, asked: Asked, query: QueryDict) -> Serving:
        """What is served to `person`, who asked for it by `query`. Raises BadParams."""
        raise NotImplementedError

    def take(self, kind: str) -> None:
        """A message of `kind` that is no acknowledgement; what is not known is ignored."""

    async def _admit(self) -> Serving:
        """Who asks for what, and whether they may. Raises Refused."""
        if self.runtime.draining:
            raise Refused("restarting", CloseCode.SERVICE_RESTART)
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                person = self.life.person = await database_sync_to_async(_person)(self.scope)
        except (DatabaseFailure, TimeoutError) as error:
            raise Refused("unavailable", CloseCode.TRY_AGAIN_LATER) from error
        address = self.life.address
        known = person.user_id is not None
        try:
            self.runtime.sockets.admit(
                self.life, f"user {person.user_id}" if known else f"from {address}", address
            )
        except TooManySockets as error:
            raise Refused("too_many_sockets", CloseCode.TOO_MANY, {"limit": error.limit}) from error
        query = QueryDict(self.scope["query_string"])
        try:
            return self.serve(person, await self.runtime.read(person, query), query)
        except BadParams as error:
            if error.signing_in_may_help and not known:
                raise Refused("not_signed_in", CloseCode.NOT_SIGNED_IN) from error
            raise Refused(
                "bad_request", CloseCode.BAD_REQUEST, {"detail": error.message.rstrip(".")}
            ) from error

    def _take(self, text: str | None) -> None:
        """One received frame. Raises Refused."""
        limit = self.runtime.limits.frame_bytes
        if text is None:
            raise Refused("binary_frame", CloseCode.UNSUPPORTED_DATA)
        if len(text) > limit or len(text.encode()) > limit:
            raise Refused("frame_too_big", CloseCode.TOO_BIG, {"limit": limit})
        try:
            # Types that are not known are ignored, whatever their fields are.
            kind = _decode_message(text).type
            is_ack = kind == "ack"
            ack = _decode_ack(text) if is_ack else None
        except (msgspec.MsgspecError, RecursionError) as error:
            raise Refused("bad_frame", CloseCode.INVALID_DATA) from error
        if not (self._may_acknowledge() if is_ack else self._messages.allows()):
            rate = self.runtime.limits.messages_per_second
            raise Refused("too_many_messages", CloseCode.TOO_MANY, {"limit": rate})
        if ack is None:
            self.take(kind)
        elif self.life.viewing is not None:
            self.life.viewing.acknowledged(ack.namespace, ack.token, ack.part)

    def _may_acknowledge(self) -> bool:
        """Counts an acknowledgement, unless the viewer has earned it by what it was sent."""
        self._acknowledgements += 1
        sent = self.life.viewing.viewer.bytes if self.life.viewing is not None else 0
        return sent >= self._acknowledgements * FREE_ACK_BYTES or self._acks.allows()

    async def _run_watch(self, serving: Serving) -> None:
        """The viewer's watch, and what is said where it cannot go on."""
        try:
            await serving.run()
            await self._close(CloseCode.NORMAL)
        except Refused as refused:
            await self._refuse(refused)
        except PeerGone:
            return
        except Exception:
            log.exception("watch_failed", connection=self.life.connection)
            await self._refuse(Refused("internal", CloseCode.INTERNAL_ERROR))
        finally:
            serving.close()

    async def _refuse(self, refused: Refused) -> None:
        """Sends the final `error` and closes; once."""
        if self.life.close_code is not None:
            return
        self.life.close_code = int(refused.close_code)
        frame = error_frame(refused.code, refused.params, final=True)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WORDS_SECONDS):
                    await self.send_frame(encode(frame).decode())
            await self._to_peer({"type": "websocket.close", "code": self.life.close_code})
        except PeerGone:
            return

    async def _close(self, code: CloseCode) -> None:
        """All is served. Raises PeerGone."""
        if self.life.close_code is None:
            self.life.close_code = int(code)
            await self._to_peer({"type": "websocket.close", "code": self.life.close_code})

    async def send_frame(self, text: str) -> None:
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


class PodConsumer(ViewerConsumer):
    """Pods of one cluster's namespaces, live."""

    def serve(self, person: Person, asked: Asked, query: QueryDict) -> Serving:
        """The view that was asked for, from the tokens on that the browser has."""
        return Viewing(self.runtime, self.send_frame, person, asked, query.getlist("resume"))


class LogConsumer(ViewerConsumer):
    """The log of one container, followed."""

    def serve(self, person: Person, asked: Asked, query: QueryDict) -> Serving:
        """The log that was asked for. Raises BadParams."""
        return LogServing(self.runtime, self.send_frame, person, read_log_params(asked, query))

    def take(self, kind: str) -> None:
        """`pause` and `go_on`: whether the reader wants more lines."""
        if kind in ("pause", "go_on") and isinstance(self.life.viewing, LogServing):
            self.life.viewing.viewer.pause(kind == "pause")


def _person(scope: dict[str, Any]) -> Person:
    return person_of(scope["user"], scope["session"])
