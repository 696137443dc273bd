"""The oracle before three replicas over one Redis: processes and Redis are killed and frozen, too.

Whatever happened, after a calm every viewer shows what the API server prints, no pod ever went back or came
again under a viewer, and each scope has one watch.

    python -m tests.replicas.oracle --seeds 100
    python -m tests.replicas.oracle --first 17 --seeds 1     # one seed again
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Coroutine
from functools import partial

import aiohttp

from tests.cluster.control_plane import ControlPlane
from tests.reliability.oracle import Mismatch, Run, arguments, tell
from tests.reliability.script import FLEET_TROUBLES, TROUBLES, Step, script
from tests.reliability.seat import Look, Seat
from tests.replicas.stage import FleetStage, fleet_staged
from tests.replicas.writing import returned

# Shorter and longer than a lease is held, and than a page waits before it reconnects.
FROZEN_SECONDS = (0.5, 3.2, 6.0)
REDIS_GONE_SECONDS = (0.5, 4.0)
WATCHES_SECONDS = 20.0


class MovingSeat(Seat):
    """Its viewer goes to another replica with its tokens where the one it looks at has gone."""

    async def join(self) -> None:
        """As a browser would: again and again, at whichever replica answers."""
        while True:
            try:
                return await super().join()
            except OSError:  # none of them answers just now
                await self.leave()
                await self.news()

    async def stays(self) -> bool:
        """Replicas may go; then it looks at another one."""
        if self._open is not None and self.lost():
            assert self.viewers[-1].socket.close_code in (None, 1006, 1012), "closed without a need"
            await self.leave()
            await self.join()
        return True


class FleetRun(Run):
    """One seed before a fleet."""

    def __init__(self, stage: FleetStage, seed: int, session: aiohttp.ClientSession) -> None:
        self._fleet = stage
        self._under_way: set[asyncio.Task[None]] = set()
        super().__init__(stage, seed, session)

    async def act(self) -> None:
        """Every step; then everything runs again."""
        try:
            await super().act()
        finally:
            if self._under_way:
                await asyncio.wait(self._under_way)
            for task in self._under_way:
                task.result()

    async def calm(self) -> None:
        """Everyone is right, and over one watch. Raises Mismatch."""
        await super().calm()
        for seat in self._seats:
            if not seat.look.filter and (found := [each for one in seat.viewers for each in returned(one)]):
                raise Mismatch(f"{seat} saw pods that had gone come again: {found}")
        await self._expect_one_watch()

    def _script(self) -> list[Step]:
        return script(self.seed, TROUBLES | FLEET_TROUBLES)

    def _seat(self, look: Look) -> Seat:
        return MovingSeat(self._fleet, look, self._names)

    async def _do(self, step: Step) -> None:
        await super()._do(step)
        await asyncio.gather(*(seat.stays() for seat in self._seats))

    async def _trouble(self, step: Step) -> None:
        if step.kind == "kill":
            self._begin(self._fleet.replaced(step.which, clean=False))
        elif step.kind == "end":
            self._begin(self._fleet.replaced(step.which, clean=True))
        elif step.kind == "freeze":
            seconds = FROZEN_SECONDS[step.count % len(FROZEN_SECONDS)]
            self._begin(self._fleet.frozen(step.which, seconds))
        elif step.kind == "redis":
            seconds = REDIS_GONE_SECONDS[step.count % len(REDIS_GONE_SECONDS)]
            self._begin(self._fleet.without_redis(step.which, seconds))
        else:
            await super()._trouble(step)

    def _begin(self, trouble: Coroutine[None, None, None]) -> None:
        self._under_way.add(asyncio.create_task(trouble, name="trouble"))

    async def _expect_one_watch(self) -> None:
        scopes = {
            (seat.look.context, name) for seat in self._seats if not seat.lost() for name in seat.namespaces
        }
        deadline = time.monotonic() + WATCHES_SECONDS
        for context, name in scopes:
            while (found := await asyncio.to_thread(self._fleet.watches, context, name)) != 1:
                if time.monotonic() > deadline:
                    raise Mismatch(f"{context}/{name} has {found} watches")
                await asyncio.sleep(0.2)


def main() -> int:
    """Prints what differed; 1 if anything did, or a portal tells of a defect."""
    asked = arguments(
        "Random changes, faults and ends of replicas; what viewers show must be true."
    ).parse_args()
    with ControlPlane() as control_plane, fleet_staged(control_plane) as stage:
        status = tell(control_plane, partial(FleetRun, stage), asked)
        print(f"{dict(stage.happened)}; defects in the logs: {stage.defects() or 'none'}")
        return 1 if stage.defects() else status


if __name__ == "__main__":
    sys.exit(main())
