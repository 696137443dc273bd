"""A demo server with three pods in `shop` and one in `batch`."""

from collections.abc import AsyncIterator

import pytest_asyncio

from democluster.kinds import PODS
from democluster.store import Store
from tests.democluster.support import Client, pod, serve


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    store = Store(history=50, first_revision=100)
    for name, app in (("a", "web"), ("b", "web"), ("c", "db")):
        store.put(PODS, pod(name, app=app))
    store.put(PODS, pod("d", "batch", app="job"))
    async with serve(store) as found:
        yield found
