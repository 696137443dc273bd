"""Namespaces that are looked for because somebody asked for one that is not known."""

import asyncio

import pytest
from channels.db import database_sync_to_async

from pods.kube.cluster import Cluster
from pods.kube.objects import list_namespaces
from pods.outside import record_namespaces
from pods.runtime import Runtime
from tests.cluster.control_plane import ControlPlane
from tests.consumers.peer import Peer

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_namespace_that_another_replica_wrote_down_a_moment_before_is_known(
    runtime: Runtime, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace = await asyncio.to_thread(control_plane.create_namespace, "fresh")

    async def list_as_both(cluster: Cluster) -> set[str]:
        names = await list_namespaces(cluster)
        await database_sync_to_async(record_namespaces)("test", names)
        return names

    monkeypatch.setattr("pods.clusters.list_namespaces", list_as_both)
    peer = Peer(runtime, f"cluster=test&namespace={namespace}")
    try:
        await peer.snapshot()
        assert {frame["namespace"] for frame in peer.frames if frame["type"] == "snapshot"} == {namespace}
    finally:
        peer.leaves()
        await asyncio.wait_for(peer.call, 5)
