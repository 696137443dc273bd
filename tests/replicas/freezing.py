"""The holder of a namespace stands still for a while, as a suspended virtual machine does, and comes back."""

import asyncio
import signal
from typing import NamedTuple

from tests.replicas.fleet import Fleet
from tests.replicas.watching import watching
from tests.replicas.writing import Writing, check_counted, check_steady

# The promise.
RIGHT_SECONDS = 5.0


class Thawed(NamedTuple):
    """Seconds until the others were right without the holder, and until everybody was when it was back."""

    others_right_after: float
    right_after: float


async def freeze_holder(fleet: Fleet, writing: Writing, namespace: str, seconds: float) -> Thawed:
    """Viewers at each replica; what they see of the holder's absence, and that it holds no more after it.

    Five times the promise is allowed.
    """
    async with watching(fleet, namespace) as viewers:
        holder = await asyncio.to_thread(fleet.holder, namespace)
        process = fleet.portals[holder].process
        assert process is not None
        others = [viewer for number, viewer in enumerate(viewers) if number != holder]
        process.send_signal(signal.SIGSTOP)
        try:
            others_right = await writing.reaches(others, RIGHT_SECONDS * 5)
            await asyncio.sleep(max(seconds - others_right, 0))
        finally:
            process.send_signal(signal.SIGCONT)
        right = await writing.reaches(viewers, RIGHT_SECONDS * 5)
        await fleet.settle(namespace)
        await writing.reaches(viewers, RIGHT_SECONDS * 5)
        for viewer in others:
            check_steady(viewer)
        check_counted(viewers[holder])
        assert await asyncio.to_thread(fleet.holder, namespace) != holder
        return Thawed(others_right, right)
