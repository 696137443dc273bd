"""One watch connection: initial events, changes, bookmarks, and its end.

A stream ends at its time-out, when its client leaves or does not read for `WRITE_SECONDS`, when its
queue overflows, and when the server stops; whichever it is, the watch is detached.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec
from aiohttp import web

from democluster.forms import Shaper, bookmark
from democluster.kinds import Kind
from democluster.options import ListOptions
from democluster.status import ApiError
from democluster.store import Store
from democluster.watch import Event, Watch

WRITE_SECONDS = 30.0
# The API server's own rule where no time-out is asked for: half an hour to an hour, at random.
_DEFAULT_TIMEOUT = 1800.0


@dataclass(frozen=True)
class Stream:
    """What one watch request asks for, and how its objects are shaped.

    `bookmark_seconds` is the time without bookmarks that a client has to live with.
    """

    store: Store
    kind: Kind
    namespace: str
    options: ListOptions
    shaper: Shaper
    clock: Callable[[], float]
    bookmark_seconds: float

    async def run(self, watch: Watch, response: web.StreamResponse) -> None:
        """Send events until the time-out or the watch's end. `response` is prepared and stays open."""
        seconds = self.options.timeout_seconds or _DEFAULT_TIMEOUT * random.uniform(1, 2)
        self.store.attach(self.kind, watch)
        try:
            # The first events are taken in the same step in which the watch is attached: no gap, no repeat.
            first = list(self._initial(watch))
            async with asyncio.timeout(max(seconds, 0)):
                for event in first:
                    await self._send(response, event)
                await self._follow(watch, response)
        except ApiError as error:
            await self._write(response, "ERROR", error.body())
        except TimeoutError:
            pass  # the regular end of a watch
        finally:
            watch.end()
            self.store.detach(self.kind, watch)

    def _initial(self, watch: Watch) -> Iterator[Event]:
        """The events due at once: the state (streaming list, no version, version 0), or what was missed."""
        options = self.options
        if options.initial_events or (options.initial_events is None and not options.version):
            for obj in self.store.objects(self.kind, self.namespace):
                if watch.concerns(obj):
                    yield Event("ADDED", obj)
        elif options.version:
            for change in self.store.changes_since(self.kind, options.version):
                if event := watch.translate(change):
                    yield event
        if options.initial_events and options.bookmarks:
            yield Event("BOOKMARK", bookmark(self.kind, self.store.revision, initial_end=True))

    async def _follow(self, watch: Watch, response: web.StreamResponse) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self.bookmark_seconds
        while True:
            try:
                async with asyncio.timeout_at(due if self.options.bookmarks else None):
                    event = await watch.next()
            except TimeoutError:
                due = loop.time() + self.bookmark_seconds
                if watch.idle:
                    mark = bookmark(self.kind, self.store.revision, initial_end=False)
                    await self._send(response, Event("BOOKMARK", mark))
                continue
            if event is None:
                return
            await self._send(response, event)

    async def _send(self, response: web.StreamResponse, event: Event) -> None:
        await self._write(response, event.type, self.shaper.at(self.clock()).event(event.obj))

    async def _write(self, response: web.StreamResponse, kind: str, obj: object) -> None:
        line = msgspec.json.encode({"type": kind, "object": obj}) + b"\n"
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await response.write(line)
        except TimeoutError as error:
            raise ConnectionResetError("the client does not read") from error
