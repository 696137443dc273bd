"""Broker: messages between the processes of one installation, over the channel layer.

One channel and one receiving task a process, a group a scope: never a channel a viewer. Delivery is at most
once, and who needs more numbers what it sends (pods.live.following).

Bounded: what waits to be published is at most QUEUE_MESSAGES and QUEUE_BYTES; beyond, and when Redis fails,
all of it is dropped as a whole, and counted. Publishing never blocks whoever publishes. What comes in is
handed on at once.
"""

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog

from pods import metrics
from pods.clock import Clock
from pods.domain.scope import Scope
from pods.live.lease import scope_name
from pods.live.link import Failures, within
from pods.live.messages import Foreign, Message, decode, encode

log = structlog.get_logger(__name__)

QUEUE_MESSAGES = 2_000
QUEUE_BYTES = 16 * 1024 * 1024
# One publication, one joining of a group; Redis that takes longer counts as gone.
DEADLINE_SECONDS = 3.0
RETRY_SECONDS = 0.5
TYPE = "k8sportal.fleet"

# Takes a message, and the process that sent it.
Handler = Callable[[Message, str], None]


class Layer(Protocol):
    """What the broker asks of a channel layer."""

    async def group_add(self, group: str, channel: str) -> None: ...
    async def group_discard(self, group: str, channel: str) -> None: ...
    async def group_send(self, group: str, message: dict[str, Any]) -> None: ...
    async def receive(self, channel: str) -> dict[str, Any]: ...
    async def flush(self) -> None: ...


class Broker:
    """Passes messages on to whoever has joined their scope. `run` does the work; `close` ends the layer."""

    def __init__(self, layer: Layer, prefix: str, installation: str, clock: Clock) -> None:
        """`prefix` is that of the layer: it does not put it before the names of channels."""
        self.installation = installation
        self.process = secrets.token_hex(8)
        self._channel = f"{prefix}{self.process}"
        self.layer = layer
        self._clock = clock
        self._handlers: dict[str, set[Handler]] = {}
        # Groups of which the layer may hold something; of those, whose messages come in.
        self._entered: set[str] = set()
        self._joined: set[str] = set()
        self._outgoing: deque[tuple[str, str, bytes]] = deque()
        self._outgoing_bytes = 0
        self._something = asyncio.Event()
        self._nothing = asyncio.Event()
        self._nothing.set()
        self._groups_changed = asyncio.Event()

    async def run(self) -> None:
        """Receives, publishes, and keeps the groups joined, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._receive(), name="broker receives")
            tasks.create_task(self._publish(), name="broker publishes")
            tasks.create_task(self._join(), name="broker joins")

    async def close(self) -> None:
        """Closes the layer's connections. Whoever must be heard waits for `room` before."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(DEADLINE_SECONDS):
                await self.layer.flush()

    def join(self, scope: Scope, handler: Handler) -> None:
        """From now on `handler` gets the messages of `scope`: as soon as Redis has been told so."""
        self._handlers.setdefault(scope_name(scope), set()).add(handler)
        self._groups_changed.set()

    def joined(self, scope: Scope) -> bool:
        """Whether the messages of `scope` come in."""
        return scope_name(scope) in self._joined

    def leave(self, scope: Scope, handler: Handler) -> None:
        """It gets no more."""
        handlers = self._handlers.get(scope_name(scope), set())
        handlers.discard(handler)
        if not handlers:
            self._handlers.pop(scope_name(scope), None)
            self._groups_changed.set()

    def publish(self, message: Message, to: str = "") -> None:
        """Sends to everybody who has joined the message's scope, or of those to one process.

        Never blocks; may be dropped.
        """
        data = encode(message)
        if len(self._outgoing) >= QUEUE_MESSAGES or self._outgoing_bytes + len(data) > QUEUE_BYTES:
            self._drop()
        self._outgoing.append((scope_name(message.scope), to, data))
        self._outgoing_bytes += len(data)
        self._nothing.clear()
        self._something.set()

    async def room(self) -> None:
        """Waits until what has been published was taken by Redis: for what is long, and for the last word.

        What is dropped is not waited for. While nobody publishes (`run` has ended), this waits for ever.
        """
        await self._nothing.wait()

    async def _receive(self) -> None:
        while True:
            try:
                received = await self.layer.receive(self._channel)
            except Failures:
                # Only the first call asks Redis for anything; groups are joined for themselves.
                await self._clock.sleep(RETRY_SECONDS)
                continue
            except Exception:
                # What cannot be unpacked or deciphered, whatever the layer's libraries call that.
                metrics.FLEET_IGNORED.labels("shape").inc()
                await asyncio.sleep(0)
                continue
            self._take(received)

    def _take(self, received: Any) -> None:
        try:
            if not isinstance(received, dict) or received.get("type") != TYPE:
                raise Foreign("shape")
            if received.get("process") == self.process or received.get("to") not in ("", self.process):
                return
            message = decode(received.get("data"), self.installation)
            for handler in list(self._handlers.get(scope_name(message.scope), ())):
                handler(message, str(received.get("process")))
        except Foreign as foreign:
            metrics.FLEET_IGNORED.labels(foreign.reason).inc()
        except Exception:
            log.exception("fleet_message_failed")

    async def _publish(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._outgoing:
                try:
                    await within(DEADLINE_SECONDS, self._publish_next())
                except Exception as error:
                    self._failed(error)
                    self._drop()
                    self._nothing.set()
                    await self._clock.sleep(RETRY_SECONDS)
            self._nothing.set()

    async def _publish_next(self) -> None:
        group, to, data = self._outgoing.popleft()
        self._outgoing_bytes -= len(data)
        message = {"type": TYPE, "process": self.process, "to": to, "data": data}
        await self.layer.group_send(group, message)
        metrics.FLEET_SENT.inc()
        metrics.FLEET_SENT_BYTES.inc(len(data))

    def _drop(self) -> None:
        metrics.FLEET_DROPPED.inc(len(self._outgoing))
        self._outgoing.clear()
        self._outgoing_bytes = 0

    async def _join(self) -> None:
        """Makes the groups joined those that somebody wants, whenever Redis can be told."""
        while True:
            self._groups_changed.clear()
            done = await self._follow_handlers()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if done else RETRY_SECONDS):
                    await self._groups_changed.wait()

    async def _follow_handlers(self) -> bool:
        """Joins what is wanted, then leaves what is not; False as soon as Redis could not be told."""
        wanted = set(self._handlers)
        for group in wanted - self._joined:
            self._entered.add(group)
            if not await self._tell(self.layer.group_add, group):
                return False
            self._joined.add(group)
        for group in self._entered - wanted:
            self._joined.discard(group)
            # A layer forgets a group before it tells Redis, and does not tell it again: hence from the start.
            joined = await self._tell(self.layer.group_add, group)
            if not (joined and await self._tell(self.layer.group_discard, group)):
                return False
            self._entered.discard(group)
        return True

    async def _tell(self, call: Callable[[str, str], Awaitable[None]], group: str) -> bool:
        try:
            await within(DEADLINE_SECONDS, call(group, self._channel))
        except Exception as error:
            self._failed(error)
            return False
        return True

    def _failed(self, error: Exception) -> None:
        """Whatever it is, it is tried again: redis-py raises anything where a connection breaks under it."""
        if not isinstance(error, (*Failures, RuntimeError)):  # RuntimeError: the channel is not there yet
            log.warning("fleet_layer_failed", error=f"{type(error).__name__}: {error}")
