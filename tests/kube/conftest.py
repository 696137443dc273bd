"""What the tests of the way from the API to the feed share."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from pods.kube.cluster import Cluster
from pods.kube.source import ClusterSource, KubeconfigSource
from tests.cluster.control_plane import ControlPlane
from tests.kube.proxy import TcpProxy
from tests.kube.writer import Writer

MakeCluster = Callable[[ClusterSource | Path], Cluster]


@pytest_asyncio.fixture
async def make_cluster() -> AsyncIterator[MakeCluster]:
    """Makes clusters, of a source or of a kubeconfig's context `test`, and closes them afterwards.

    Each has a name of its own, by which metrics tell them apart.
    """
    made: list[Cluster] = []

    def make(source: ClusterSource | Path) -> Cluster:
        if isinstance(source, Path):
            source = KubeconfigSource(str(source), "test")
        made.append(Cluster(f"cluster-{secrets.token_hex(4)}", source))
        return made[-1]

    yield make
    for cluster in made:
        await cluster.close()


@pytest.fixture
def cluster(make_cluster: MakeCluster, control_plane: ControlPlane) -> Cluster:
    """The shared control plane, seen with the administrator's rights."""
    return make_cluster(control_plane.kubeconfig)


@pytest_asyncio.fixture
async def writer(control_plane: ControlPlane, namespace: str) -> AsyncIterator[Writer]:
    """Writes to the test's namespace."""
    async with control_plane.admin_session() as session:
        yield Writer(session, namespace)


@pytest_asyncio.fixture
async def proxy(control_plane: ControlPlane) -> AsyncIterator[TcpProxy]:
    """A proxy before the shared control plane."""
    async with TcpProxy(control_plane.port) as proxy:
        yield proxy


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of this fixture as those that need a control plane."""
    for item in items:
        if "crowded_control_plane" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.cluster)
