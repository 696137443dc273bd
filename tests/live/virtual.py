"""Time that runs as fast as the tests do: an event loop that jumps to its next timer when it is idle.

Everything that waits (the loop's timers, `asyncio.sleep`, `asyncio.timeout`, the portal's Clock) sees the
same time, so that a minute of backoff is a few callbacks, and the order of things is that of a real minute.
"""

import asyncio
import math
import selectors
from datetime import UTC, datetime, timedelta

# In virtual time an idle loop without a timer waits for a thread at most; this long means: for ever.
STUCK_SECONDS = 5.0

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class _JumpingSelector(selectors.DefaultSelector):
    """Looks for I/O, and when there is none lets time pass instead of waiting."""

    loop: "VirtualTimeLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is not None:
            self.loop.now += timeout
            return []
        ready = super().select(STUCK_SECONDS)
        if not ready:
            raise RuntimeError("every task waits for something that no timer brings")
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`now` is its time in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0
        selector = _JumpingSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    @property
    def _clock_resolution(self) -> float:
        """A timer fires at its moment and never a little before it: time would not move on meanwhile."""
        return math.ulp(self.now)

    @_clock_resolution.setter
    def _clock_resolution(self, seconds: float) -> None:
        """The base class sets that of the real clock, which has no say here."""


class LoopClock:
    """A Clock that goes with the running loop. `wall_step` is by how much the wall clock was set."""

    def __init__(self) -> None:
        self.wall_step = timedelta(0)
        self._started_at = self.monotonic()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return NOON + self.wall_step + timedelta(seconds=self.monotonic() - self._started_at)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def settle() -> None:
    """Lets everything that is due now run, without time passing."""
    for _ in range(20):
        await asyncio.sleep(0)
