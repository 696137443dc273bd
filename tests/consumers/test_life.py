"""One viewer's life inside the process: however it ends, its watch is cancelled, awaited, and given back."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from pods import clusters
from pods.access import load_access
from pods.consumers import PodConsumer
from pods.kube.objects import list_namespaces
from pods.live import outbox
from pods.models import Namespace
from pods.runtime import Runtime
from pods.sockets import Sockets
from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.consumers.peer import Message, Peer

pytestmark = pytest.mark.django_db(transaction=True)


QUERY = "cluster=test&namespace=default"


def _watches() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("watch ")]


def _assert_gone(runtime: Runtime) -> None:
    """Nothing of any viewer is left, at this very moment."""
    assert _watches() == []
    assert len(runtime.sockets) == 0
    assert not runtime.access_watch.guarded
    assert not REGISTRY.get_sample_value("k8sportal_viewers", {"cluster": "test", "namespace": "default"})
    for feed in runtime.hub.feeds():
        assert not feed.followers


async def test_disconnect_has_cancelled_and_awaited_the_watch_when_it_returns(runtime: Runtime) -> None:
    left: list[list[str]] = []

    class Watched(PodConsumer):
        async def disconnect(self, code: int) -> None:
            await super().disconnect(code)
            left.append(_watches())

    peer = Peer(runtime, QUERY, Watched())
    await peer.snapshot()
    assert len(_watches()) == 1
    peer.leaves()
    await asyncio.wait_for(peer.call, 5)
    assert left == [[]]
    _assert_gone(runtime)


async def test_a_handler_that_raises_leaves_nothing(runtime: Runtime) -> None:
    class Broken(PodConsumer):
        async def websocket_receive(self, message: Message) -> None:
            raise RuntimeError("a defect")

    peer = Peer(runtime, QUERY, Broken())
    await peer.snapshot()
    peer.incoming.put_nowait({"type": "websocket.receive", "text": "{}"})
    with capture_logs() as logs, pytest.raises(RuntimeError, match="a defect"):
        await asyncio.wait_for(peer.call, 5)
    _assert_gone(runtime)
    assert [line["event"] for line in logs].count("socket_closed") == 1


async def test_a_cancelled_consumer_leaves_nothing(runtime: Runtime) -> None:
    peer = Peer(runtime, QUERY)
    await peer.snapshot()
    peer.call.cancel()
    await asyncio.wait([peer.call])
    assert peer.call.cancelled()
    _assert_gone(runtime)


async def test_a_consumer_cancelled_while_it_disconnects_leaves_nothing(runtime: Runtime) -> None:
    """The watch takes a moment to end, as a send under backpressure does; that end is still awaited."""
    ending = asyncio.Event()

    class Slow(PodConsumer):
        async def _run_watch(self, viewing: Any) -> None:
            try:
                await super()._run_watch(viewing)
            finally:
                ending.set()
                await asyncio.sleep(0.05)

    peer = Peer(runtime, QUERY, Slow())
    await peer.snapshot()
    peer.leaves()
    await asyncio.wait_for(ending.wait(), 5)
    peer.call.cancel()
    await asyncio.wait([peer.call])
    _assert_gone(runtime)


@pytest.mark.parametrize("sent", [0, 1, 2, 3])
async def test_a_send_into_a_closing_socket_leaves_nothing(runtime: Runtime, sent: int) -> None:
    """Whichever message it is that fails: the acceptance, the first frame, the rows, or a later one."""
    with capture_logs() as logs:
        peer = Peer(runtime, QUERY)
        peer.fails_at = sent
        await asyncio.wait_for(peer.failed.wait(), 5)
        peer.leaves(1006)
        await asyncio.wait_for(peer.call, 5)
    _assert_gone(runtime)
    events = [line["event"] for line in logs]
    assert (events.count("socket_opened"), events.count("socket_closed")) == (1, 1)
    assert "watch_failed" not in events


async def test_a_defect_in_the_watch_is_told_and_leaves_nothing(runtime: Runtime) -> None:
    async def broken(*_: Any) -> Any:
        raise RuntimeError("a defect")

    runtime.place = broken  # type: ignore[assignment, method-assign]
    peer = Peer(runtime, QUERY)
    await peer.closed()
    assert peer.close_code == 1011
    assert peer.frames[-1]["code"] == "internal"
    peer.leaves(1011)
    await asyncio.wait_for(peer.call, 5)
    _assert_gone(runtime)


async def test_a_right_lost_while_the_viewer_is_being_subscribed_is_seen(runtime: Runtime) -> None:
    """Between the look at the rights and the first frame the cluster may be asked, which takes its time."""
    asked, answered = asyncio.Event(), asyncio.Event()
    place = runtime.place

    async def slow(*arguments: Any) -> Any:
        asked.set()
        await answered.wait()
        return await place(*arguments)

    runtime.place = slow  # type: ignore[assignment, method-assign]
    peer = Peer(runtime, QUERY)
    await asyncio.wait_for(asked.wait(), 5)
    await sync_to_async(Namespace.objects.all().update)(hidden=True)
    runtime.access_watch.table = await sync_to_async(load_access)()
    runtime.access_watch.tell_all()
    answered.set()
    await peer.closed()
    assert not [frame for frame in peer.frames if frame["type"] == "snapshot"]
    assert peer.close_code in (4401, 4403)
    peer.leaves()
    await asyncio.wait_for(peer.call, 5)


async def test_a_viewer_admitted_while_the_portal_drains_is_sent_to_come_back(runtime: Runtime) -> None:
    class Late(PodConsumer):
        async def _admit(self) -> Any:
            viewing = await super()._admit()
            self.runtime.draining = True
            return viewing

    peer = Peer(runtime, QUERY, Late())
    await peer.closed()
    assert peer.close_code == 1012
    peer.leaves(1012)
    await asyncio.wait_for(peer.call, 5)
    _assert_gone(runtime)


async def test_an_address_has_so_many_sockets_and_no_more(runtime: Runtime) -> None:
    runtime.sockets = Sockets(per_person=9, per_address=2)
    peers = [Peer(runtime, QUERY) for _ in range(2)]
    for peer in peers:
        await peer.snapshot()
    third = Peer(runtime, QUERY)
    await third.closed()
    assert third.close_code == 4429
    for peer in (*peers, third):
        peer.leaves()
        await asyncio.wait_for(peer.call, 5)
    _assert_gone(runtime)


async def test_a_viewer_that_acknowledges_nothing_while_something_waits_is_4408(
    runtime: Runtime, control_plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "WINDOW_BYTES", 1)
    monkeypatch.setattr(outbox, "SLOW_SECONDS", 0.2)
    peer = Peer(runtime, f"cluster=test&namespace={namespace}")
    await peer.snapshot()
    for number in range(20):
        if peer.close_code is not None:
            break
        await asyncio.to_thread(pods.create, control_plane, namespace, f"pod-{number}")
        await asyncio.sleep(0.05)
    await peer.closed()
    assert peer.close_code == 4408
    assert not any(frame["type"] == "delta" for frame in peer.frames)
    peer.leaves(4408)
    await asyncio.wait_for(peer.call, 5)
    _assert_gone(runtime)


async def test_the_end_of_the_runtime_leaves_no_feed(runtime: Runtime) -> None:
    peers = [Peer(runtime, QUERY) for _ in range(3)]
    for peer in peers:
        await peer.snapshot()
    draining = asyncio.create_task(runtime.drain(), name="drain")
    for peer in peers:
        await peer.closed()
        assert peer.close_code == 1012
        peer.leaves(1012)
    await asyncio.wait_for(draining, 5)
    _assert_gone(runtime)
    assert not runtime.hub.feeds()


async def test_a_list_of_namespaces_given_up_by_one_viewer_is_made_for_the_next(
    runtime: Runtime, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asked first has left: nobody after them is told that a namespace is unknown, which it is not."""
    asked = asyncio.Event()

    async def noted(cluster: Any) -> set[str]:
        asked.set()
        return await list_namespaces(cluster)

    monkeypatch.setattr(clusters, "list_namespaces", noted)
    query = f"cluster=test&namespace={namespace}"
    first = Peer(runtime, query)
    await asyncio.wait_for(asked.wait(), 5)
    second = Peer(runtime, query)
    first.call.cancel()
    await asyncio.wait([first.call])
    await second.snapshot()
    second.leaves()
    await asyncio.wait_for(second.call, 5)
    _assert_gone(runtime)


async def test_a_guess_about_a_cluster_that_did_not_answer_is_put_right(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether all namespaces may be listed at once: asked once for all who want to know, then again."""
    asked = []
    answer: bool | None = None

    async def may_list(_: Any) -> bool:
        asked.append(True)
        while answer is None:
            await asyncio.sleep(10)
        return answer

    monkeypatch.setattr(clusters, "may_list_everywhere", may_list)
    monkeypatch.setattr(clusters, "ANSWER_SECONDS", 0.05)
    guesses = await asyncio.gather(*(runtime.clusters.may_list_everywhere("test") for _ in range(5)))
    assert guesses == [True] * 5
    assert len(asked) == 1
    answer = False
    monkeypatch.setattr(clusters, "DISCOVERY_SECONDS", 0)
    assert await runtime.clusters.settle("test"), "those who were told otherwise must look again"
    assert not await runtime.clusters.may_list_everywhere("test")
    assert not await runtime.clusters.settle("test")
