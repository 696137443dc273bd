"""The owner shown is the Deployment behind the ReplicaSet, and `deployment=` shows exactly its pods."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from functools import partial

import pytest

from pods.domain.viewfilter import ViewFilter
from pods.kube.cluster import Cluster
from pods.kube.listwatch import ListWatch
from tests.cluster.control_plane import ControlPlane
from tests.kube.conftest import MakeCluster
from tests.kube.viewer import Viewer, requests_made, viewing
from tests.kube.writer import Writer

ROLLED_OUT_SECONDS = 30.0


async def test_the_owner_is_the_deployment_and_a_replicaset_of_its_own_is_itself(
    cluster: Cluster, writer: Writer
) -> None:
    """A Deployment's name is read from the ReplicaSet, not guessed from its name."""
    odd = await writer.replicaset("named-as-it-likes", "web")
    alone = await writer.replicaset("alone-5d4f", None)
    await writer.pod("of-web", {"pod-template-hash": "likes"}, owner=odd)
    await writer.pod("of-alone", {"pod-template-hash": "5d4f"}, owner=alone)
    await writer.pod("of-nobody")
    async with viewing(cluster, writer.namespace) as viewer:
        await viewer.sees(lambda: viewer.owner("of-alone") == ("ReplicaSet", "alone-5d4f"), "its owner")
        await viewer.sees(lambda: viewer.owner("of-web") == ("Deployment", "web"), "its owner")
        assert viewer.owner("of-nobody") is None
        assert viewer.names() == {"of-web", "of-alone", "of-nobody"}


async def test_pods_of_a_replicaset_that_was_just_made_have_their_deployment(
    cluster: Cluster, writer: Writer
) -> None:
    """Here the pod may come before its ReplicaSet: two watches have no order between them."""
    async with viewing(cluster, writer.namespace, ViewFilter(deployment="web")) as viewer:
        replicaset = await writer.replicaset("new-revision", "web")
        await writer.pod("of-web", {"pod-template-hash": "revision"}, owner=replicaset)
        other = await writer.replicaset("other-1", "other")
        await writer.pod("of-other", owner=other)
        await viewer.sees(lambda: viewer.owner("of-web") == ("Deployment", "web"), "the pod in the filter")
        await asyncio.sleep(0.2)
        assert viewer.names() == {"of-web"}


async def test_a_replicaset_that_no_event_has_shown_is_fetched_by_name_once(
    cluster: Cluster, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the ReplicaSets' watch stays mute after its list, as one that lags behind."""
    watch = ListWatch.watch

    async def mute(self, version):
        async with aclosing(watch(self, version)) as batches:
            async for batch in batches:
                muted = self.resource.name == "replicasets"
                yield [event for event in batch if event.initial_end] if muted else batch

    monkeypatch.setattr(ListWatch, "watch", mute)
    async with viewing(cluster, writer.namespace) as viewer:
        await asyncio.sleep(0.3)
        replicaset = await writer.replicaset("new-revision", "web")
        for number in range(3):
            await writer.pod(f"pod-{number}", owner=replicaset)
        owned = [("Deployment", "web")] * 3
        await viewer.sees(lambda: [viewer.owner(f"pod-{n}") for n in range(3)] == owned, "all three owners")
        assert requests_made(cluster)["get", "200"] == 1


async def test_a_pod_that_its_replicaset_let_go_leaves_nothing_behind(
    cluster: Cluster, writer: Writer
) -> None:
    """Released, deleted, and then its former ReplicaSet is adopted: the scope goes on."""
    replicaset = await writer.replicaset("web-1", None)
    await writer.pod("released", owner=replicaset)
    await writer.pod("kept", owner=replicaset)
    async with viewing(cluster, writer.namespace) as viewer:
        await viewer.sees(lambda: viewer.owner("released") == ("ReplicaSet", "web-1"), "its owner")
        await writer.patch("released", {"metadata": {"ownerReferences": None}})
        await viewer.sees(lambda: viewer.owner("released") is None, "no owner")
        await writer.delete("released")
        await viewer.agrees(writer.truth)
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "1", "controller": True}
        await writer.ask("PATCH", f"{writer.replicasets}/web-1", {"metadata": {"ownerReferences": [owner]}})
        await viewer.sees(lambda: viewer.owner("kept") == ("Deployment", "web"), "the new owner", 3.0)


def _judged_by_name(viewer: Viewer) -> bool:
    reason = viewer.state.reason
    return reason is not None and reason.code == "owners_by_name"


async def test_without_the_right_to_replicasets_the_owner_is_judged_by_name(
    make_cluster: MakeCluster, control_plane: ControlPlane, writer: Writer
) -> None:
    control_plane.grant("only-pods", writer.namespace)
    replicaset = await writer.replicaset("web-5d4f", "web")
    alone = await writer.replicaset("alone", None)
    await writer.pod("of-web", {"pod-template-hash": "5d4f"}, owner=replicaset)
    await writer.pod("of-alone", owner=alone)
    async with viewing(make_cluster(control_plane.kubeconfig_for("only-pods")), writer.namespace) as viewer:
        assert viewer.owner("of-web") == ("Deployment", "web")
        assert viewer.owner("of-alone") == ("ReplicaSet", "alone")
        await viewer.sees(partial(_judged_by_name, viewer), "what is missing")
        assert viewer.state.state == "live"


async def test_a_deployments_filter_shows_all_its_pods_during_a_rollout(
    make_cluster: MakeCluster, full_control_plane: ControlPlane, namespace: str
) -> None:
    """Old and new ReplicaSets' pods, from the moment they exist, and nobody else's."""
    kubectl = full_control_plane.kubectl
    for name in ("web", "web-admin"):
        kubectl("create", "deployment", name, "--image=web:1", "--replicas=3", "-n", namespace)
    for name in ("web", "web-admin"):
        kubectl("rollout", "status", f"deployment/{name}", "-n", namespace, "--timeout=60s")
    cluster = make_cluster(full_control_plane.kubeconfig)
    async with viewing(cluster, namespace, ViewFilter(deployment="web")) as viewer:
        await viewer.sees(lambda: len(viewer.names()) == 3, "three pods")
        old = viewer.names()
        seen: set[str] = set()

        def rolled_out() -> bool:
            seen.update(viewer.names())
            done = all(row["status"] == "Running" for row in viewer.rows.values())
            return done and len(viewer.rows) == 3 and not old & viewer.names()

        await asyncio.to_thread(kubectl, "rollout", "restart", "deployment/web", "-n", namespace)
        await viewer.sees(rolled_out, "three new pods", ROLLED_OUT_SECONDS)
        assert len(seen) >= 6
        assert not {name for name in seen if name.startswith("web-admin")}
        assert {row["owner"]["name"] for row in viewer.rows.values()} == {"web"}
