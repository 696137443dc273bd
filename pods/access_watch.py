"""Rights while connected: one look a second at what changed, for everybody this process serves.

One query reads the access version, two the sessions and users of those who are connected. What did
not change costs nothing more; whoever is concerned is told once. Never a query per viewer: all ORM
calls of a process share one thread.
"""

import asyncio
from typing import Protocol

import structlog
from channels.db import database_sync_to_async
from django.db import Error as DatabaseFailure

from pods.access import AccessTable, Person, access_version, check_people, load_access
from pods.clock import Clock

log = structlog.get_logger(__name__)

PERIOD_SECONDS = 1.0
LOOK_SECONDS = 15.0


class Guarded(Protocol):
    """Somebody whose rights are watched."""

    person: Person

    def rights_changed(self, person: Person | None) -> None:
        """The rights, or the person, changed; None: no longer signed in. Must not block."""


class AccessWatch:
    """Keeps `table` current, and tells the guarded ones. Owned by the Runtime."""

    def __init__(self, clock: Clock) -> None:
        self.table = AccessTable()
        self.guarded: set[Guarded] = set()
        self.failing = False
        self.listeners: list[asyncio.Event] = []
        self._clock = clock
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")

    async def load(self) -> None:
        """Reads the rights for the first time. Raises DatabaseError."""
        self.table = await database_sync_to_async(load_access)()

    async def run(self) -> None:
        """Looks once a second until cancelled. While the database is gone, the last known rights hold."""
        while True:
            await self._clock.sleep(PERIOD_SECONDS)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self.look()
            except Exception:
                # Whatever it was, rights must go on being followed.
                self.failing = True
                log.exception("access_not_read")
            else:
                self.failing = False

    async def look(self) -> None:
        """Reads what may have changed, and tells whom it concerns. Raises DatabaseError."""
        async with self._looking:
            await self._look()

    async def look_since(self, moment: float) -> None:
        """Looks, unless a look has begun at or after `moment` (monotonic seconds) meanwhile.

        For whoever is about to be refused: what they were just given must count. However many are
        refused at once, they share a look. While the database is gone, the last known rights hold.
        """
        try:
            async with asyncio.timeout(LOOK_SECONDS), self._looking:
                if self._looked_at < moment:
                    await self._look()
        except (DatabaseFailure, TimeoutError):
            log.warning("access_not_read_again")

    async def _look(self) -> None:
        self._looked_at = self._clock.monotonic()
        people = {guarded.person for guarded in self.guarded}
        version = self.table.version
        table, fresh = await database_sync_to_async(_read)(version, people)
        if table is not None:
            self.table = table
            for listener in self.listeners:
                listener.set()
        for guarded in list(self.guarded):
            now = fresh.get(guarded.person, guarded.person)
            if table is not None or now != guarded.person:
                guarded.rights_changed(now)

    def tell_all(self) -> None:
        """Makes every guarded one look again: where a view is served from may be another place now."""
        for guarded in list(self.guarded):
            guarded.rights_changed(guarded.person)


def _read(version: int, people: set[Person]) -> tuple[AccessTable | None, dict[Person, Person | None]]:
    fresh = check_people(people)
    return (load_access() if access_version() != version else None), fresh
