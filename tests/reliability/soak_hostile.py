"""The long form of the tests of slow and hostile viewers, and of the end with a thousand viewers.

    python -m tests.reliability.soak_hostile --server daphne|uvicorn [--output FILE] [--quick]

Prints one JSON object of figures; ends with 1 where one of them misses its promise, and says which.
Takes about eight minutes.
"""

import argparse
import asyncio
import contextlib
import json
import resource
import sys
import time
import traceback
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.portal import PortalProcess
from tests.reliability.endings import killed, terminated
from tests.reliability.firehose import Firehose
from tests.reliability.floods import attack_in_all_ways, opens
from tests.reliability.line import can_have_namespaces
from tests.reliability.lines import bad_line, half_open
from tests.reliability.onlookers import Lateness, Stalls, onlookers, resident_bytes
from tests.reliability.slow import deaf, forging, keeping_up, silent, slow_figures

FIREHOSE_BYTES_PER_SECOND = 20_000_000
LINE_BYTES_PER_SECOND = 400_000
ONLOOKERS = 5
# As many as one line carries: each of the half-open peers is sent frames until it counts as vanished.
HALF_OPEN_AT_ONCE = 50
MIB = 2**20


class Size(NamedTuple):
    """How much of everything."""

    slow_seconds: float
    silent_seconds: float
    floods: int
    limit: int
    beyond: int
    line_seconds: float
    half_open: int
    viewers: int


FULL = Size(20, 90, 20, 200, 1000, 120, 300, 1000)
QUICK = Size(3, 0, 1, 60, 100, 18, 1, 100)

Figures = dict[str, Any]


async def _slow(portal: PortalProcess, size: Size) -> Figures:
    async with onlookers(portal, ONLOOKERS) as others:
        stalls, lateness = Stalls(portal), Lateness(portal)
        with lateness:
            figures = await slow_figures(
                portal, others, keeping_up, (deaf, forging, silent), size.slow_seconds, 200
            )
            longest = await stalls.longest()
        assert others.all_open()
    code = await silent(portal, size.silent_seconds) if size.silent_seconds else 4408
    return {
        "held_mib": figures.held_bytes / MIB,
        "p99_seconds_alone": figures.p99_alone,
        "p99_seconds_with_slow_viewers": figures.p99_meanwhile,
        "window_shut_gone_after_seconds": figures.vanished_seconds,
        "acknowledges_nothing_closed_with": code,
        "stall_of_over_seconds": longest,
        "waited_for_processor_seconds": lateness.longest,
        "missed": _missed(
            held=figures.held_bytes < 5 * MIB,
            p99=figures.p99_meanwhile < 1.1 * figures.p99_alone + lateness.longest,
            gone=figures.vanished_seconds < 20,
            code=code == 4408,
            stall=longest < 0.1 + lateness.longest,
        ),
    }


async def _floods(portal: PortalProcess, size: Size) -> Figures:
    async with onlookers(portal, ONLOOKERS) as others:
        # What a process takes once and keeps for the next time is no leak: a first round does not count.
        await attack_in_all_ways(portal, times=size.floods, at_once=8, seconds=5)
        await _until_only(portal, ONLOOKERS)
        await opens(portal, size.limit, size.limit)
        await _until_only(portal, ONLOOKERS)
        before, stalls, lateness = resident_bytes(portal), Stalls(portal), Lateness(portal)
        others.mark()
        with lateness:
            figures = await attack_in_all_ways(portal, times=size.floods, at_once=8, seconds=5)
            await _until_only(portal, ONLOOKERS)
            told = await opens(portal, size.limit, size.beyond)
            longest = await stalls.longest()
        await _until_only(portal, ONLOOKERS)
        grown = resident_bytes(portal) - before
        assert others.all_open()
        return {
            **figures._asdict(),
            "opens_beyond_the_limit": len(told),
            "slowest_refusal_seconds": max(told),
            "memory_grown_mib": grown / MIB,
            "onlookers_p99_seconds": others.p99(),
            "stall_of_over_seconds": longest,
            "waited_for_processor_seconds": lateness.longest,
            "missed": _missed(
                codes_within_a_second=figures.slowest < 1,
                refusals_within_a_second=max(told) < 1,
                memory=grown < 10 * MIB,
                stall=longest < 0.1 + lateness.longest,
            ),
        }


async def _lines(portal: PortalProcess, api: Firehose, size: Size) -> Figures:
    at_once = min(size.half_open, HALF_OPEN_AT_ONCE)
    rounds = range(size.half_open // at_once) if can_have_namespaces() else ()
    gone = max([await half_open(portal, 60, at_once) for _ in rounds], default=None)
    figures = await bad_line(portal, api, size.line_seconds)
    return {
        **figures._asdict(),
        "half_open_viewers": size.half_open,
        "half_open_gone_after_seconds": gone,
        "missed": _missed(gone=gone is None or gone < 20, silence=figures.longest_silence < 12),
    }


async def _endings(portal: PortalProcess, api: Firehose, size: Size) -> Figures:
    serves_after, _ = await killed(portal, api, size.viewers)
    figures = await terminated(portal, size.viewers)
    return {
        "viewers": size.viewers,
        "after_kill_serves_all_after_seconds": serves_after,
        "exit_code": figures.exit_code,
        "ended_after_seconds": figures.seconds,
        "codes": dict(figures.codes),
        "ready": sorted(figures.ready),
        "missed": _missed(
            exit_code=figures.exit_code == 0,
            seconds=figures.seconds < 10,
            codes=figures.codes == {1012: size.viewers},
            ready=figures.ready <= {503},
        ),
    }


async def soak(server: str, size: Size) -> dict[str, Figures]:
    """All of it, one after the other."""
    environment = {"PORTAL_MAX_SOCKETS_PER_PERSON": str(size.limit), "PORTAL_LINGER_SECONDS": "1"}
    found: dict[str, Figures] = {}
    with Firehose(FIREHOSE_BYTES_PER_SECOND) as api:
        with PortalProcess(api.kubeconfig, server, environment) as portal:
            found["slow viewers"] = await _tried(_slow(portal, size))
            found["floods"] = await _tried(_floods(portal, size))
            found["left"] = _left(portal)
    with Firehose(LINE_BYTES_PER_SECOND) as api:
        open_to_lines = {"HOST": "0.0.0.0", "PORTAL_MAX_SOCKETS_PER_PERSON": str(HALF_OPEN_AT_ONCE + 10)}
        with PortalProcess(api.kubeconfig, server, open_to_lines) as portal:
            found["bad lines"] = await _tried(_lines(portal, api, size))
    with Firehose(LINE_BYTES_PER_SECOND) as api:
        many = {"PORTAL_MAX_SOCKETS_PER_PERSON": str(size.viewers + 10)}
        with PortalProcess(api.kubeconfig, server, many) as portal:
            found["endings"] = await _tried(_endings(portal, api, size))
    return found


async def _tried(part: Coroutine[Any, Any, Figures]) -> Figures:
    """What a part measured; one that fails is missed as a whole, and the others go on."""
    try:
        return await part
    except (Exception, pytest.fail.Exception) as error:
        traceback.print_exc()
        return {"missed": [repr(error)[:500]]}


async def _until_only(portal: PortalProcess, count: int) -> None:
    """Until no more than so many viewers are left."""

    def left() -> bool:
        return portal.metric("k8sportal_lifecycles") == count

    await asyncio.to_thread(portal.wait_until, left, 20, "the others have left")


def _left(portal: PortalProcess) -> Figures:
    """What is held when all have left."""
    names = ("sockets", "lifecycles", "server_sockets", "watch_tasks", "subscriptions", "reaped_total")
    deadline = time.monotonic() + 20
    while True:
        held = {name: portal.metric(f"k8sportal_{name}") for name in names}
        if not any(held.values()) or time.monotonic() > deadline:
            tracebacks = portal.log().count("Traceback")
            return {**held, "missed": _missed(nothing=not any(held.values()), log=not tracebacks)}
        time.sleep(0.1)


def _missed(**held: bool) -> list[str]:
    """The names of the promises that did not hold."""
    return [name for name, holds in held.items() if not holds]


def main() -> int:
    """Runs the soak; 1 where a figure misses its promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=["daphne", "uvicorn"], required=True)
    parser.add_argument("--output", type=Path, help="a file for the figures as well")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run at all?")
    arguments = parser.parse_args()
    with contextlib.suppress(ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    found = asyncio.run(soak(arguments.server, QUICK if arguments.quick else FULL))
    document = json.dumps({"server": arguments.server, **found}, indent=2)
    print(document)
    if arguments.output is not None:
        arguments.output.write_text(document)
    missed = [f"{part}: {name}" for part, figures in found.items() for name in figures["missed"]]
    print("missed: " + ", ".join(missed) if missed else "all held")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
