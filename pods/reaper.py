"""Reaper: compares what is held with what is connected, and gives back what nobody owns any more.

It is there to find nothing. Each viewer's end is its own lifecycle's; whatever the reaper gives back
is a defect of ours, told as an error in the log and counted, so that a leak cannot be silent. Nothing
is reaped at first sight: what is just ending is left one round's time for that.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import structlog

from pods import metrics
from pods.lifecycle import WATCH_TASK, Lifecycle

if TYPE_CHECKING:
    from pods.runtime import Runtime

log = structlog.get_logger(__name__)

PERIOD_SECONDS = 5.0


class Left(NamedTuple):
    """Something that is held and should not be: its kind, itself, a name for the log, and how to end it."""

    kind: str
    what: object
    name: str
    end: Callable[[], object]


class Reaper:
    """Looks every PERIOD_SECONDS until cancelled. Owned by the Runtime."""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        # Held on to until the next round, so that no other object can be taken for one of them.
        self._suspects: dict[int, object] = {}

    async def run(self) -> None:
        """Looks, and sleeps."""
        while True:
            await self._runtime.clock.sleep(PERIOD_SECONDS)
            self.look()

    def look(self) -> None:
        """One round: ends what the round before saw already, and remembers what it sees now."""
        left = list(self._left())
        for one in left:
            if id(one.what) in self._suspects:
                metrics.REAPED.labels(one.kind).inc()
                log.error("reaped", kind=one.kind, name=one.name)
                one.end()
        self._suspects = {id(one.what): one.what for one in left}

    def _left(self) -> Iterator[Left]:
        """What is held though its owner has ended."""
        runtime = self._runtime
        guarded = (one for one in runtime.access_watch.guarded if isinstance(one, Lifecycle))
        for life in {*runtime.sockets, *guarded}:
            if life.over:
                yield Left("lifecycle", life, life.connection, life.reap)
        for held in list(runtime.hub.held):
            if held.orphaned:
                yield Left("subscription", held, held.subscription.label, held.close)
        watches = {id(life.watch) for life in runtime.sockets}
        for task in asyncio.all_tasks():
            if task.get_name().startswith(WATCH_TASK) and id(task) not in watches:
                yield Left("watch", task, task.get_name(), task.cancel)
