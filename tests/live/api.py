"""A cluster in place of what pods.live.informer would ask."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pods.clock import Clock
from pods.domain.podevents import PodEvent
from pods.domain.reasons import Reason
from pods.kube.cluster import Cluster
from pods.kube.errors import Forbidden, NotFound
from pods.kube.resource import REPLICASETS, PodRecord, ReplicaSetRecord, Resource
from pods.kube.workloads import RolloutRecord
from pods.live import informer
from tests.live.fakes import FakeCluster, FakeListWatch, World
from tests.watched import WATCHED


class FakeApi:
    """A cluster with all that a scope watches, in place of what pods.live.informer would ask."""

    def __init__(self, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cluster = FakeCluster(clock)
        self.pods: World[PodRecord] = World()
        self.replicasets: World[ReplicaSetRecord] = World()
        self.events: World[PodEvent] = World()
        self.deployments: World[RolloutRecord] = World()
        self.statefulsets: World[RolloutRecord] = World()
        self.daemonsets: World[RolloutRecord] = World()
        self.jobs: World[RolloutRecord] = World()
        self.fetched: list[tuple[str, str]] = []
        self.may_get_replicasets = True
        self.sources: list[FakeListWatch[Any]] = []
        self.prepare: Callable[[FakeListWatch[Any]], None] = lambda source: None
        monkeypatch.setattr(informer, "ListWatch", self._listwatch)
        monkeypatch.setattr(informer, "fetch_replicaset", self._fetch)

    def source(self, namespace: str, resource: str = "pods") -> FakeListWatch[Any]:
        """The newest list and watch of a scope."""
        found = [s for s in self.sources if (s.namespace, s.resource.name) == (namespace, resource)]
        return found[-1]

    def open(self, resource: str = "pods") -> int:
        """How many lists and watches of `resource` are open."""
        return sum(source.open for source in self.sources if source.resource.name == resource)

    def open_of_each(self) -> list[int]:
        """How many are open of each resource."""
        return [self.open(resource) for resource in WATCHED]

    def _listwatch(self, cluster: FakeCluster, resource: Resource[Any], namespace: str) -> FakeListWatch[Any]:
        world: World[Any] = getattr(self, resource.name)
        source = FakeListWatch(cluster, resource, namespace, world)
        self.prepare(source)
        self.sources.append(source)
        return source

    async def _fetch(self, cluster: Cluster, namespace: str, name: str) -> ReplicaSetRecord:
        self.fetched.append((namespace, name))
        if not self.may_get_replicasets:
            raise Forbidden(REPLICASETS.forbidden("get", namespace))
        await asyncio.sleep(0.01)
        for record in self.replicasets.items.values():
            if (record.namespace, record.name) == (namespace, name):
                return record
        raise NotFound(Reason("not_found"))
