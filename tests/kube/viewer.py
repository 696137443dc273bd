"""A viewer of one scope without browser and socket: what its frames have told it, and how its feed is."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from pods import metrics
from pods.clock import SystemClock
from pods.domain.scope import Scope
from pods.domain.viewfilter import ViewFilter
from pods.kube.cluster import Cluster
from pods.live.feed import Feed
from pods.live.hub import Held, Hub
from pods.live.status import FeedState
from tests.watched import WATCHED

CAUGHT_UP_SECONDS = 10.0
LINGER_SECONDS = 0.05


class Viewer:
    """Merges the frames of one subscription, as a browser does. `removed` are pods' uids, in order."""

    def __init__(self, hub: Hub, cluster: str, namespace: str, filter: ViewFilter) -> None:
        self.hub = hub
        self.rows: dict[str, dict[str, Any]] = {}
        self.rollouts: dict[str, dict[str, Any]] = {}
        self.removed: list[str] = []
        self._woken = asyncio.Event()
        self.held: Held = hub.subscribe(Scope(cluster, "pods", namespace), namespace, filter, None, self)

    @property
    def feed(self) -> Feed:
        """The feed that it follows."""
        return self.held.subscription.feed

    @property
    def state(self) -> FeedState:
        """The state of the feed now."""
        return self.feed.state()

    def wake(self) -> None:
        """The feed moved."""
        self._woken.set()

    def take(self) -> None:
        """Merges every frame that is there."""
        while (frame := self.held.subscription.next_frame()) is not None:
            self._merge(json.loads(frame.text))

    def cells(self) -> dict[str, tuple[str, ...]]:
        """By uid: name, ready, status and restarts, as this viewer sees them."""
        self.take()
        return {
            uid: (row["name"], row["ready"], row["status"], str(row["restarts"]))
            for uid, row in self.rows.items()
        }

    def names(self) -> set[str]:
        """The names of the pods that this viewer sees."""
        self.take()
        return {row["name"] for row in self.rows.values()}

    def owner(self, name: str) -> tuple[str, str] | None:
        """Kind and name of the owner that this viewer sees; None where the pod is not there."""
        self.take()
        owners = [row["owner"] for row in self.rows.values() if row["name"] == name]
        return (owners[0]["kind"], owners[0]["name"]) if owners and owners[0] else None

    def rollout(self, name: str) -> dict[str, Any] | None:
        """The rollout of this name as this viewer sees it; None where it is not there."""
        self.take()
        return next((each for each in self.rollouts.values() if each["name"] == name), None)

    def state_of(self, name: str) -> str | None:
        """The state of the rollout of this name."""
        found = self.rollout(name)
        return found["state"] if found is not None else None

    async def sees(
        self, condition: Callable[[], bool], what: str, seconds: float = CAUGHT_UP_SECONDS
    ) -> float:
        """Waits for `condition`, looking at each wake and 20 times a second; how long that took."""
        started = time.monotonic()
        while True:
            self.take()
            if condition():
                return time.monotonic() - started
            waited = time.monotonic() - started
            assert waited < seconds, f"not within {seconds} s: {what}; {self.state}; {sorted(self.names())}"
            self._woken.clear()
            try:
                async with asyncio.timeout(0.05):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def agrees(
        self, truth: Callable[[], Awaitable[dict[str, tuple[str, ...]]]], seconds: float = CAUGHT_UP_SECONDS
    ) -> float:
        """Waits until this viewer sees what is `truth` now; how long that took."""
        expected = await truth()
        return await self.sees(lambda: self.cells() == expected, f"the rows are {expected}", seconds)

    def _merge(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "snapshot":
            if frame["part"] == 1:
                self.rows, self.rollouts = {}, {}
            self.rows |= {row["uid"]: row for row in frame["pods"]}
            self.rollouts |= {each["uid"]: each for each in frame.get("rollouts", ())}
            return
        for uid in frame["remove"]:
            self.rollouts.pop(uid, None)
            if self.rows.pop(uid, None) is not None:
                self.removed.append(uid)
        self.rows |= {row["uid"]: row for row in frame["upsert"]}
        self.rollouts |= {each["uid"]: each for each in frame.get("rollouts", ())}


@asynccontextmanager
async def hub_of(*clusters: Cluster) -> AsyncIterator[Hub]:
    """A hub of these clusters, ended afterwards."""
    by_name = {cluster.name: cluster for cluster in clusters}
    hub = Hub(by_name.get, SystemClock(), LINGER_SECONDS)
    try:
        yield hub
    finally:
        await hub.stop()


@asynccontextmanager
async def viewing(
    cluster: Cluster, namespace: str, filter: ViewFilter | None = None, synced: bool = True
) -> AsyncIterator[Viewer]:
    """One viewer with a hub of its own; with `synced` its first picture is there and the feed is live."""
    async with hub_of(cluster) as hub:
        viewer = Viewer(hub, cluster.name, namespace, filter or ViewFilter())
        try:
            if synced:
                await viewer.sees(lambda: viewer.state.state == "live", "the feed is live")
            yield viewer
        finally:
            viewer.held.close()


def requests_made(cluster: Cluster) -> dict[tuple[str, str], int]:
    """Requests to `cluster` so far by verb and code, as the metric counts them, the probe's left out."""
    found = {}
    for family in metrics.UPSTREAM_REQUESTS.collect():
        for sample in family.samples:
            labels = sample.labels
            if (
                sample.name.endswith("_total")
                and labels["cluster"] == cluster.name
                and labels["verb"] != "probe"
            ):
                found[labels["verb"], labels["code"]] = int(sample.value)
    return found


async def all_watches(viewer: Viewer, cluster: Cluster) -> dict[tuple[str, str], int]:
    """Waits until all is watched; the requests made by then."""
    await viewer.sees(
        lambda: all(open_watches(cluster, resource) == 1 for resource in WATCHED), "all watches"
    )
    return requests_made(cluster)


def open_watches(cluster: Cluster, resource: str = "pods") -> int:
    """How many watches of `resource` the portal's own gauge says are open on `cluster`."""
    total = 0.0
    for family in metrics.UPSTREAM_WATCHES.collect():
        for sample in family.samples:
            if (sample.labels["cluster"], sample.labels["resource"]) == (cluster.name, resource):
                total += sample.value
    return int(total)
