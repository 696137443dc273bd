"""Changes at a steady rate, so that everything else happens on a portal that is at work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.cluster.control_plane import ControlPlane
from tests.kube.writer import Writer

PER_SECOND = 50
PODS = 20


@dataclass
class Traffic:
    """How many changes were written so far, in how many seconds."""

    changes: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Changes a second."""
        return self.changes / self.seconds if self.seconds else 0.0


@asynccontextmanager
async def traffic(
    cluster: ControlPlane, namespace: str, per_second: float = PER_SECOND
) -> AsyncIterator[Traffic]:
    """Labels of PODS pods of its own in `namespace` change so often until the end of the block."""
    made = Traffic()
    async with cluster.admin_session() as session:
        writer = Writer(session, namespace)
        names = [f"busy-{number}" for number in range(PODS)]
        await asyncio.gather(*map(writer.pod, names))
        task = asyncio.create_task(_write(writer, names, 1 / per_second, made), name="traffic")
        try:
            yield made
        finally:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()  # what went wrong with it is the test's failure


async def _write(writer: Writer, names: list[str], period: float, made: Traffic) -> None:
    """On time as far as the API server keeps up; what was missed is not made up for."""
    loop = asyncio.get_running_loop()
    started = due = loop.time()
    while True:
        name = names[made.changes % len(names)]
        await writer.patch(name, {"metadata": {"labels": {"change": str(made.changes)}}})
        made.changes += 1
        made.seconds = loop.time() - started
        due = max(due + period, loop.time() - period)
        await asyncio.sleep(max(due - loop.time(), 0))
