"""The API server killed, frozen, compacted: stale when it is, right again after, few requests meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from pods.kube.errors import Expired
from pods.kube.listwatch import PAGE_SIZE, ListWatch
from pods.kube.resource import PODS
from tests.cluster.control_plane import ControlPlane
from tests.kube.collector import EVENT_SECONDS, collecting, version_of
from tests.kube.conftest import MakeCluster
from tests.kube.etcd import Etcd
from tests.kube.viewer import all_watches, open_watches, requests_made, viewing
from tests.kube.writer import Writer, running
from tests.watched import WATCHED

STALE_SECONDS = 5.0
STALE_TOLERANCE = 1.5
RECOVERED_SECONDS = 8.0
POLLED_SECONDS = 15.0


@pytest_asyncio.fixture
async def writer(
    breakable_control_plane: ControlPlane, request: pytest.FixtureRequest
) -> AsyncIterator[Writer]:
    name = request.node.name.replace("_", "-")[:60].rstrip("-")
    async with breakable_control_plane.admin_session() as session:
        yield Writer(session, breakable_control_plane.create_namespace(name))


async def test_a_frozen_server_is_stale_after_5_s_and_right_again_after(
    breakable_control_plane: ControlPlane, make_cluster: MakeCluster, writer: Writer
) -> None:
    """Its kernel still answers, so that no connection breaks (SIGSTOP).

    Who may list but not watch is told as soon as everybody else.
    """
    breakable_control_plane.grant("list-only", writer.namespace)
    await writer.pod("web")
    cluster = make_cluster(breakable_control_plane.kubeconfig)
    polling = make_cluster(breakable_control_plane.kubeconfig_for("list-only"))
    async with viewing(cluster, writer.namespace) as viewer, viewing(polling, writer.namespace) as polled:
        await viewer.agrees(writer.truth)
        await polled.agrees(writer.truth)
        assert polled.state.reason is not None
        assert polled.state.reason.code == "polling"
        before = await all_watches(viewer, cluster)
        breakable_control_plane.pause()
        try:
            took = await viewer.sees(
                lambda: viewer.state.state == "stale", "stale", STALE_SECONDS + STALE_TOLERANCE
            )
            state = viewer.state
            await polled.sees(lambda: polled.state.state == "stale", "stale", STALE_TOLERANCE)
            await asyncio.sleep(1)
            assert requests_made(cluster) == before, "only the probe asks meanwhile"
        finally:
            breakable_control_plane.resume()
        assert state.reason is not None
        assert state.reason.code == "timed_out"
        await writer.status("web", running())
        await viewer.agrees(writer.truth, RECOVERED_SECONDS)
        back = await viewer.sees(lambda: viewer.state.state == "live", "live", RECOVERED_SECONDS)
        print(f"stale {took:.1f} s after the freeze; live {back:.1f} s after it answered")
        assert viewer.state.reason is None
        restarted = before | {("watch", "200"): before["watch", "200"] + len(WATCHED), ("list", "200"): 2}
        what = "one question for the cluster's version, and each scope's watch anew"
        await viewer.sees(lambda: requests_made(cluster) == restarted, what, 5.0)
        assert open_watches(cluster) == 1
        await polled.sees(lambda: polled.state.state == "live", "live", POLLED_SECONDS)


async def test_a_killed_server_is_stale_and_its_scopes_resume_with_one_request_each_and_one_for_both(
    breakable_control_plane: ControlPlane, make_cluster: MakeCluster, writer: Writer
) -> None:
    await writer.pod("web")
    await writer.pod("gone")
    cluster = make_cluster(breakable_control_plane.kubeconfig)
    async with viewing(cluster, writer.namespace) as viewer:
        await viewer.agrees(writer.truth)
        before = await all_watches(viewer, cluster)
        breakable_control_plane.kill_apiserver()
        try:
            await viewer.sees(lambda: viewer.state.state != "live", "not live", 2.0)
            took = await viewer.sees(
                lambda: viewer.state.state == "stale", "stale", STALE_SECONDS + STALE_TOLERANCE
            )
            assert viewer.names() == {"web", "gone"}, "what was known stays on the screen"
            assert requests_made(cluster) == before, "only the probe asks meanwhile"
            assert viewer.state.reason is not None
            assert viewer.state.reason.code == "unreachable"
        finally:
            await asyncio.to_thread(breakable_control_plane.start_apiserver)
        await writer.delete("gone")
        await viewer.agrees(writer.truth, RECOVERED_SECONDS)
        back = await viewer.sees(lambda: viewer.state.state == "live", "live", RECOVERED_SECONDS)
        print(f"stale {took:.1f} s after the kill; live {back:.1f} s after the rows were right")
        watches = before["watch", "200"] + len(WATCHED)
        await viewer.sees(
            lambda: requests_made(cluster)["watch", "200"] >= watches,
            "pods and ReplicaSets are watched again, then the others",
            5 * RECOVERED_SECONDS,
        )
        made = requests_made(cluster)
        tried = sum(made.values()) - sum(before.values())
        assert tried <= 2 * len(WATCHED) + 4, (
            f"seven scopes and one question, each a try or two while it starts: {made}"
        )


async def test_a_version_that_expired_meanwhile_is_listed_anew_and_only_differences_are_sent(
    breakable_control_plane: ControlPlane, make_cluster: MakeCluster, writer: Writer
) -> None:
    """The version was compacted away while the server was gone: 410, a list, and its difference."""
    for number in range(5):
        await writer.pod(f"pod-{number}")
    cluster = make_cluster(breakable_control_plane.kubeconfig)
    async with viewing(cluster, writer.namespace) as viewer:
        await viewer.agrees(writer.truth)
        kept = viewer.rows
        by_name = {row["name"]: uid for uid, row in kept.items()}
        breakable_control_plane.kill_apiserver()
        # What is written straight into etcd stands for what other API servers do meanwhile; the compaction
        # makes the version that the watch is at too old.
        etcd = Etcd(breakable_control_plane)
        etcd.delete_pod(writer.namespace, "pod-0")
        etcd.put_pods({writer.namespace: ["pod-1", "pod-new"]})
        breakable_control_plane.compact()
        await asyncio.to_thread(breakable_control_plane.start_apiserver)
        await viewer.agrees(writer.truth, RECOVERED_SECONDS)
        assert viewer.rows is kept, "no snapshot was needed"
        assert set(viewer.removed) == {by_name["pod-0"], by_name["pod-1"]}, "gone, and made again"
        await viewer.sees(lambda: viewer.state.state == "live", "live", RECOVERED_SECONDS)


async def test_an_expired_version_is_told_by_each_way_of_asking(
    breakable_control_plane: ControlPlane, make_cluster: MakeCluster, writer: Writer
) -> None:
    """By a page of a list, and by a watch, be it in its status or in its first event."""
    Etcd(breakable_control_plane).put_pods(
        {writer.namespace: [f"pod-{number:04d}" for number in range(PAGE_SIZE + 1)]}
    )
    pods = ListWatch(make_cluster(breakable_control_plane.kubeconfig), PODS, writer.namespace)
    old = await version_of(pods)
    async with aclosing(pods.pages()) as pages:
        await anext(pages)
        await writer.delete("pod-0000")
        breakable_control_plane.compact()
        breakable_control_plane.kill_apiserver()
        await asyncio.to_thread(breakable_control_plane.start_apiserver)
        with pytest.raises(Expired):
            await anext(pages)
    with pytest.raises(Expired):
        async with collecting(pods, old) as collector:
            await asyncio.wait_for(asyncio.shield(collector.task), EVENT_SECONDS)
