"""One watch: which changes concern it, and a bounded queue of events towards its client."""

import asyncio
from dataclasses import dataclass

from democluster.changes import Change
from democluster.kinds import Object
from democluster.selectors import Predicate


@dataclass(frozen=True, slots=True)
class Event:
    """A watch event before it is given a form: its type and the object that it carries."""

    type: str
    obj: Object


class Watch:
    """The events of one kind that match a namespace and selectors.

    The queue holds `capacity` events. A client that does not read fast enough to keep it from
    filling is dropped as the API server does it: what is queued is still sent, then the stream
    ends. Initial events do not count: they are known when the watch begins.
    """

    def __init__(self, namespace: str, matches: Predicate, capacity: int = 1000) -> None:
        self._namespace = namespace
        self._matches = matches
        # One place is left for the end mark.
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(capacity + 1)
        self._capacity = capacity
        self.ended = False

    def concerns(self, obj: Object) -> bool:
        namespace = obj["metadata"].get("namespace", "")
        return (not self._namespace or namespace == self._namespace) and self._matches(obj)

    def translate(self, change: Change) -> Event | None:
        """The change as this watch sees it: entering the selection is ADDED, leaving it DELETED.

        An object that leaves is shown as it was, under the new revision, as the API server does.
        """
        had = change.before is not None and self.concerns(change.before)
        has = change.after is not None and self.concerns(change.after)
        if has:
            return Event("MODIFIED" if had else "ADDED", change.last)
        if had and change.before is not None:
            metadata = {**change.before["metadata"], "resourceVersion": str(change.revision)}
            return Event("DELETED", {**change.before, "metadata": metadata})
        return None

    def offer(self, change: Change) -> None:
        """Queue the change if it concerns this watch; ends the watch when the queue is full."""
        if self.ended:
            return
        event = self.translate(change)
        if event is None:
            return
        if self._queue.qsize() >= self._capacity:
            self.end()
        else:
            self._queue.put_nowait(event)

    def end(self) -> None:
        """No more events: the stream ends after what is queued. May be called again."""
        if not self.ended:
            self.ended = True
            self._queue.put_nowait(None)

    async def next(self) -> Event | None:
        """The next event, None at the end."""
        return await self._queue.get()

    @property
    def idle(self) -> bool:
        """Whether everything that happened so far has been taken."""
        return self._queue.empty() and not self.ended
