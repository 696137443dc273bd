"""A viewer's rows become what the API server holds, whatever happens to pods and to the connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest

from pods.kube.cluster import Cluster
from pods.kube.listwatch import Event, ListWatch
from tests.cluster.control_plane import ControlPlane
from tests.kube.conftest import MakeCluster
from tests.kube.proxy import TcpProxy
from tests.kube.viewer import all_watches, open_watches, requests_made, viewing
from tests.kube.writer import Writer, running
from tests.watched import WATCHED

# A page shows a change within a second of the Kubernetes API; tests allow five times a figure.
SHOWN_SECONDS = 1.0
TOLERANCE = 5
# The state must be `stale` at 5 s without contact, give or take the hub's look at it.
STALE_SECONDS = 5.0
STALE_TOLERANCE = 1.5
# From the moment at which the server can be reached again: a probe, a jitter, a list, and settling.
RECOVERED_SECONDS = 8.0


@pytest.fixture
def cluster_by_proxy(make_cluster: MakeCluster, control_plane: ControlPlane, proxy: TcpProxy) -> Cluster:
    return make_cluster(control_plane.kubeconfig_for("admin", server=proxy.url))


async def test_creates_patches_and_deletes_show_within_a_second(cluster: Cluster, writer: Writer) -> None:
    await writer.pod("there-before")
    async with viewing(cluster, writer.namespace) as viewer:
        await viewer.agrees(writer.truth)
        slowest = 0.0
        for write in (
            writer.pod("new"),
            writer.status("new", running(restarts=2)),
            writer.delete("there-before"),
        ):
            started = time.monotonic()
            await write
            await viewer.agrees(writer.truth)
            slowest = max(slowest, time.monotonic() - started)
        assert set(viewer.cells().values()) == {("new", "1/1", "Running", "2")}
        print(f"slowest change, from the write on: {slowest * 1000:.0f} ms")
        assert slowest < SHOWN_SECONDS * TOLERANCE
        assert await all_watches(viewer, cluster) == {
            ("watch", "200"): len(WATCHED),
            ("list", "200"): 1,
        }, "events are not streamed"


async def test_a_pod_made_again_under_its_name_is_a_removal_and_an_arrival(
    cluster: Cluster, writer: Writer
) -> None:
    first = await writer.pod("web")
    async with viewing(cluster, writer.namespace) as viewer:
        await viewer.agrees(writer.truth)
        await writer.delete("web")
        second = await writer.pod("web")
        await viewer.agrees(writer.truth)
    assert set(viewer.rows) == {second["metadata"]["uid"]}
    assert viewer.removed == [first["metadata"]["uid"]]


async def test_what_happened_while_the_connection_was_broken_is_there_after(
    cluster_by_proxy: Cluster, proxy: TcpProxy, writer: Writer
) -> None:
    """Also a pod that was deleted and made again under its name in the gap: it is another pod."""
    old = await writer.pod("again")
    await writer.pod("deleted")
    await writer.pod("changed")
    async with viewing(cluster_by_proxy, writer.namespace) as viewer:
        await viewer.agrees(writer.truth)
        before = await all_watches(viewer, cluster_by_proxy)
        await proxy.cut()
        await writer.delete("again")
        await writer.delete("deleted")
        new = await writer.pod("again")
        await writer.pod("created")
        await writer.status("changed", running())
        assert viewer.names() == {"again", "deleted", "changed"}
        await proxy.restore()
        took = await viewer.agrees(writer.truth, RECOVERED_SECONDS)
        print(f"right again {took:.1f} s after the connection could be made")
        await viewer.sees(lambda: viewer.state.state == "live", "the feed is live", RECOVERED_SECONDS)
        assert {old["metadata"]["uid"]} <= set(viewer.removed)
        assert new["metadata"]["uid"] in viewer.rows
        after = requests_made(cluster_by_proxy)
    made = sum(after.values()) - sum(before.values())
    assert made <= 6, (
        f"two scopes and one question for both, or two each where the first met the cut: {after}"
    )


async def test_a_connection_that_breaks_again_and_again_loses_nothing(
    cluster_by_proxy: Cluster, proxy: TcpProxy, writer: Writer
) -> None:
    async with viewing(cluster_by_proxy, writer.namespace) as viewer:
        for number in range(3):
            await writer.pod(f"pod-{number}")
            await proxy.break_connections()
            await writer.pod(f"made-in-gap-{number}")
            if number:
                await writer.delete(f"pod-{number - 1}")
        await viewer.agrees(writer.truth, RECOVERED_SECONDS + 4)
        assert viewer.names() == {"pod-2", "made-in-gap-0", "made-in-gap-1", "made-in-gap-2"}


async def test_a_dead_link_is_stale_after_5_s_and_never_called_live_with_old_rows(
    cluster_by_proxy: Cluster, proxy: TcpProxy, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is reset: bytes just stop coming, and the old connections stay dead when the link is back."""
    await writer.pod("old")
    async with viewing(cluster_by_proxy, writer.namespace) as viewer:
        await viewer.agrees(writer.truth)
        await all_watches(viewer, cluster_by_proxy)
        proxy.swallow()
        took = await viewer.sees(
            lambda: viewer.state.state == "stale", "stale", STALE_SECONDS + STALE_TOLERANCE
        )
        stale = viewer.state
        print(f"stale after {took:.1f} s")
        assert stale.since is not None
        ago = (datetime.now(UTC) - stale.since).total_seconds()
        assert STALE_SECONDS - 0.1 <= ago <= STALE_SECONDS + STALE_TOLERANCE
        await writer.pod("new")
        truth = await writer.truth()
        made_before = sum(requests_made(cluster_by_proxy).values())
        await asyncio.sleep(1)
        assert sum(requests_made(cluster_by_proxy).values()) == made_before, "only the probe asks meanwhile"
        opened = count_opened(monkeypatch, "pods")
        proxy.heal()

        def live() -> bool:
            is_live = viewer.state.state == "live"
            assert opened or not is_live, "called live by the watch of before the gap"
            return is_live

        await viewer.sees(live, "live again", RECOVERED_SECONDS)
        await viewer.sees(lambda: viewer.cells() == truth, "the new pod", SHOWN_SECONDS)
        assert open_watches(cluster_by_proxy) == 1


def count_opened(monkeypatch: pytest.MonkeyPatch, resource: str) -> list[float]:
    """Grows with each watch of `resource` that the server takes from now on."""
    opened: list[float] = []
    watch = ListWatch.watch

    async def counted(self: ListWatch[Any], version: str | None) -> AsyncIterator[list[Event[Any]]]:
        async with aclosing(watch(self, version)) as batches:
            async for batch in batches:
                if self.resource.name == resource and not batch:
                    opened.append(time.monotonic())
                yield batch

    monkeypatch.setattr(ListWatch, "watch", counted)
    return opened
