"""What everybody else notices of an attack: how late changes come, how long the event loop stalls, memory."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.consumers.viewer import Viewer, viewing
from tests.portal import PortalProcess
from tests.reliability.firehose import CALM

PAGE_BYTES = 4096
STALL = "k8sportal_loop_stall_seconds_bucket"


class Onlookers:
    """Well-behaved viewers of the calm namespace."""

    def __init__(self, viewers: list[Viewer]) -> None:
        self._viewers = viewers
        self._starts = [0] * len(viewers)

    def __len__(self) -> int:
        return len(self._viewers)

    def mark(self) -> None:
        """What comes from now on counts."""
        self._starts = [len(viewer.received) for viewer in self._viewers]

    def latencies(self) -> list[float]:
        """Seconds from the API server to the viewer, of each change since the mark; sorted."""
        found = [
            received.at - int(row["labels"]["sent"]) / 1e9
            for viewer, start in zip(self._viewers, self._starts, strict=True)
            for received in viewer.received[start:]
            if received.frame["type"] == "delta"
            for row in received.frame["upsert"]
        ]
        return sorted(found)

    def p99(self) -> float:
        """The 99th percentile of those."""
        found = self.latencies()
        assert len(found) > 50, "the onlookers get their changes"
        return found[int(len(found) * 0.99)]

    def all_open(self) -> bool:
        """Whether none of them was closed."""
        return all(viewer.closed_at is None for viewer in self._viewers)


@asynccontextmanager
async def onlookers(portal: PortalProcess, count: int) -> AsyncIterator[Onlookers]:
    """So many, live."""
    async with AsyncExitStack() as stack:
        url = portal.ws(f"/ws/pods/?namespace={CALM}")
        viewers = [await stack.enter_async_context(viewing(url)) for _ in range(count)]
        for viewer in viewers:
            await viewer.live(CALM)
        found = Onlookers(viewers)
        found.mark()
        yield found


def resident_bytes(portal: PortalProcess) -> int:
    """The process's memory (Linux)."""
    return int(Path(f"/proc/{portal.pid}/statm").read_text().split()[1]) * PAGE_BYTES


class Stalls:
    """The event loop's stalls since this was made, by the portal's own histogram."""

    def __init__(self, portal: PortalProcess) -> None:
        self._portal = portal
        self._before = self._counts()

    async def longest(self) -> float:
        """What the longest one exceeded, in seconds: the lower bound of its bucket."""
        after = await asyncio.to_thread(self._counts)
        total = after[float("inf")] - self._before[float("inf")]
        return max((bound for bound in after if after[bound] - self._before[bound] < total), default=0.0)

    def _counts(self) -> dict[float, float]:
        return {float(labels["le"]): value for name, labels, value in self._portal.metrics() if name == STALL}


class Lateness:
    """How long the portal's event loop waited for a processor meanwhile, at worst within one second.

    On a busy machine that is most of a stall, and not the portal's doing (Linux tells it by thread).
    """

    PERIOD_SECONDS = 0.02

    def __init__(self, portal: PortalProcess) -> None:
        self.longest = 0.0
        self._path = Path(f"/proc/{portal.pid}/task/{portal.pid}/schedstat")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._measure, name="lateness")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _measure(self) -> None:
        samples: deque[tuple[float, float]] = deque()
        while not self._ended.wait(self.PERIOD_SECONDS):
            now, waited = time.monotonic(), int(self._path.read_text().split()[1]) / 1e9
            samples.append((now, waited))
            while samples[0][0] < now - 1:
                samples.popleft()
            self.longest = max(self.longest, waited - samples[0][1])
