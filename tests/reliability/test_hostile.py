"""Slow and hostile viewers: what they cost is bounded, whatever they say, and the others notice nothing.

The short form of tests.reliability.soak_hostile.
"""

import asyncio
import time
from collections.abc import Iterator

import pytest

from tests.portal import PortalProcess
from tests.reliability.firehose import Firehose
from tests.reliability.floods import attack_in_all_ways, opens
from tests.reliability.log import unpaired
from tests.reliability.onlookers import Lateness, Onlookers, Stalls, onlookers, resident_bytes
from tests.reliability.slow import deaf, forging, keeping_up, silent, slow_figures

pytestmark = pytest.mark.slow

MAX_SOCKETS = 60
BYTES_PER_SECOND = 10_000_000
# The figures of docs/reliability.md; the tests allow five times these, memory apart, which does not depend
# on how busy the machine is.
STALL_SECONDS = 0.1
CODE_SECONDS = 1.0
VANISHED_SECONDS = 20.0
HELD_BYTES = 5 * 2**20
AFTER_FLOODS_BYTES = 10 * 2**20
ALLOWED = 5
# What a p99 may differ by on a machine that does much else.
NOISE_SECONDS = 0.25


@pytest.fixture(scope="module")
def api() -> Iterator[Firehose]:
    """A cluster in which as much happens as is asked for."""
    with Firehose(BYTES_PER_SECOND) as started:
        yield started


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def portal(request: pytest.FixtureRequest, api: Firehose) -> Iterator[PortalProcess]:
    """A portal under each server, in which an address may have MAX_SOCKETS."""
    environment = {"PORTAL_MAX_SOCKETS_PER_PERSON": str(MAX_SOCKETS), "PORTAL_LINGER_SECONDS": "1"}
    with PortalProcess(api.kubeconfig, request.param, environment) as process:
        yield process


async def _assert_nothing_left(portal: PortalProcess, others: Onlookers) -> None:
    """Only the onlookers are there, and each other socket has both its lines in the log."""
    assert others.all_open()
    count = len(others)

    def as_before() -> bool:
        held = {portal.metric(f"k8sportal_{name}") for name in ("sockets", "lifecycles", "server_sockets")}
        return held == {count} and len(unpaired(portal.log())) == count + 2  # and two watches

    await asyncio.to_thread(portal.wait_until, as_before, 20, "only the onlookers are left")
    assert "Traceback" not in portal.log()
    assert portal.metric("k8sportal_reaped_total") == 0


async def test_viewers_that_do_not_keep_up_hold_little_and_disturb_nobody(
    portal: PortalProcess, api: Firehose
) -> None:
    """One reads nothing, one forges acknowledgements and reads nothing, one reads and acknowledges nothing.

    The first two are gone when their windows have stayed shut for a while. (The third is closed with 4408
    after a minute: tests.reliability.soak_hostile.)
    """
    async with onlookers(portal, 3) as others:
        stalls, lateness = Stalls(portal), Lateness(portal)
        with lateness:
            figures = await slow_figures(
                portal, others, keeping_up, (deaf, forging, silent), 3.0, ALLOWED * VANISHED_SECONDS
            )
            longest = await stalls.longest()
        print(f"{figures}; a stall of over {longest} s, {lateness.longest:.2f} s of it the machine")
        assert figures.held_bytes < 3 * HELD_BYTES
        assert figures.vanished_seconds < 2 * VANISHED_SECONDS
        assert figures.p99_meanwhile < ALLOWED * (figures.p99_alone + NOISE_SECONDS) + lateness.longest
        assert longest < ALLOWED * STALL_SECONDS + lateness.longest
        await _assert_nothing_left(portal, others)


async def test_floods_are_answered_by_their_code_and_leave_nothing(
    portal: PortalProcess, api: Firehose
) -> None:
    async with onlookers(portal, 3) as others:
        await attack_in_all_ways(portal, times=1, at_once=4, seconds=ALLOWED * CODE_SECONDS)
        stalls, lateness, before = Stalls(portal), Lateness(portal), resident_bytes(portal)
        others.mark()
        with lateness:
            figures = await attack_in_all_ways(portal, times=2, at_once=4, seconds=ALLOWED * CODE_SECONDS)
            longest = await stalls.longest()
        grown, worst = resident_bytes(portal) - before, others.latencies()[-1]
        print(f"{figures}; a stall of over {longest} s")
        print(f"onlookers {worst:.3f} s late, {grown / 2**20:.1f} MiB more")
        assert grown < AFTER_FLOODS_BYTES
        assert longest < ALLOWED * STALL_SECONDS + lateness.longest
        await _assert_nothing_left(portal, others)


async def test_opens_within_the_limit_are_served_and_those_beyond_it_are_told(portal: PortalProcess) -> None:
    async with onlookers(portal, 3) as others:
        stalls, lateness, started = Stalls(portal), Lateness(portal), time.monotonic()
        with lateness:
            told = await opens(portal, MAX_SOCKETS, beyond=100)
            longest = await stalls.longest()
        took = time.monotonic() - started
        print(f"told within {max(told):.2f} s, all after {took:.1f} s; a stall of over {longest} s")
        assert max(told) < ALLOWED * CODE_SECONDS
        assert longest < ALLOWED * STALL_SECONDS + lateness.longest
        await _assert_nothing_left(portal, others)
