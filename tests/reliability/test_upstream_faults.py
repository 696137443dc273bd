"""Whatever is wrong between the portal and the API server: the page says so, loses nothing, asks seldom.

The short form of tests/reliability/soak_upstream.py: faults of some seconds, five times the figures.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.reliability.outages import OUTAGES, Outage, go_through, many_namespaces
from tests.reliability.stage import Busy, Stage
from tests.reliability.upstream_faults import (
    CURED_SECONDS,
    SCENARIOS,
    STALE_SECONDS,
    Figures,
    Scenario,
    suffer,
    throttled,
)
from tests.watched import WATCHED

TOLERANCE = 5
SECONDS = 3.0
RETRY_AFTER = 4
CPU_PERCENT = 5.0
# Two scopes, each of which tries at once, and with the pauses of the backoff at 0.75 and 2.25 s, after one
# request that met the fault; and one question for the cluster's version. A third scope, of events, asks when
# the pods are live, in pairs.
MOST_REQUESTS = 2 * 4 + 1 + 2
# In pages a try is a list and a watch; where both are forbidden as well.
MOST_REQUESTS_IN_PAIRS = 2 * 4 * 2 + 2
# All watches begin, events with a list before, and are renewed every 6 of 15 seconds; and that question.
MOST_REQUESTS_OF_RENEWAL = len(WATCHED) * (1 + 15 // 6) + 1 + 1

NAMESPACES = 30
OUTAGE_SECONDS = 7.0
RECOVERED_SECONDS = 5.0
MOST_A_MINUTE_AND_CLUSTER = 60

SHORT = (*SCENARIOS, throttled(RETRY_AFTER))

Suffered = tuple[dict[str, Figures | BaseException], float]


@pytest.fixture(scope="module")
def suffered(stage: Stage) -> Suffered:
    """All faults of single namespaces at the same time, and how busy the portal was."""
    return asyncio.run(_suffer_all(stage))


async def _suffer_all(stage: Stage) -> Suffered:
    busy = Busy(stage)
    all_ = await asyncio.gather(
        *(suffer(stage, scenario, SECONDS) for scenario in SHORT), return_exceptions=True
    )
    return dict(zip((scenario.name for scenario in SHORT), all_, strict=True)), busy.percent()


def most_requests(scenario: Scenario) -> int:
    """So many at most while a namespace suffers from it."""
    if scenario.name == "renewal":
        return MOST_REQUESTS_OF_RENEWAL
    in_pairs = scenario.context == "paged" or scenario.reason == "forbidden"
    return MOST_REQUESTS_IN_PAIRS if in_pairs else MOST_REQUESTS


@pytest.mark.parametrize("scenario", SHORT, ids=lambda scenario: scenario.name)
def test_a_fault_of_one_namespace(suffered: Suffered, scenario: Scenario) -> None:
    figures = suffered[0][scenario.name]
    if isinstance(figures, BaseException):
        raise figures
    print(figures)
    assert figures.lost == 0, "every viewer keeps its socket"
    assert figures.older == [], "no older version of a pod after a newer one"
    assert figures.right_after < CURED_SECONDS * TOLERANCE
    assert figures.live_after < CURED_SECONDS * TOLERANCE
    assert figures.requests <= most_requests(scenario)
    if scenario.reason is None:
        assert set(figures.states) <= {"live"}
        assert figures.reasons == []
    else:
        assert scenario.reason in figures.reasons
        assert "catching_up" in figures.states
    if scenario.retry_after:
        assert all(pause >= scenario.retry_after for pause in figures.pauses)


def test_many_faults_at_once_cost_little(suffered: Suffered) -> None:
    """All of them together, the reading of 5 MB objects among them."""
    print(f"{len(SHORT)} faults at once: {suffered[1]:.1f} % of one processor")
    assert suffered[1] < CPU_PERCENT * TOLERANCE


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.name)
async def test_an_outage_of_the_whole_cluster(stage: Stage, outage: Outage) -> None:
    async with many_namespaces(stage, NAMESPACES) as watched:
        figures = await go_through(stage, outage, watched, OUTAGE_SECONDS)
    print(figures)
    assert figures.lost == 0
    assert figures.stale == NAMESPACES, "each of them says so"
    assert figures.stale_after < STALE_SECONDS * TOLERANCE
    assert figures.right_after < RECOVERED_SECONDS * TOLERANCE
    assert figures.live_after < RECOVERED_SECONDS * TOLERANCE
    assert figures.requests <= MOST_A_MINUTE_AND_CLUSTER * OUTAGE_SECONDS / 60, "besides the probe"
    assert figures.cpu_percent < CPU_PERCENT * TOLERANCE
