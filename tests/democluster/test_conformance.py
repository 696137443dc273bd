"""The demo server beside a real API server of the same version, over the same pods.

The pods are written to the real server in many states and copied from it into the demo server; then
lists, watches and streaming lists of both are compared in every form: Table cells to the letter (ages
apart, which pass), everything else by its shape.
"""

import asyncio
import contextlib
import copy
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from democluster.kinds import PODS, Object
from democluster.shop.shop import build_shop
from democluster.store import Store
from tests.cluster.control_plane import ControlPlane
from tests.democluster.support import METADATA, METADATA_LIST, STREAMING, TABLE, serve
from tests.democluster.test_shop import START

PLAIN = "application/json"
COUNT = 60
DEADLINE_SECONDS = 60.0
# Ages pass between two answers: all of a cell, or "(5m ago)" behind the restarts.
_AGE = re.compile(r"^(\d+[smhdy])+$|(?<=\()(\d+[smhdy])+(?= ago\))")
KINDS_PATHS = (
    "/api/v1/namespaces/none/pods",
    "/api/v1/namespaces/none/events",
    "/apis/apps/v1/namespaces/none/replicasets",
    "/apis/apps/v1/namespaces/none/deployments",
    "/apis/apps/v1/namespaces/none/statefulsets",
    "/apis/apps/v1/namespaces/none/daemonsets",
    "/apis/batch/v1/namespaces/none/jobs",
    "/apis/batch/v1/namespaces/none/cronjobs",
)


def states() -> list[Object]:
    """Pods of the shop in as many different states as an hour shows."""
    store = Store(history=50_000)
    world = build_shop(store, seed=3, now=START)
    revision = store.revision
    world.advance(START + 3600)
    found: dict[str, Object] = {}
    for change in store.changes_since(PODS, revision):
        found.setdefault(_kind_of_state(change.last), change.last)
    return list(found.values())


def _kind_of_state(obj: Object) -> str:
    containers = [
        (list(container["state"]), container["ready"], bool(container["lastState"]))
        for part in ("initContainerStatuses", "containerStatuses")
        for container in obj["status"].get(part, [])
    ]
    reasons = [
        (state.get("reason"), state.get("exitCode"))
        for container in obj["status"].get("containerStatuses", [])
        for state in container["state"].values()
    ]
    return str((containers, reasons, obj["status"]["phase"], "deletionTimestamp" in obj["metadata"]))


def to_write(obj: Object, namespace: str, number: int) -> Object:
    """The pod as a client may create it."""
    metadata = {"name": f"pod-{number:03}", "namespace": namespace, "labels": obj["metadata"]["labels"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": copy.deepcopy(obj["spec"])}


async def write(session: aiohttp.ClientSession, path: str, obj: Object, namespace: str, number: int) -> None:
    """Create the pod, give it its status, and delete it where it was being deleted."""
    body = to_write(obj, namespace, number)
    async with session.post(path, json=body) as response:
        created = await response.json()
        assert response.status == 201, created
    name = created["metadata"]["name"]
    async with session.put(f"{path}/{name}/status", json={**created, "status": obj["status"]}) as response:
        assert response.status == 200, await response.text()
    if "deletionTimestamp" in obj["metadata"] and obj["status"]["phase"] in ("Pending", "Running"):
        async with session.delete(f"{path}/{name}") as response:
            assert response.status == 200, await response.text()


@contextlib.asynccontextmanager
async def both(cluster: ControlPlane, namespace: str) -> AsyncIterator[tuple[Any, Any]]:
    """Sessions with the real and the demo server, which hold the same pods."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    async with cluster.admin_session() as real:
        for number, obj in enumerate(states()[:COUNT]):
            await write(real, path, obj, namespace, number)
        items = (await read(real, path, PLAIN))["items"]
        store = Store()
        for obj in items:
            store.put(PODS, obj)
        async with serve(store) as demo:
            yield real, demo.session


async def read(session: aiohttp.ClientSession, path: str, accept: str, **query: str) -> Any:
    async with session.get(path, params=query, headers={"Accept": accept}) as response:
        return await response.json()


async def stream(session: aiohttp.ClientSession, path: str, accept: str, **query: str) -> list[Any]:
    """All events of a watch that ends by itself after a second."""
    query = {"watch": "1", "timeoutSeconds": "1", **query}
    async with asyncio.timeout(DEADLINE_SECONDS):
        async with session.get(path, params=query, headers={"Accept": accept}) as response:
            return [json.loads(line) async for line in response.content]


def shape(value: Any, key: str = "") -> Any:
    """What is left of an answer when texts and numbers that differ by right are taken out."""
    if isinstance(value, dict):
        return {name: shape(found, name) for name, found in value.items()}
    if isinstance(value, list):
        if key == "cells":
            return [_AGE.sub("age", str(cell)) for cell in value]
        return [shape(found) for found in value]
    return type(value).__name__ if key in ("resourceVersion", "continue", "description") else value


def assert_alike(real: Any, demo: Any) -> None:
    assert shape(demo) == shape(real)


async def test_lists_and_streams_are_those_of_the_real_server(
    control_plane: ControlPlane, namespace: str
) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    async with both(control_plane, namespace) as (real, demo):
        for accept in (PLAIN, TABLE, METADATA_LIST):
            for query in ({}, {"limit": "7"}, {"labelSelector": "app.kubernetes.io/part-of=shop"}):
                assert_alike(await read(real, path, accept, **query), await read(demo, path, accept, **query))
        for include in ("Object", "Metadata", "None"):
            query = {"includeObject": include}
            assert_alike(await read(real, path, TABLE, **query), await read(demo, path, TABLE, **query))
            streaming = {**query, **STREAMING}
            assert_alike(
                await stream(real, path, TABLE, **streaming), await stream(demo, path, TABLE, **streaming)
            )
        for accept in (PLAIN, METADATA):
            assert_alike(
                await stream(real, path, accept, **STREAMING), await stream(demo, path, accept, **STREAMING)
            )
            one = f"{path}/pod-000"
            assert_alike(await read(real, one, accept), await read(demo, one, accept))
        assert len({tuple(row["cells"][1:3]) for row in (await read(demo, path, TABLE))["rows"]}) > 15


@pytest.mark.parametrize("path", KINDS_PATHS)
async def test_a_stream_of_nothing_is_that_of_the_real_server(control_plane: ControlPlane, path: str) -> None:
    query = {"includeObject": "Object", **STREAMING}
    async with control_plane.admin_session() as real, serve(Store()) as demo:
        accepts = (PLAIN, METADATA, TABLE)
        expected = [stream(real, path, accept, **query) for accept in accepts]
        actual = [stream(demo.session, path, accept, **query) for accept in accepts]
        answers = await asyncio.gather(*expected, *actual)
        for one, other in zip(answers[:3], answers[3:], strict=True):
            assert_alike(one, other)


@pytest.mark.parametrize(
    ("path", "accept", "query"),
    [
        ("pods/none", PLAIN, {}),
        ("pods", METADATA, {}),
        ("pods", TABLE, {"includeObject": "Some"}),
        ("pods", PLAIN, {"limit": "many"}),
        ("pods", PLAIN, {"labelSelector": "a b ="}),
        ("pods", PLAIN, {"labelSelector": "a in (b"}),
        ("pods", PLAIN, {"fieldSelector": "spec.image=x"}),
        ("pods", PLAIN, {"fieldSelector": "x"}),
        ("pods", PLAIN, {"resourceVersionMatch": "Exact"}),
        ("pods", PLAIN, {"resourceVersionMatch": "Other", "resourceVersion": "1"}),
        ("pods", PLAIN, {"resourceVersionMatch": "Exact", "resourceVersion": "0"}),
        ("pods", PLAIN, {"watch": "1", "sendInitialEvents": "true"}),
        ("pods", PLAIN, {"watch": "1", "resourceVersionMatch": "NotOlderThan", "resourceVersion": "1"}),
        ("pods", PLAIN, {"watch": "1", "resourceVersion": "abc"}),
        ("pods", PLAIN, {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}),
        ("deployments", PLAIN, {}),
    ],
)
async def test_refusals_are_those_of_the_real_server(
    control_plane: ControlPlane, path: str, accept: str, query: dict[str, str]
) -> None:
    where = f"/api/v1/namespaces/default/{path}"
    async with control_plane.admin_session() as real, serve(Store()) as demo:
        expected = await read(real, where, accept, **query)
        found = await read(demo.session, where, accept, **query)
    for status in (expected, found):
        status["message"] = status["message"].replace("*core.PodList", "*PodList")
    assert found == expected
