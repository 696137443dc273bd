"""Pods that change while something is broken, and what viewers must have seen of that."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.consumers.viewer import Row, Viewer

PAUSE_SECONDS = 0.2
COUNTER = "counter"


class Writing:
    """Counts up in a label of one pod, for as long as the block runs; another pod is only looked at."""

    def __init__(self, cluster: ControlPlane, namespace: str, pause: float) -> None:
        self.count = 0
        # When each number was begun to be written (monotonic seconds).
        self.written_at: dict[int, float] = {}
        self._pause = pause
        self._cluster = cluster
        self._namespace = namespace

    @property
    def next(self) -> int:
        """The first number of which nothing can have been told by now: the last one may be under way."""
        return max(self.written_at) + 1

    @classmethod
    @asynccontextmanager
    async def steadily(
        cls, cluster: ControlPlane, namespace: str, pause: float = PAUSE_SECONDS
    ) -> AsyncIterator["Writing"]:
        """Makes both pods, and writes in a task, with so many seconds between two numbers."""
        writing = cls(cluster, namespace, pause)
        await asyncio.to_thread(pods.create, cluster, namespace, "counts", "stays")
        await writing.write()
        task = asyncio.create_task(writing._run(), name="writes")
        try:
            yield writing
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def write(self) -> int:
        """One more; the number that is written now."""
        number = self.count + 1
        self.written_at[number] = time.monotonic()
        await asyncio.to_thread(
            pods.label, self._cluster, self._namespace, "counts", **{COUNTER: str(number)}
        )
        self.count = number
        return number

    async def reaches(self, viewers: Sequence[Viewer], seconds: float) -> float:
        """Waits until all viewers show what is written from now on; the longest time that took."""
        number = self.next

        async def reached(viewer: Viewer) -> float:
            return await viewer.until(lambda: seen(viewer) >= number, f"{number} is seen", seconds)

        return max(await asyncio.gather(*map(reached, viewers)))

    def latencies(self, viewers: Sequence[Viewer], since: float) -> list[float]:
        """Seconds from the writing of a number to a viewer's sight of it, of all written `since`; sorted."""
        return sorted(
            received.at - self.written_at[number]
            for viewer in viewers
            for received in viewer.received
            if received.frame["type"] == "delta"
            for number in numbers(received.frame["upsert"])
            if self.written_at[number] >= since
        )

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._pause)
            await self.write()


def seen(viewer: Viewer) -> int:
    """The number that a viewer shows."""
    row = viewer.row("counts")
    return int(row["labels"].get(COUNTER, "0")) if row else 0


def numbers(rows: Sequence[Row]) -> list[int]:
    """What is counted in these rows."""
    return [int(row["labels"][COUNTER]) for row in rows if COUNTER in row["labels"]]


def check_steady(viewer: Viewer) -> None:
    """One socket, one snapshot, no pod that was there is removed or came again, no number went back."""
    assert viewer.closed_at is None
    assert len([frame for frame in viewer.of("snapshot") if frame.get("last", True)]) == 1
    check_counted(viewer)
    for frame in viewer.of("delta"):
        assert not frame["remove"], "a row flickered"
        assert "stays" not in [row["name"] for row in frame["upsert"]], "a row was sent that did not change"


def check_counted(viewer: Viewer) -> None:
    """No number went back."""
    frames = [*viewer.of("snapshot"), *viewer.of("delta")]
    counted = numbers([row for frame in frames for row in frame.get("pods", frame.get("upsert", []))])
    assert counted == sorted(counted), "a pod went back"


def returned(viewer: Viewer) -> list[str]:
    """The pods that went and came again, where the view has no filter: a pod is its uid."""
    there: dict[str, set[str]] = defaultdict(set)
    parts: dict[str, set[str]] = defaultdict(set)
    gone: set[str] = set()
    found: list[str] = []
    for frame in [each for each in viewer.frames if each["type"] in ("snapshot", "delta")]:
        label, rows = frame["namespace"], frame.get("pods") or frame.get("upsert") or []
        found += [row["name"] for row in rows if row["uid"] in gone]
        uids = {row["uid"] for row in rows}
        if frame["type"] == "delta":
            left = there[label] & set(frame["remove"])
            there[label] = (there[label] | uids) - left
        else:
            parts[label] |= uids
            if not frame.get("last", True):
                continue
            left = there[label] - parts[label]
            there[label] = parts.pop(label)
        gone |= left
    return found
