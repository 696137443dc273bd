"""Reads a watch in a task of its own, for tests that look at single events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from pods.kube.listwatch import Event, ListWatch
from pods.kube.resource import PodRecord

EVENT_SECONDS = 5.0


class Collector:
    """Reads a watch in a task of its own."""

    def __init__(self, source: ListWatch[PodRecord], version: str | None) -> None:
        self.events: list[Event[PodRecord]] = []
        self.opened = asyncio.Event()
        self._arrived = asyncio.Event()
        self.task = asyncio.create_task(self._run(source, version), name="collector")

    async def _run(self, source: ListWatch[PodRecord], version: str | None) -> None:
        async with aclosing(source.watch(version)) as batches:
            async for batch in batches:
                self.opened.set()
                self.events += batch
                self._arrived.set()

    async def until(self, count: int) -> list[Event[PodRecord]]:
        """The first `count` events."""
        async with asyncio.timeout(EVENT_SECONDS):
            while len(self.events) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.events[:count]


@asynccontextmanager
async def collecting(source: ListWatch[PodRecord], version: str | None) -> AsyncIterator[Collector]:
    """A Collector, ended afterwards."""
    collector = Collector(source, version)
    try:
        yield collector
    finally:
        collector.task.cancel()
        await asyncio.wait([collector.task])


def brief(events: list[Event[PodRecord]]) -> list[tuple[str, str]]:
    """Type and pod of each event."""
    return [(event.type, event.item.row.name if event.item else "") for event in events]


async def version_of(source: ListWatch[PodRecord]) -> str:
    """The version of a list made now."""
    async with aclosing(source.pages()) as pages:
        return [page.resource_version async for page in pages][-1]
