"""The oracle's short form: five seeds; tests/reliability/oracle.py runs any number."""

from __future__ import annotations

from functools import partial

import pytest

from tests.reliability.oracle import Run, consult
from tests.reliability.script import script
from tests.reliability.stage import Stage

SEEDS = range(5)


def test_a_seed_always_gives_the_same_steps() -> None:
    assert script(7) == script(7)
    assert script(7) != script(8)


async def test_after_each_calm_viewers_show_what_the_api_server_prints(stage: Stage) -> None:
    found = [
        wrong
        async for _, wrong in consult(stage.control_plane, partial(Run, stage), SEEDS, len(SEEDS))
        if wrong
    ]
    if found:
        pytest.fail("\n\n".join(found))
