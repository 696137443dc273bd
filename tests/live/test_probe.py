"""The probe goes on asking, whatever happens to it: all scopes of a cluster wait for its answers."""

import asyncio

from structlog.testing import capture_logs

from pods.kube.probe import Probe
from tests.live.virtual import LoopClock


async def test_a_defect_of_ours_does_not_end_it(clock: LoopClock) -> None:
    answers: list[Exception | None] = [RuntimeError("a defect"), None]

    async def ask() -> None:
        answer = answers.pop(0) if answers else None
        if answer is not None:
            raise answer

    probe = Probe("test", clock, ask, lambda: None)
    probe.start()
    try:
        with capture_logs() as logs:
            async with asyncio.timeout(60):
                await probe.answered_since(clock.monotonic())
    finally:
        await probe.stop()
    assert [line["event"] for line in logs] == ["probe_failed"]
    assert answers == []
