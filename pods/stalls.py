"""How long the event loop keeps everybody waiting: the stall is what a short sleep takes too long.

One stall delays every viewer of the process, so it is measured all the time, and kept below 100 ms.
"""

from pods import metrics
from pods.clock import Clock

PERIOD_SECONDS = 0.02
# The longest stall is told for as long as a scrape of the metrics may take to come by.
LONGEST_SECONDS = 60.0


class Stalls:
    """Measures until cancelled. `longest` is that of the last LONGEST_SECONDS to twice that."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now = 0.0
        self._before = 0.0
        self._turned_at = clock.monotonic()

    @property
    def longest(self) -> float:
        """The longest stall of late, in seconds."""
        return max(self._now, self._before)

    async def run(self) -> None:
        """Sleeps a little, over and over, and notes by how much each sleep was too long."""
        while True:
            begun = self._clock.monotonic()
            await self._clock.sleep(PERIOD_SECONDS)
            self._note(self._clock.monotonic() - begun - PERIOD_SECONDS)

    def _note(self, stall: float) -> None:
        metrics.LOOP_STALL.observe(max(stall, 0.0))
        now = self._clock.monotonic()
        if now - self._turned_at >= LONGEST_SECONDS:
            self._before, self._now, self._turned_at = self._now, 0.0, now
        self._now = max(self._now, stall)
