"""Several processes, one watch: whatever happens to Redis and to them, every browser is right."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.live.replicas import COUNT, Scene
from tests.live.test_convergence import run

Step = tuple[str, int, int]

WEIGHTS = {
    "put": 30, "delete": 8, "wait": 30, "join": 8, "leave": 6,
    "redis": 4, "deafen": 2, "freeze": 3, "kill": 2, "restart": 2,
}  # fmt: skip
SMALL = st.integers(0, 11)
STEPS = st.lists(st.tuples(st.sampled_from(sorted(WEIGHTS)), SMALL, SMALL), max_size=40)


async def play(steps: list[Step]) -> None:
    async with Scene.open() as scene:
        await scene.play([("join", number, 0) for number in range(COUNT)])
        await scene.play(steps)
        await scene.converged()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_every_browser_converges(steps: list[Step]) -> None:
    run(play(steps))


# The last four: tokens that were given, or come back to, where more is known than the numbers say.
@pytest.mark.parametrize("seed", [*range(12), 1270, 2001, 3112, 3368])
def test_every_browser_converges_through_a_long_life(seed: int) -> None:
    random.seed(seed)  # what is jittered
    rng = random.Random(seed)
    names = rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=250)
    run(play([(name, rng.randrange(12), rng.randrange(12)) for name in names]))
