"""Replicas behind a real nginx: leaving through it, its own end, and the replicas' one after the other."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pods.leakcheck.check import RETURN_SECONDS
from pods.leakcheck.counts import Reading, read
from pods.leakcheck.report import report
from pods.leakcheck.ways import WAYS
from tests.cluster.control_plane import ControlPlane
from tests.nginx import Nginx
from tests.replicas.fleet import Fleet
from tests.replicas.leaving import at_rest, leave_in_every_way, metrics
from tests.replicas.pages import all_there, looking
from tests.replicas.rolling import before_all, check_page, roll
from tests.replicas.writing import Writing

CYCLES = 6
PAGES = 100
LOOKING = 40
BACK_SECONDS = 30.0


@pytest.fixture(scope="module")
def nginx(fleet: Fleet, nginx_program: Path) -> Iterator[Nginx]:
    """Before all replicas of the fleet, with the configuration that the documentation gives."""
    with Nginx(*before_all(fleet)) as running:
        yield running


async def back(fleet: Fleet, before: Reading) -> float:
    """Waits until all is as before; how long that took."""
    began = time.monotonic()
    while left := (await read(metrics(fleet))).beyond(before):
        assert time.monotonic() - began < RETURN_SECONDS, left
        await asyncio.sleep(0.2)
    return time.monotonic() - began


def at(nginx: Nginx, namespace: str) -> str:
    """The view's address there."""
    return nginx.ws(f"/ws/pods/?cluster=test&namespace={namespace}")


async def test_every_way_of_leaving_through_nginx_leaves_nothing_at_any_replica(
    fleet: Fleet, nginx: Nginx, control_plane: ControlPlane, namespace: str
) -> None:
    logged = [len(portal.log()) for portal in fleet.portals]
    watches = control_plane.longrunning_watches("pods")
    outcome = await leave_in_every_way(fleet, nginx, control_plane, namespace, CYCLES)
    print(report(outcome))
    assert not outcome.failures
    assert outcome.left == {}, [portal.open_files() for portal in fleet.portals]
    assert outcome.waited <= RETURN_SECONDS
    await at_rest(fleet)
    assert control_plane.longrunning_watches("pods") <= watches, "those of earlier tests may end meanwhile"
    for portal, before in zip(fleet.portals, logged, strict=True):
        log = portal.log()[before:]
        assert log.count('"socket_opened"') > len(WAYS), "each of them was looked at"
        assert "Traceback" not in log


async def test_nginx_is_reloaded_and_killed(
    fleet: Fleet, nginx: Nginx, control_plane: ControlPlane, namespace: str
) -> None:
    async with Writing.steadily(control_plane, namespace):
        async with looking(at(nginx, namespace), namespace, LOOKING, BACK_SECONDS):
            pass  # what a process has of threads and files once it has been used
        await asyncio.sleep(2)
        before = await read(metrics(fleet))
        async with looking(at(nginx, namespace), namespace, LOOKING, BACK_SECONDS) as pages:
            await asyncio.to_thread(nginx.reload)
            await all_there(pages, BACK_SECONDS)
            assert [len(page.viewers) for page in pages] == [1] * LOOKING, "a reload ends no socket"
            await asyncio.to_thread(nginx.kill)
            print(f"killed: nothing is left after {await back(fleet, before):.1f} s")
            await asyncio.to_thread(nginx.start)
            await all_there(pages, BACK_SECONDS)
        print(f"left: nothing is left after {await back(fleet, before):.1f} s")


async def test_a_rolling_restart_loses_nobody(
    fleet: Fleet, nginx: Nginx, control_plane: ControlPlane, namespace: str
) -> None:
    async with Writing.steadily(control_plane, namespace) as writing:
        async with looking(at(nginx, namespace), namespace, PAGES, BACK_SECONDS) as pages:
            rolled = await roll(fleet.portals, pages, writing)
            moves = sum(len(page.viewers) - 1 for page in pages)
            print(f"{PAGES} pages moved {moves} times in {rolled.seconds:.1f} s,", end=" ")
            print(f"right {rolled.right_after:.2f} s after the last restart")
            again = sum(page.snapshots() > 1 for page in pages)
            print(f"{again} pages got all rows again")
            assert moves >= PAGES
            for page in pages:
                check_page(page)
