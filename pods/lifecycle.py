"""Lifecycle: the one owner of a viewer, from the first moment of its ASGI call to the last.

Guarantees. What a viewer holds (its watch's task, its subscriptions, its place among the sockets and
among those whose rights are watched) is held through its Lifecycle, and given back when the `async
with` round the whole ASGI call is left. `disconnect()` does so earlier, but it never comes where a
handler raises, the consumer is cancelled, a send meets a closing socket, or the server ends. Each
lifecycle writes two lines into the log, one when it opens and one when it ends.
"""

import asyncio
import secrets
from collections.abc import Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import structlog

from k8sportal.proxies import client_address
from pods import metrics
from pods.access import Person
from pods.domain.protocol import VANISHED, CloseCode
from pods.serving import Refused, Serving

if TYPE_CHECKING:
    from pods.runtime import Runtime

log = structlog.get_logger(__name__)

WATCH_TASK = "watch "
REQUEST_ID_LENGTH = 128
# What a peer's own close may be counted as; any other of its codes is a plain leaving.
PEER_CODES = (CloseCode.NORMAL, CloseCode.GOING_AWAY, VANISHED)


class Lifecycle:
    """One viewer of one socket. Belongs to the task that makes the ASGI call."""

    def __init__(self, runtime: "Runtime", scope: dict[str, Any]) -> None:
        self.connection = secrets.token_hex(4)
        self.person = Person.anonymous
        self.address = client_address(scope)
        self.call = asyncio.current_task()
        self.opened_at = runtime.clock.now()
        self.viewing: Serving | None = None
        self.watch: asyncio.Task[None] | None = None
        self.close_code: int | None = None
        self.peer_code: int | None = None
        self.ended = False
        self._runtime = runtime
        self._request_id = _request_id(scope)
        self.started_at = runtime.clock.monotonic()
        self._told_opened = False

    async def __aenter__(self) -> Self:
        self._runtime.sockets.opened(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.stop_watch()
        finally:
            self._end()

    @property
    def over(self) -> bool:
        """Whether the ASGI call has ended: then nothing of this lifecycle may be left."""
        return self.call is not None and self.call.done()

    def start_watch(self, viewing: Serving, watch: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Starts the viewer's watch as a task of this lifecycle's own."""
        self.viewing = viewing
        self.tell_opened()
        if self._runtime.draining:  # since it was admitted
            self.restart()
        self._runtime.access_watch.guarded.add(self)
        self.watch = asyncio.create_task(watch, name=f"{WATCH_TASK}{self.connection}")
        return self.watch

    async def stop_watch(self) -> None:
        """Cancels the viewer's watch and waits for its end, even if an earlier call was cancelled in that."""
        self._runtime.access_watch.guarded.discard(self)
        if self.watch is not None:
            self.watch.cancel()
            await asyncio.wait([self.watch])
            self.watch = None
        if self.viewing is not None:
            self.viewing.close()

    def reap(self) -> None:
        """Gives back what is still held though the call is over. For the reaper, which says so."""
        self._runtime.access_watch.guarded.discard(self)
        if self.watch is not None:
            self.watch.cancel()
        if self.viewing is not None:
            self.viewing.close()
        self._end()

    def rights_changed(self, person: Person | None) -> None:
        """What this viewer may see, or who they are, changed (access_watch)."""
        if person is not None:
            self.person = person
        if self.viewing is not None:
            self.viewing.rights_changed(person)

    def restart(self) -> None:
        """The portal is going down: the viewer is told to come back."""
        self.send_away(Refused("restarting", CloseCode.SERVICE_RESTART))

    def send_away(self, refused: Refused) -> None:
        """Ends the viewer's watch with `refused`, as soon as its task runs."""
        if self.viewing is not None:
            self.viewing.end(refused)

    def tell_opened(self) -> None:
        """The first line in the log, once: as soon as it is known who asks for what."""
        if not self._told_opened:
            self._told_opened = True
            log.info("socket_opened", **self._about())

    def seconds(self) -> float:
        """How long it has been open."""
        return self._runtime.clock.monotonic() - self.started_at

    def _end(self) -> None:
        """The second line in the log, and the counts; once."""
        if self.ended:
            return
        self.ended = True
        self._runtime.sockets.closed(self)
        self.tell_opened()
        peer_code = self.peer_code or VANISHED
        code = self.close_code or (peer_code if peer_code in PEER_CODES else int(CloseCode.NORMAL))
        metrics.VIEWER_CLOSES.labels(str(code)).inc()
        viewer = self.viewing.viewer if self.viewing is not None else None
        log.info(
            "socket_closed",
            **self._about(),
            code=code,
            closed_by="portal" if self.close_code else "peer",
            seconds=round(self.seconds(), 3),
            frames=viewer.frames if viewer else 0,
            bytes=viewer.bytes if viewer else 0,
        )

    def _about(self) -> dict[str, Any]:
        asked = self.viewing.asked if self.viewing is not None else None
        return {
            "connection": self.connection,
            "request_id": self._request_id,
            "user": self.person.username or None,
            "address": self.address,
            "cluster": asked.cluster if asked else None,
            "namespaces": list(asked.namespaces) if asked else None,
            "filter": asked.what if asked else None,
        }


def _request_id(scope: dict[str, Any]) -> str | None:
    """What a trusted proxy calls this request."""
    header: bytes = dict(scope.get("headers", ())).get(b"x-request-id", b"")
    return header.decode("latin-1")[:REQUEST_ID_LENGTH] or None
