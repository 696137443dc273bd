"""READY, STATUS and RESTARTS of the portal's rows are what the API server prints, for every pod state.

More than 500 pod states are written to a real API server. The portal lists and watches them; a
separate request asks for the server's own Table, as `kubectl get pods` does; no cell may differ,
neither at once nor after changes that only a watch has shown.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from pods.domain.row import Row
from pods.kube.cluster import Cluster
from pods.kube.listwatch import ListWatch
from pods.kube.resource import PODS, PodRecord
from pods.kube.source import KubeconfigSource
from tests.cluster.control_plane import ControlPlane
from tests.kube.pod_corners import corners
from tests.kube.pod_generator import generated
from tests.kube.pod_states import PodState, Times

SEED = 20260101
GENERATED = 420
ROUNDS = 3
DISTINCT_STATUSES = 60
WRITERS = 16
CAUGHT_UP_SECONDS = 20.0

Cells = dict[str, tuple[str, str, str]]


class Writer:
    """Takes pods through their states, a few at a time, as kubelet and user would."""

    def __init__(self, session: aiohttp.ClientSession, namespace: str, states: list[PodState]) -> None:
        self.versions: dict[str, str] = {}
        self._session = session
        self._pods = f"/api/v1/namespaces/{namespace}/pods"
        self._states = {f"pod-{number:04d}": state for number, state in enumerate(states)}

    async def create(self) -> None:
        """Creates every pod, without a status."""
        await self._each(self._create, list(self._states))

    async def round(self, number: int) -> None:
        """Deletes those pods whose state says so, then writes every pod's status of this round."""
        concerned = [name for name, state in self._states.items() if number < len(state.statuses)]
        await self._each(lambda name: self._write(name, number), concerned)

    async def remove(self) -> None:
        """Releases what finalizers hold, and deletes every pod at once."""
        held = [name for name, state in self._states.items() if state.deleted_before is not None]
        await self._each(self._release, held)
        await self._ask("DELETE", self._pods, {"gracePeriodSeconds": 0})

    async def _create(self, name: str) -> None:
        await self._ask("POST", self._pods, self._states[name].manifest(name))

    async def _write(self, name: str, number: int) -> None:
        state = self._states[name]
        if state.deleted_before == number:
            await self._ask("DELETE", f"{self._pods}/{name}")
        status = state.statuses[number]
        if status:
            # A status written whole replaces the finalizers too.
            metadata = state.manifest(name)["metadata"]
            body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}
            await self._ask("PUT", f"{self._pods}/{name}/status", body)

    async def _release(self, name: str) -> None:
        await self._ask("PATCH", f"{self._pods}/{name}", {"metadata": {"finalizers": None}})

    async def _ask(self, method: str, path: str, body: Any = None) -> None:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        async with self._session.request(method, path, json=body, headers={"Content-Type": kind}) as response:
            answer = await response.json()
            assert response.status < 300, f"{method} {path}: {answer.get('message')}\n{json.dumps(body)}"
            if answer["kind"] == "Pod":
                self.versions[answer["metadata"]["name"]] = answer["metadata"]["resourceVersion"]

    async def _each(self, work: Any, names: list[str]) -> None:
        waiting = iter(names)

        async def some() -> None:
            for name in waiting:
                await work(name)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(WRITERS):
                tasks.create_task(some(), name="a writer of pod states")


class Watcher:
    """What the portal's watch has shown: the latest record of each pod, and its version."""

    def __init__(self, source: ListWatch[PodRecord]) -> None:
        self.rows: dict[str, Row] = {}
        self.synced = False
        self._versions: dict[str, str] = {}
        self._changed = asyncio.Event()
        self._source = source

    async def run(self) -> None:
        """Watches until cancelled; a watch that the server ends (it does under load) goes on from there."""
        version: str | None = None
        while True:
            version = await self._watch(version)

    async def _watch(self, version: str | None) -> str | None:
        async with aclosing(self._source.watch(version)) as batches:
            async for batch in batches:
                for event in batch:
                    self.synced = self.synced or event.initial_end
                    if self.synced:
                        version = event.resource_version
                    if event.item is None:
                        continue
                    row = event.item.row
                    self.rows[row.name] = row
                    self._versions[row.name] = event.resource_version
                self._changed.set()
        return version

    async def caught_up(self, versions: dict[str, str]) -> dict[str, Row]:
        """The rows, once the first picture is complete and every pod has been seen at its version."""
        async with asyncio.timeout(CAUGHT_UP_SECONDS):
            while not self.synced or self._versions != versions:
                self._changed.clear()
                await self._changed.wait()
        return dict(self.rows)


@asynccontextmanager
async def watched(source: ListWatch[PodRecord]) -> AsyncIterator[Watcher]:
    """A watch while the block runs; what ends the watch ends the block too."""
    watcher = Watcher(source)
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watcher.run(), name="the portal's watch of pod states")
        yield watcher
        watching.cancel()


@pytest.fixture
async def source(control_plane: ControlPlane, namespace: str) -> AsyncIterator[ListWatch[PodRecord]]:
    """The portal's list and watch of the pods of a fresh namespace."""
    cluster = Cluster("test", KubeconfigSource(str(control_plane.kubeconfig), "test"))
    yield ListWatch(cluster, PODS, namespace)
    await cluster.close()


async def printed(session: aiohttp.ClientSession, namespace: str) -> Cells:
    """READY, STATUS and RESTARTS by pod, from the Table that kubectl would print."""
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    async with session.get(f"/api/v1/namespaces/{namespace}/pods", headers=accept) as response:
        table = await response.json()
    names = [column["name"] for column in table["columnDefinitions"]]
    columns = [names.index(name) for name in ("Ready", "Status", "Restarts")]
    found = {}
    for row in table["rows"]:
        ready, status, restarts = (str(row["cells"][column]) for column in columns)
        found[row["object"]["metadata"]["name"]] = (ready, status, restarts)
    return found


def cells_of(rows: dict[str, Row], now: datetime) -> Cells:
    """The cells as the server would print them, from rows: RESTARTS with the age of the last one."""
    return {name: (row.ready, row.status, _restarts(row, now)) for name, row in rows.items()}


def _restarts(row: Row, now: datetime) -> str:
    if row.last_restart is None:
        return str(row.restarts)
    age = now - datetime.fromisoformat(row.last_restart)
    hours = age.seconds // 3600
    shown = f"{age.days}d"
    if age.days < 2:
        shown = f"{age.days * 24 + hours}h"
    elif age.days < 8:
        shown = f"{age.days}d{hours}h"
    elif age.days >= 730:
        shown = f"{age.days // 365}y"
    return f"{row.restarts} ({shown} ago)"


async def listed(source: ListWatch[PodRecord]) -> dict[str, Row]:
    """The rows of one list."""
    return {record.row.name: record.row async for page in source.pages() for record in page.items}


async def test_cells_are_what_the_api_server_prints(
    control_plane: ControlPlane, namespace: str, source: ListWatch[PodRecord]
) -> None:
    now = datetime.now(UTC)
    times = Times(now)
    states = [*corners(times), *generated(SEED, GENERATED, times)]
    assert len({repr(state) for state in states}) >= 500
    statuses: set[str] = set()
    async with control_plane.admin_session() as session:
        writer = Writer(session, namespace, states)
        await writer.create()
        async with watched(source) as watcher:
            for number in range(ROUNDS):
                await writer.round(number)
                expected = await printed(session, namespace)
                assert len(expected) == len(states)
                assert cells_of(await listed(source), now) == expected
                assert cells_of(await watcher.caught_up(writer.versions), now) == expected
                statuses |= {status for _, status, _ in expected.values()}
        await writer.remove()
    assert len(statuses) >= DISTINCT_STATUSES, "the states are too much alike"


async def test_columns_come_with_the_first_event_and_that_may_be_a_bookmark(
    control_plane: ControlPlane, namespace: str, source: ListWatch[PodRecord]
) -> None:
    """A streaming list of an empty namespace begins with the bookmark that ends it."""
    async with control_plane.admin_session() as session, watched(source) as watcher:
        await watcher.caught_up({})
        writer = Writer(session, namespace, [PodState(({},))])
        await writer.create()
        rows = await watcher.caught_up(writer.versions)
        assert cells_of(rows, datetime.now(UTC)) == await printed(session, namespace)
        await writer.remove()
