"""A demo server over a store that the test fills, and a client that speaks to it."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from aiohttp import web

from democluster.kinds import PODS, Kind, Object
from democluster.server import Settings, make_app
from democluster.store import Store

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
STREAMING = {
    "watch": "1",
    "sendInitialEvents": "true",
    "resourceVersionMatch": "NotOlderThan",
    "allowWatchBookmarks": "true",
}
SHOP_PODS = "/api/v1/namespaces/shop/pods"
DEADLINE_SECONDS = 10.0


def pod(name: str, namespace: str = "shop", **labels: str) -> Object:
    """A small pod that runs."""
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-{name}",
        "creationTimestamp": "2026-11-22T20:00:00Z",
        "labels": labels,
    }
    status = {
        "phase": "Running",
        "containerStatuses": [
            {
                "name": "main",
                "ready": True,
                "restartCount": 0,
                "state": {"running": {}},
                "image": "i",
                "imageID": "",
            }
        ],
    }
    return {"metadata": metadata, "spec": {"containers": [{"name": "main", "image": "i"}]}, "status": status}


class Client:
    """Requests to one server, answered as decoded JSON."""

    def __init__(self, session: aiohttp.ClientSession, store: Store) -> None:
        self.session = session
        self.store = store

    async def get(self, path: str, accept: str = "application/json", **query: str) -> tuple[int, Any]:
        async with self.session.get(path, params=query, headers={"Accept": accept}) as response:
            return response.status, await response.json()

    @contextlib.asynccontextmanager
    async def watch(
        self, path: str, accept: str = "application/json", **query: str
    ) -> AsyncIterator["Events"]:
        parameters = {"watch": "1", **query}
        async with self.session.get(path, params=parameters, headers={"Accept": accept}) as response:
            assert response.status == 200, await response.text()
            yield Events(response)

    def put(self, obj: Object, kind: Kind = PODS) -> Object:
        return self.store.put(kind, obj)


class Events:
    """The events of a watch, one by one."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self) -> Any:
        """The next event, None at the stream's end."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            line = await self._response.content.readline()
        return json.loads(line) if line else None

    async def take(self, count: int) -> list[Any]:
        return [await self.next() for _ in range(count)]

    async def rest(self) -> list[Any]:
        """All events up to the end."""
        events = []
        while (event := await self.next()) is not None:
            events.append(event)
        return events


@contextlib.asynccontextmanager
async def serve(store: Store, settings: Settings | None = None) -> AsyncIterator[Client]:
    runner = web.AppRunner(
        make_app(store, time.time, settings), handler_cancellation=True, shutdown_timeout=1
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:
            yield Client(session, store)
    finally:
        await runner.cleanup()


async def until(condition: Any, what: str) -> None:
    """Wait for something to become true."""
    deadline = asyncio.get_running_loop().time() + DEADLINE_SECONDS
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"never came: {what}"
        await asyncio.sleep(0.01)


def name_of(obj: Object) -> str:
    return str(obj["metadata"]["name"])
