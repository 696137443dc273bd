"""The oracle's short form: five seeds; tests/reliability/oracle.py runs any number."""

from __future__ import annotations

import asyncio

import pytest

from tests.reliability.oracle import consult_many
from tests.reliability.script import script
from tests.reliability.stage import Stage

SEEDS = range(5)


def test_a_seed_always_gives_the_same_steps() -> None:
    assert script(7) == script(7)
    assert script(7) != script(8)


def test_after_each_calm_viewers_show_what_the_api_server_prints(stage: Stage) -> None:
    found: list[str] = []
    asyncio.run(
        consult_many(stage, SEEDS, len(SEEDS), lambda seed, wrong: found.append(wrong) if wrong else None)
    )
    if found:
        pytest.fail("\n\n".join(found))
