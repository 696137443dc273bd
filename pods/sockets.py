"""The sockets that this process holds: how many, whose, and how to end them all."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pods import metrics
from pods.kube.watchlog import WatchRecord

if TYPE_CHECKING:
    from pods.lifecycle import Lifecycle

# Between the first and the last close of a restart: the browsers' return is jittered by themselves.
DRAIN_SECONDS = 5.0


class TooManySockets(Exception):
    """A person or an address has as many sockets as allowed; `limit` is how many that is."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class Sockets:
    """Open sockets, counted by person (anonymous: by address) and by address."""

    def __init__(self, per_person: int, per_address: int) -> None:
        self._per_person = per_person
        self._per_address = per_address
        self._open: dict[Lifecycle, tuple[str, str]] = {}
        self._people: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._open)

    def own_streams(self) -> set[WatchRecord]:
        """What is read upstream for one viewer alone: logs."""
        servings = [life.viewing for life in self if life.viewing is not None]
        return {stream for serving in servings for stream in serving.own_streams()}

    def __iter__(self) -> "Iterator[Lifecycle]":
        """The lifecycles of now, however they change meanwhile."""
        return iter(list(self._open))

    def opened(self, socket: "Lifecycle") -> None:
        """Counts a socket before anything is known of it."""
        self._open[socket] = ("", "")
        self._count()

    def admit(self, socket: "Lifecycle", person: str, address: str) -> None:
        """Counts a socket as this person's, from this address. Raises TooManySockets."""
        if self._people[person] >= self._per_person:
            raise TooManySockets(self._per_person)
        if self._addresses[address] >= self._per_address:
            raise TooManySockets(self._per_address)
        self._open[socket] = (person, address)
        self._people[person] += 1
        self._addresses[address] += 1

    def closed(self, socket: "Lifecycle") -> None:
        """Counts a socket no longer; a second call does nothing."""
        person, address = self._open.pop(socket, ("", ""))
        for counter, key in ((self._people, person), (self._addresses, address)):
            if key:
                counter[key] -= 1
                if not counter[key]:
                    del counter[key]
        self._count()
        self._changed.set()

    def _count(self) -> None:
        metrics.LIFECYCLES.set(len(self._open))

    async def restart_all(self) -> None:
        """Tells every viewer to come back, and waits until all are gone, at most DRAIN_SECONDS."""
        for socket in self:
            socket.restart()
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while self._open:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return
