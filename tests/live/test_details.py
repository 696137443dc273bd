"""What is told of one pod beyond its row, where the API is slow: it holds up nothing that is there."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from pods import details as module
from pods.details import EXTRAS_WAIT_SECONDS, Details
from pods.domain.eventdetail import EventDetail, decode_events
from pods.domain.poddetail import SeenPod, decode_seen
from pods.domain.row import Owner
from pods.kube.cluster import Cluster
from pods.kube.errors import TimedOut
from pods.kube.source import DemoSource
from tests.live.virtual import LoopClock

POD = b"""{"metadata": {"name": "web-1", "namespace": "shop", "uid": "u", "ownerReferences": [
    {"kind": "ReplicaSet", "name": "web-5d4f", "uid": "r", "controller": true}]}}"""
# A page asks again so long after an answer that came without its events.
AGAIN_SECONDS = 1.0


@pytest_asyncio.fixture
async def details() -> AsyncIterator[Details]:
    found = Details(LoopClock())
    yield found
    await found.close()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The requests that an API takes the seconds of `slow[0]` for; the moments of the others follow it."""
    asked = [0.0]

    async def wait() -> None:
        asked.append(asyncio.get_running_loop().time())
        await asyncio.sleep(asked[0])

    async def events(*_: object) -> tuple[EventDetail, ...]:
        await wait()
        return decode_events(b'{"items": [{"reason": "BackOff"}]}')

    async def owner(*_: object) -> Owner | None:
        await wait()
        return Owner("Deployment", "web")

    monkeypatch.setattr(module, "list_events", events)
    monkeypatch.setattr(module, "fetch_owner", owner)
    return asked


def seen() -> tuple[Cluster, SeenPod]:
    return Cluster("test", DemoSource("http://127.0.0.1:9")), decode_seen(POD)


@pytest.mark.parametrize("takes", [1.6, 2.5, 3.1, 4.4, 5.9])
async def test_events_that_are_slow_are_told_later_and_asked_for_once(
    details: Details, slow: list[float], takes: float
) -> None:
    slow[0] = takes
    cluster, pod = seen()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    with pytest.raises(TimedOut) as lack:
        await details.events(cluster, pod)
    assert lack.value.reason.code == "events_later"
    assert loop.time() - begun == pytest.approx(EXTRAS_WAIT_SECONDS)
    told: tuple[EventDetail, ...] = ()
    while not told:
        assert loop.time() - begun < takes + AGAIN_SECONDS + 0.1
        await asyncio.sleep(AGAIN_SECONDS)
        try:
            told = await details.events(cluster, pod)
        except TimedOut:
            continue
    assert ([one.reason for one in told], len(slow)) == (["BackOff"], 2)


async def test_an_owner_that_is_slow_is_told_from_names_until_it_is_there(
    details: Details, slow: list[float]
) -> None:
    slow[0] = 4.0
    cluster, pod = seen()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    first = await details.owners(cluster, pod)
    assert (first[0], loop.time() - begun) == (Owner("ReplicaSet", "web-5d4f"), EXTRAS_WAIT_SECONDS)
    await asyncio.sleep(5)
    assert (await details.owners(cluster, pod))[1:] == (Owner("Deployment", "web"),)
    assert len(slow) == 2
