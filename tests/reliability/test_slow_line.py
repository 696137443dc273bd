"""A viewer at the end of a bad line is never dropped; one whose line has died is gone soon.

The short form of tests.reliability.soak_hostile.
"""

import asyncio
from collections.abc import Iterator

import pytest

from tests.portal import PortalProcess
from tests.reliability.firehose import Firehose
from tests.reliability.line import can_have_namespaces
from tests.reliability.lines import bad_line, half_open
from tests.reliability.slow import gone_within

pytestmark = pytest.mark.slow

VANISHED_SECONDS = 20.0
LINE_SECONDS = 18.0
# docs/contract.md: a browser that gets nothing for so long comes again.
BROWSER_SILENCE_SECONDS = 12.0
BYTES_PER_SECOND = 400_000


@pytest.fixture(scope="module")
def api() -> Iterator[Firehose]:
    """A cluster with some ten times the changes that the line can carry."""
    with Firehose(BYTES_PER_SECOND) as started:
        yield started


@pytest.fixture(scope="module")
def portals(api: Firehose) -> Iterator[dict[str, PortalProcess]]:
    """One under each server; they listen to the namespaces, too."""
    everywhere = {"HOST": "0.0.0.0"}
    with PortalProcess(api.kubeconfig, "daphne", everywhere) as daphne:
        with PortalProcess(api.kubeconfig, "uvicorn", everywhere) as uvicorn:
            yield {"daphne": daphne, "uvicorn": uvicorn}


async def test_a_viewer_whose_line_died_without_a_word_is_gone(portals: dict[str, PortalProcess]) -> None:
    """Where no namespace can be had, a viewer whose window stays shut stands for it."""
    vanish = half_open if can_have_namespaces() else gone_within
    waits = await asyncio.gather(*(vanish(portal, 5 * VANISHED_SECONDS) for portal in portals.values()))
    print(f"{vanish.__name__}: " + ", ".join(f"{wait:.1f} s" for wait in waits))
    assert max(waits) < 2 * VANISHED_SECONDS


async def test_a_viewer_on_a_bad_line_is_never_dropped(
    portals: dict[str, PortalProcess], api: Firehose
) -> None:
    figures = await bad_line(portals["daphne"], api, LINE_SECONDS)
    print(figures)
    assert figures.deltas > 5
    assert figures.lost > 0
    assert figures.longest_silence < BROWSER_SILENCE_SECONDS
