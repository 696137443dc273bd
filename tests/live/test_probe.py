"""The probe goes on asking, whatever happens to it: all scopes of a cluster wait for its answers."""

import asyncio

import pytest
from structlog.testing import capture_logs

from pods.domain.reasons import Reason
from pods.kube.errors import Unreachable
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


async def test_it_asks_twice_a_second_for_those_who_wait_and_every_two_seconds_otherwise(
    clock: LoopClock,
) -> None:
    fails_until = clock.monotonic() + 10.2
    asked: list[float] = []

    async def ask() -> None:
        asked.append(clock.monotonic())
        if clock.monotonic() < fails_until:
            raise Unreachable(Reason("unreachable"))

    probe = Probe("test", clock, ask, lambda: None)
    probe.start()
    began = clock.monotonic()
    try:
        waiting = [asyncio.create_task(probe.answered_since(began), name=f"scope {n}") for n in range(300)]
        await asyncio.wait(waiting)
        assert clock.monotonic() == pytest.approx(began + 10.5)
        assert len(asked) == 22
        await clock.sleep(10.0)
        assert len(asked) == 26, "nobody waits any more"
    finally:
        await probe.stop()
