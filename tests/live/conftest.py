"""Fixtures of the tests of the live layer: they run in virtual time, without a network."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import pytest_asyncio

from pods.live.hub import Hub
from tests.live.api import FakeApi
from tests.live.bench import Bench
from tests.live.desk import Desk
from tests.live.rig import Rig
from tests.live.virtual import LoopClock, VirtualTimeLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests below here jump through time."""
    return {"virtual": VirtualTimeLoop}


@pytest_asyncio.fixture
async def clock() -> LoopClock:
    """The time of the test's loop, and a wall clock that starts at noon."""
    return LoopClock()


@pytest_asyncio.fixture
async def rig(clock: LoopClock) -> AsyncIterator[Rig]:
    """A reflector, not started, which must leave nothing open."""
    bench = Rig(clock)
    yield bench
    await bench.stop()


@pytest_asyncio.fixture
async def bench(clock: LoopClock) -> Bench:
    """A store and its feed, which nothing fills but the test."""
    return Bench(clock)


@pytest_asyncio.fixture
async def api(clock: LoopClock, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    """The one cluster there is, called `kind`."""
    return FakeApi(clock, monkeypatch)


@pytest_asyncio.fixture
async def hub(api: FakeApi, clock: LoopClock) -> AsyncIterator[Hub]:
    """A hub over `api`, which must leave nothing running."""
    hub = Hub(lambda name: api.cluster if name == "kind" else None, clock, linger_seconds=5.0)
    yield hub
    await hub.stop()
    assert not any(api.open_of_each())
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest_asyncio.fixture
async def desk(hub: Hub, clock: LoopClock) -> AsyncIterator[Desk]:
    """A viewer with its browser, with nothing to look at yet."""
    desk = Desk(hub, clock)
    yield desk
    await desk.end()
