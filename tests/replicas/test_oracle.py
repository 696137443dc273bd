"""The fleet's oracle in its short form: four seeds; tests/replicas/oracle.py runs any number."""

from __future__ import annotations

from functools import partial

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.reliability.oracle import consult
from tests.replicas.oracle import FleetRun
from tests.replicas.stage import fleet_staged

SEEDS = range(4)


async def test_after_each_calm_viewers_at_all_replicas_show_what_the_api_server_prints(
    control_plane: ControlPlane,
) -> None:
    with fleet_staged(control_plane) as stage:
        runs = consult(control_plane, partial(FleetRun, stage), SEEDS, len(SEEDS))
        found = [wrong async for _, wrong in runs if wrong]
        print(dict(stage.happened))
        if found or stage.defects():
            pytest.fail("\n\n".join([*found, *stage.defects()]))
