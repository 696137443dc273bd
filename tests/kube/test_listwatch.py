"""The transport on a real API server: lists, streaming lists, watches, their Table form, their end."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

import pytest

from pods.kube.cluster import Cluster
from pods.kube.errors import Unsupported
from pods.kube.listwatch import PAGE_SIZE, ListWatch
from pods.kube.resource import PODS, REPLICASETS, PodRecord, Resource
from tests.cluster.control_plane import ControlPlane
from tests.kube.collector import EVENT_SECONDS, brief, collecting, version_of
from tests.kube.etcd import Etcd
from tests.kube.viewer import open_watches
from tests.kube.writer import Writer, running

ENDED_SECONDS = 0.5


@pytest.fixture
def pods(cluster: Cluster, namespace: str) -> ListWatch[PodRecord]:
    return ListWatch(cluster, PODS, namespace)


async def test_a_streaming_list_gives_what_is_there_then_its_end_then_what_changes(
    pods: ListWatch[PodRecord], writer: Writer
) -> None:
    await writer.pod("a")
    await writer.pod("b")
    async with collecting(pods, None) as collector:
        first = await collector.until(3)
        assert sorted(brief(first[:2])) == [("ADDED", "a"), ("ADDED", "b")]
        end = first[2]
        assert (end.type, end.initial_end, end.item) == ("BOOKMARK", True, None)
        assert int(end.resource_version) >= max(int(event.resource_version) for event in first[:2])

        await writer.status("a", running(restarts=3))
        await writer.delete("b")
        later = (await collector.until(6))[3:]
    assert brief(later) == [("MODIFIED", "a"), ("MODIFIED", "b"), ("DELETED", "b")]
    assert later[0].item is not None
    row = later[0].item.row
    assert (row.ready, row.status, row.restarts) == ("1/1", "Running", 3)


async def test_a_watch_from_a_version_gives_all_that_came_after_it(
    pods: ListWatch[PodRecord], writer: Writer
) -> None:
    await writer.pod("before")
    version = await version_of(pods)
    await writer.pod("after")
    await writer.delete("before")
    async with collecting(pods, version) as collector:
        events = brief(await collector.until(3))
    assert events == [("ADDED", "after"), ("MODIFIED", "before"), ("DELETED", "before")]


async def test_bookmarks_move_the_version_on_where_nothing_changes(
    pods: ListWatch[PodRecord], writer: Writer, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watch that ends by itself gets a bookmark shortly before."""
    monkeypatch.setattr("pods.kube.listwatch.MIN_WATCH_SECONDS", 4)
    monkeypatch.setattr("random.random", lambda: 0.0)
    version = await version_of(pods)
    elsewhere = control_plane.create_namespace(f"{writer.namespace}-elsewhere")
    async with collecting(pods, version) as collector:
        await asyncio.wait_for(collector.opened.wait(), EVENT_SECONDS)
        await Writer(writer.session, elsewhere).pod("other")
        (bookmark,) = await collector.until(1)
    assert bookmark.type == "BOOKMARK"
    assert not bookmark.initial_end
    assert int(bookmark.resource_version) > int(version)


async def test_a_long_list_comes_in_pages_of_one_version(
    pods: ListWatch[PodRecord], control_plane: ControlPlane, namespace: str
) -> None:
    count = 2 * PAGE_SIZE + 7
    Etcd(control_plane).put_pods({namespace: [f"pod-{number:04d}" for number in range(count)]})
    async with aclosing(pods.pages()) as listed:
        pages = [page async for page in listed]
    assert [len(page.items) for page in pages] == [PAGE_SIZE, PAGE_SIZE, 7]
    assert len({item.row.name for page in pages for item in page.items}) == count
    assert len({page.resource_version for page in pages}) == 1
    assert all(item.row.status == "Pending" for page in pages for item in page.items)


async def test_of_replicasets_their_owner_and_how_many_pods_they_have_are_read(
    cluster: Cluster, writer: Writer
) -> None:
    made = await writer.replicaset("web-5d4f", "web")
    await writer.replicaset("alone", None)
    async with aclosing(ListWatch(cluster, REPLICASETS, writer.namespace).pages()) as pages:
        records = {item.name: item async for page in pages for item in page.items}
    assert records["web-5d4f"].uid == made["metadata"]["uid"]
    owner = records["web-5d4f"].owner
    assert owner is not None
    assert (owner.kind, owner.name) == ("Deployment", "web")
    assert records["alone"].owner is None
    state = records["web-5d4f"].state
    assert state is not None
    assert (state.name, state.desired, state.pods, state.ready) == ("web-5d4f", 0, 0, 0)


async def test_cancelling_a_watch_ends_it_at_the_server(
    pods: ListWatch[PodRecord], cluster: Cluster, control_plane: ControlPlane
) -> None:
    before = control_plane.longrunning_watches("pods", "namespace")
    async with collecting(pods, None) as collector:
        await asyncio.wait_for(collector.opened.wait(), EVENT_SECONDS)
        await collector.until(1)
        assert await asyncio.to_thread(control_plane.longrunning_watches, "pods", "namespace") == before + 1
        assert open_watches(cluster) == 1
    left = time.monotonic()
    while await asyncio.to_thread(control_plane.longrunning_watches, "pods", "namespace") != before:
        assert time.monotonic() - left < ENDED_SECONDS, "the server still has the watch"
    assert open_watches(cluster) == 0


async def test_a_form_that_the_server_refuses_is_an_unsupported_request(
    cluster: Cluster, namespace: str
) -> None:
    """What a server says that knows no streaming lists, and what this one says of a nonsensical form."""
    form = "application/json;as=Nonsense;v=v1;g=meta.k8s.io"
    resource: Resource[PodRecord] = Resource("pods", "/api/v1", "", form, form, (), PODS.codec)
    with pytest.raises(Unsupported):
        await version_of(ListWatch(cluster, resource, namespace))
