"""Snapshot at a token and every later delta equal the state, whatever happens in between."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.live.scene import Scene, Step
from tests.live.virtual import VirtualTimeLoop

# How often each step is drawn in a seeded run.
WEIGHTS = {
    "put": 30,
    "delete": 8,
    "recreate": 6,
    "gap": 2,
    "cut": 2,
    "replicaset": 2,
    "wait": 25,
    "join": 8,
    "resume": 8,
    "leave": 8,
    "mute": 4,
}
SMALL = st.integers(0, 11)
STEPS = st.lists(st.tuples(st.sampled_from(sorted(WEIGHTS)), SMALL, SMALL), max_size=50)


def run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(work)


async def play(steps: list[Step]) -> None:
    async with Scene.open() as scene:
        await scene.play(steps)
        await scene.converged()


# A pod leaves within the tick in which a viewer that has it comes back to a view that nobody else holds.
BACK_WITHIN_A_TICK: list[Step] = [
    ("put", 0, 0),
    ("put", 3, 0),
    ("join", 0, 0),
    ("wait", 3, 0),
    ("put", 3, 1),
    ("wait", 3, 0),
    ("leave", 0, 0),
    ("put", 3, 2),
    ("delete", 0, 0),
    ("resume", 0, 0),
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
@example(BACK_WITHIN_A_TICK)
def test_every_browser_converges_to_the_cluster(steps: list[Step]) -> None:
    run(play(steps))


@pytest.mark.parametrize("seed", range(15))
def test_every_browser_converges_through_a_long_life(seed: int) -> None:
    rng = random.Random(seed)
    names = rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=400)
    run(play([(name, rng.randrange(12), rng.randrange(12)) for name in names]))
