"""Reflector: keeps a sink equal to what the API server holds of one scope, for as long as it runs.

Guarantees. The sink sees each object's versions in the server's order. A gap is always repaired by a
list, and a list is handed over whole, for the sink to take the difference. The status says at any
moment whether what the sink holds is known to be right, and if not, why and since when. Every
response is closed in a `finally`. Nobody is awaited inside the watch loop but the server.

After client-go's Reflector: list, then watch from its version; bookmarks move the version on; 410
lists again. What differs: one probe per cluster decides whether trying makes sense at all, and after a
broken connection a version is trusted only when the cluster is not older than what was seen of it.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, aclosing
from typing import Generic, Protocol, TypeVar

from pods.clock import Clock
from pods.domain.reasons import Reason
from pods.kube.errors import (
    Expired,
    Forbidden,
    KubeError,
    Mute,
    ServerError,
    StreamRestarted,
    Unreachable,
    Unsupported,
    VersionTooLarge,
)
from pods.kube.listwatch import MIN_WATCH_SECONDS, Event, InitialEventsMissing, ListWatch
from pods.live.backoff import Backoff
from pods.live.status import FlowStatus
from pods.live.version import KnownVersion


class Identified(Protocol):
    """What is listed and watched: an object is its uid."""

    @property
    def uid(self) -> str: ...


T = TypeVar("T", bound=Identified)

POLL_SECONDS = 10.0
# How often a scope that may only list tries to watch again, in polls.
POLLS_BETWEEN_WATCHES = 30
# After a failure the flow counts as restored when the new watch has held this long.
SETTLE_SECONDS = 1.0
# A server that never ends a streaming list may go on with changes: then silence does not tell.
INITIAL_SECONDS = 60.0
# A server that says how long to wait is taken at its word, but asked no more often than this.
LONGEST_BESIDE_ASKED = 10.0
# When a cluster answers again, its scopes resume within this time, not all at once.
RESUME_SPREAD_SECONDS = 0.8


class Sink(Protocol[T]):
    """What a reflector fills. Neither call may block or raise."""

    def replace(self, items: list[T]) -> None: ...
    def apply(self, events: list[Event[T]]) -> None: ...


class Reflector(Generic[T]):
    """One scope's list and watch. `run()` never returns; cancelling it ends everything it opened."""

    def __init__(
        self,
        source: ListWatch[T],
        sink: Sink[T],
        clock: Clock,
        changed: Callable[[], None],
        backoff: Backoff | None = None,
        gate: asyncio.Event | None = None,
    ) -> None:
        """While `gate` is not set no connection is begun; what is open stays."""
        self.status = FlowStatus(clock, changed, source.cluster.probe)
        self._source = source
        self._cluster = source.cluster
        self._sink = sink
        self._clock = clock
        self._backoff = backoff or Backoff()
        self._gate = gate
        self._version = KnownVersion(source.cluster, clock, source.resource.apart)
        self._initial: dict[str, T] = {}
        self._settling: asyncio.TimerHandle | None = None
        self._flowing_at: float | None = None

    @property
    def resource(self) -> str:
        """The name of what is listed and watched."""
        return self._source.resource.name

    @property
    def version(self) -> str | None:
        """The version that the sink has come to."""
        return self._version.value

    def forget(self) -> None:
        """Starts from a list the next time, whatever the version that was reached."""
        self._version.forget()

    async def run(self) -> None:
        """Lists and watches until cancelled."""
        async with self._cluster.in_use():
            while self._gate is None or await self._gate.wait():
                pause = await self._attempt()
                if pause > 0:
                    self.status.retrying_in(pause)
                    await self._clock.sleep(pause)

    async def _attempt(self) -> float:
        """One connection, from opening to end. Gives the seconds to wait before the next."""
        self._flowing_at = None
        try:
            await self._answering()
            await self._version.check(self.status.confirmed_at(), self._source.present_version)
            await self._list_and_watch()
        except StreamRestarted:
            return self._backoff.spread(RESUME_SPREAD_SECONDS)
        except KubeError as error:
            self._backoff.held(self._flowed())
            self.status.broken(error.reason)
            return await self._pause_after(error)
        return await self._pause_after_end()

    async def _answering(self) -> None:
        """While the cluster does not answer its probe nothing is tried, whatever this scope failed of."""
        if self._cluster.probe.failure is not None:
            await self._cluster.probe.answered_since(self._clock.monotonic())
            await self._clock.sleep(self._backoff.spread(RESUME_SPREAD_SECONDS))

    async def _pause_after_end(self) -> float:
        """After a clean end; one that came sooner than asked for may be a server's going down."""
        lasted = self._flowed()
        pause = self._backoff.ended(lasted)
        if pause > 0:
            self.status.broken(Reason("closed_early"))
        elif lasted < MIN_WATCH_SECONDS:
            await self._cluster.probe.answered_since(self._clock.monotonic())
            return self._backoff.spread(RESUME_SPREAD_SECONDS)
        return pause

    async def _pause_after(self, error: KubeError) -> float:
        if isinstance(error, Expired | VersionTooLarge):
            self._version.forget()
            if self._backoff.failures == 0:
                return self._once()
            if not self._cluster.streaming_lists:
                self._backoff.failures += 1  # a try is two requests then, and counts twice
            return self._backoff.failed()
        if isinstance(error, Unreachable):
            if isinstance(error, Mute):
                self._version.forget()
            self._version.doubt(self._flowed())
            return await self._wait_for_cluster()
        if isinstance(error, ServerError):  # a gateway may be speaking for a cluster that is gone
            await self._cluster.probe.answered_since(self._clock.monotonic())
        if isinstance(error, Forbidden):
            self._backoff.failures += 1  # the watch was refused, and the list as well
        pause = self._backoff.failed()
        if error.retry_after is None:
            return pause
        return max(min(pause, LONGEST_BESIDE_ASKED), error.retry_after) + self._backoff.spread(1.0)

    def _flowed(self) -> float:
        """How long the last connection's watch, or polling, went well, in seconds."""
        return 0.0 if self._flowing_at is None else self._clock.monotonic() - self._flowing_at

    def _once(self) -> float:
        """The first 410 is answered by a list at once; from the second on it is a failure like others."""
        self._backoff.failures = 1
        return 0.0

    async def _wait_for_cluster(self) -> float:
        """After a broken connection: nothing is tried until the probe has had an answer."""
        await self._cluster.probe.answered_since(self._clock.monotonic())
        return max(self._backoff.spread(RESUME_SPREAD_SECONDS), self._unanswered_pause())

    def _unanswered_pause(self) -> float:
        """The cluster answers its probe while this scope's connection failed: back off if that repeats."""
        pause = self._backoff.failed()
        return pause if self._backoff.failures > 2 else 0.0

    async def _list_and_watch(self) -> None:
        streams = self._cluster.streaming_lists and not self._source.resource.apart
        if self._version.value is None and streams:
            try:
                await self._stream(None)
                return
            except (Unsupported, InitialEventsMissing):
                self._cluster.streaming_lists = False
            except Forbidden as error:
                await self._poll(error)
                return
        if self._version.value is None:
            await self._list()
        try:
            await self._stream(self._version.value)
        except Forbidden as error:
            await self._poll(error)

    async def _list(self) -> None:
        items: list[T] = []
        version = ""
        async with self._cluster.list_gate, aclosing(self._source.pages()) as pages:
            async for page in pages:
                items.extend(page.items)
                version = page.resource_version
                self.status.heard()
        self._sink.replace(items)
        self._version.moved_to(version)
        self.status.listed()

    async def _stream(self, version: str | None) -> None:
        """One watch, from `version`, or with None a streaming list first (behind the list gate)."""
        self._initial = {}
        async with AsyncExitStack() as gate, aclosing(self._source.watch(version)) as batches:
            if version is None:
                await gate.enter_async_context(self._cluster.list_gate)
            opened_at = self._clock.monotonic()
            try:
                async for batch in batches:
                    if version is not None:
                        self._opened()
                        self._take(batch)
                    elif self._take_initial(batch):
                        version = self._version.value
                        await gate.aclose()
                        self._opened()
                    elif self._clock.monotonic() - opened_at > INITIAL_SECONDS:
                        raise InitialEventsMissing(Reason("reconnecting"))
            finally:
                self._closed()

    def _opened(self) -> None:
        """Calls the flow restored: at once where it did not fail, else when the watch has held a moment."""
        if self._flowing_at is not None:
            return
        self._flowing_at = self._clock.monotonic()
        if self._backoff.failures == 0:
            self.status.flowing(self._cluster.probe)
        else:
            loop = asyncio.get_running_loop()
            self._settling = loop.call_later(SETTLE_SECONDS, self.status.flowing, self._cluster.probe)

    def _closed(self) -> None:
        settling, self._settling = self._settling, None
        if settling is not None:
            settling.cancel()
        self.status.closed()

    def _take_initial(self, batch: list[Event[T]]) -> bool:
        """Collects a streaming list; at its end hands it over and gives True."""
        self.status.heard()
        for index, event in enumerate(batch):
            if event.initial_end:
                self._sink.replace(list(self._initial.values()))
                self._initial = {}
                self._version.moved_to(event.resource_version)
                self.status.listed()
                self._take(batch[index + 1 :])
                return True
            if event.item is not None:
                self._initial[event.item.uid] = event.item
                # Changes may come among the first objects, as in client-go's temporary store.
                if event.type == "DELETED":
                    del self._initial[event.item.uid]
        return False

    def _take(self, batch: list[Event[T]]) -> None:
        if not batch:
            return
        changes = [event for event in batch if event.item is not None]
        if changes:
            self._sink.apply(changes)
        self._version.moved_to(batch[-1].resource_version)
        self.status.heard()

    async def _poll(self, watch_refused: Forbidden) -> None:
        """`list` without `watch`: lists every POLL_SECONDS, and tries to watch again now and then."""
        try:
            await self._list()
        except Forbidden as error:
            raise Forbidden(self._source.resource.forbidden("list,watch", self._source.namespace)) from error
        # Lists that come through are a flow that holds: their end, to try a watch again, is no failure.
        self._flowing_at = self._clock.monotonic()
        for _ in range(POLLS_BETWEEN_WATCHES):
            reason = Reason("polling", {"seconds": int(POLL_SECONDS), **_verbs(watch_refused)})
            self.status.polling(POLL_SECONDS, self._cluster.probe, reason)
            await self._clock.sleep(POLL_SECONDS)
            await self._list()
        self._version.forget()


def _verbs(refused: Forbidden) -> dict[str, str | int | float | None]:
    return {key: refused.reason.params[key] for key in ("verb", "resource", "namespace", "group")}
