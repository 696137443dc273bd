"""The long form of the fleet: three replicas, a thousand viewers at each, and what happens to them.

    python -m tests.replicas.soak --server daphne --output figures.json

`--server` is that of all replicas. Exits with 1 where a figure does not hold. Parts: many viewers over one
watch; the holder frozen for 30 s; every way of leaving through nginx; a rolling restart under pages.
"""

import argparse
import asyncio
import contextlib
import json
import math
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from pods.leakcheck.report import report
from tests.cluster.control_plane import ControlPlane
from tests.nginx import Nginx
from tests.redis import RedisServer
from tests.replicas.fleet import SERVERS, Fleet
from tests.replicas.freezing import freeze_holder
from tests.replicas.leaving import at_rest, leave_in_every_way
from tests.replicas.pages import looking
from tests.replicas.rolling import before_all, check_page, roll
from tests.replicas.watching import watching
from tests.replicas.writing import Writing, check_steady
from tools.debian import ensure_installed

REPLICAS = 3
VIEWERS = 1_000
CYCLES = 100
FROZEN_SECONDS = 30.0
MEASURED_SECONDS = 30.0
# One change is as many frames as there are viewers, all of which one process reads.
SHARED_PAUSE_SECONDS = 2.0
ROLLED_PAUSE_SECONDS = 1.0
EVENT_TO_SEND = "k8sportal_event_to_send_seconds_bucket"
OPEN_SECONDS = 300.0
RIGHT_SECONDS = 60.0
# The limits are for people; here everybody comes from one address.
SETTINGS = {"PORTAL_MAX_SOCKETS_PER_PERSON": "5000"}

SHARES = {"p50": 0.5, "p99": 0.99}

Figures = dict[str, Any]


def main(argv: list[str] | None = None) -> int:
    """All parts; 1 where a figure does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=SERVERS, default="daphne")
    parser.add_argument("--viewers", type=int, default=VIEWERS, help="at each replica, and pages in all")
    parser.add_argument("--cycles", type=int, default=CYCLES, help="of each way of leaving")
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args(argv)
    ensure_installed()
    _raise_limit()
    settings = {**SETTINGS, "PORTAL_SERVER": asked.server}
    with ControlPlane() as cluster, RedisServer() as redis:
        with Fleet(cluster.kubeconfig, redis, REPLICAS, settings) as fleet:
            with Nginx(*before_all(fleet)) as nginx:
                found = asyncio.run(_soak(cluster, fleet, nginx, asked.viewers, asked.cycles))
    missed = [f"{part}: {figures['missed']}" for part, figures in found.items() if "missed" in figures]
    figures = {"server": asked.server, "viewers_at_each": asked.viewers, **found, "missed": missed}
    if asked.output is not None:
        asked.output.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    print("\n".join(missed) or "Every figure holds.")
    return 1 if missed else 0


async def _soak(
    cluster: ControlPlane, fleet: Fleet, nginx: Nginx, viewers: int, cycles: int
) -> dict[str, Figures]:
    return {
        "shared": await _tried(_share(cluster, fleet, viewers)),
        "frozen": await _tried(_freeze(cluster, fleet)),
        "leaving": await _tried(_leave(cluster, fleet, nginx, cycles)),
        "rolled": await _tried(_roll(cluster, fleet, nginx, viewers)),
    }


async def _tried(part: Coroutine[Any, Any, Figures]) -> Figures:
    """What a part measured; one that fails is missed as a whole, and the others go on."""
    try:
        return await part
    except (Exception, pytest.fail.Exception) as error:
        traceback.print_exc()
        return {"missed": repr(error)[:2000]}


async def _share(cluster: ControlPlane, fleet: Fleet, viewers: int) -> Figures:
    """So many at each replica: one watch, by the API server's own count, and all right."""
    namespace = cluster.create_namespace("test-shared")
    async with Writing.steadily(cluster, namespace, SHARED_PAUSE_SECONDS) as writing:
        began = time.monotonic()
        async with watching(fleet, namespace, viewers, OPEN_SECONDS) as everybody:
            opened = time.monotonic()
            await writing.reaches(everybody, RIGHT_SECONDS)
            since, used, sent = time.monotonic(), _used(fleet), await asyncio.to_thread(_sent, fleet)
            await asyncio.sleep(MEASURED_SECONDS)
            await writing.reaches(everybody, RIGHT_SECONDS)
            sent = await asyncio.to_thread(_sent, fleet) - sent
            measured = time.monotonic() - since
            shares = [(now - then) / measured for now, then in zip(_used(fleet), used, strict=True)]
            # The API server itself watches the pods of all namespaces.
            watches = await asyncio.to_thread(cluster.longrunning_watches, "pods", "namespace")
            assert watches == 1, f"{watches} pod watches at the API server"
            late = writing.latencies(everybody, since)
            for viewer in everybody:
                check_steady(viewer)
    return {
        "viewers": len(everybody),
        "all_live_after": round(opened - began, 1),
        "frames_with_a_change": len(late),
        "portals_sent_a_change_within": {name: _within(sent, share) for name, share in SHARES.items()},
        "a_change_is_seen_after": {
            name: round(late[int(len(late) * share)], 3) for name, share in SHARES.items()
        },
        # Of one processor. What is late is the portals' doing only as far as they did not wait for theirs.
        "portals_and_reader_ran": [round(share, 2) for share in shares[::2]],
        "portals_and_reader_waited_to_run": [round(share, 2) for share in shares[1::2]],
        "pod_watches_at_the_api_server": watches,
    }


def _used(fleet: Fleet) -> list[float]:
    """Seconds for which each portal, and this process, has run and waited for a processor (Linux)."""
    found: list[float] = []
    for process in (*(portal.pid for portal in fleet.portals), "self"):
        ran, waited = Path(f"/proc/{process}/schedstat").read_text().split()[:2]
        found += int(ran) / 1e9, int(waited) / 1e9
    return found


def _sent(fleet: Fleet) -> Counter[float]:
    """How many changes the portals have sent within so many seconds of the event, by their histograms."""
    found: Counter[float] = Counter()
    for portal in fleet.portals:
        for name, labels, value in portal.metrics():
            if name == EVENT_TO_SEND:
                found[float(labels["le"])] += int(value)
    return found


def _within(sent: Counter[float], share: float) -> float:
    """The bound within which this share of them was sent."""
    return min(bound for bound, count in sent.items() if count >= share * sent[math.inf])


async def _freeze(cluster: ControlPlane, fleet: Fleet) -> Figures:
    """The holder stands still for so long that whoever looks at it has been cut off."""
    namespace = cluster.create_namespace("test-frozen")
    async with Writing.steadily(cluster, namespace) as writing:
        thawed = await freeze_holder(fleet, writing, namespace, FROZEN_SECONDS)
    return {
        "seconds": FROZEN_SECONDS,
        "others_right_after": round(thawed.others_right_after, 2),
        "right_after_it_came_back": round(thawed.right_after, 2),
    }


async def _leave(cluster: ControlPlane, fleet: Fleet, nginx: Nginx, cycles: int) -> Figures:
    """So many cycles of each way through nginx."""
    namespace = cluster.create_namespace("test-left")
    outcome = await leave_in_every_way(fleet, nginx, cluster, namespace, cycles)
    print(report(outcome), flush=True)
    assert not outcome.failures, dict(outcome.failures)
    assert not outcome.left, [outcome.left, *(portal.open_files() for portal in fleet.portals)]
    await at_rest(fleet)
    return {
        "cycles_of_each_way": cycles,
        "before": outcome.before.counts,
        "after": outcome.after.counts,
        "returned_after": round(outcome.waited, 1),
    }


async def _roll(cluster: ControlPlane, fleet: Fleet, nginx: Nginx, count: int) -> Figures:
    """Every replica restarts, one after the other, under so many pages through nginx."""
    namespace = cluster.create_namespace("test-rolled")
    url = nginx.ws(f"/ws/pods/?cluster=test&namespace={namespace}")
    async with Writing.steadily(cluster, namespace, ROLLED_PAUSE_SECONDS) as writing:
        async with looking(url, namespace, count, OPEN_SECONDS) as pages:
            rolled = await roll(fleet.portals, pages, writing)
            for page in pages:
                check_page(page)
            moves = sum(len(page.viewers) - 1 for page in pages)
    return {
        "pages": count,
        "restarted_within": round(rolled.seconds, 1),
        "moves_of_pages": moves,
        "right_after_the_last_restart": round(rolled.right_after, 2),
    }


def _raise_limit() -> None:
    """Open files, for this process and those that it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    sys.exit(main())
