"""The census and the stalls: what tells an operator that something leaks, or waits."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import get_channel_layer
from prometheus_client import REGISTRY

from pods import census, stalls
from pods.census import Census
from pods.consumers import PodConsumer
from pods.layers import KINDS
from pods.runtime import Runtime
from pods.stalls import Stalls
from tests.consumers.peer import Peer
from tests.threads import beside
from tests.watched import WATCHED

pytestmark = pytest.mark.django_db(transaction=True)

QUERY = "cluster=test&namespace=default"


def _metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_the_census_counts_what_is_there(runtime: Runtime) -> None:
    empty = await census.take(runtime)
    assert (empty.sockets, empty.lifecycles, empty.watches, empty.subscriptions) == (None, 0, 0, 0)
    assert (empty.feeds, empty.upstream_watches, empty.unacknowledged_bytes) == (0, 0, 0)
    peers = [Peer(runtime, QUERY) for _ in range(3)]
    for peer in peers:
        await peer.snapshot()
    await _until(runtime, lambda found: found.upstream_watches == len(WATCHED))
    full = await census.take(runtime)
    assert (full.lifecycles, full.watches, full.subscriptions, full.feeds) == (3, 3, 3, 1)
    assert full.tasks == len(asyncio.all_tasks())
    assert full.unacknowledged_bytes > 0
    assert full.reconciles
    runtime.server_sockets = lambda: 2
    assert not (await census.take(runtime)).reconciles, "the server holds fewer than there are lifecycles"
    for peer in peers:
        peer.leaves()
        await asyncio.wait_for(peer.call, 5)
    after = await census.take(runtime)
    assert (after.lifecycles, after.watches, after.subscriptions) == (0, 0, 0)


class Layered(PodConsumer):
    """A viewer that has a channel of its own, as every consumer of Channels has unless told otherwise."""

    channel_layer_alias = DEFAULT_CHANNEL_LAYER


async def test_what_viewers_have_in_the_in_memory_layer_is_counted(runtime: Runtime) -> None:
    """Ours have nothing there."""
    nothing = dict.fromkeys(KINDS, 0)
    layer = get_channel_layer()
    peers = [Peer(runtime, QUERY), Peer(runtime, QUERY, Layered())]
    for peer in peers:
        await peer.snapshot()
    assert (await census.take(runtime)).layer_entries == nothing | {"buffer": 1}
    await layer.group_add("team", "one")
    await layer.send("one", {"type": "told"})
    assert (await census.take(runtime)).layer_entries == nothing | {"buffer": 2, "message": 1, "member": 1}
    await census.show(runtime)
    assert _metric("k8sportal_channel_layer_entries", kind="buffer") == 2
    await layer.receive("one")
    await layer.group_discard("team", "one")
    for peer in peers:
        peer.leaves()
        await asyncio.wait_for(peer.call, 5)
    assert (await census.take(runtime)).layer_entries == nothing


async def _until(runtime: Runtime, condition: Callable[[Census], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition(await census.take(runtime)):
            await asyncio.sleep(0.02)


async def test_the_census_counts_threads_and_connections_as_the_system_does(runtime: Runtime) -> None:
    await asyncio.to_thread(int)  # the loop's own pool does not count
    before = await census.take(runtime)
    with beside(threading.Event.wait, "counted"), _connection() as (near, far):
        more = await census.take(runtime)
        assert more.threads == before.threads + 1
        assert more.tcp["established"] == before.tcp["established"] + 2
        far.close()
        await _until(runtime, lambda found: found.tcp["close_wait"] == before.tcp["close_wait"] + 1)
        assert near.recv(1) == b""
    assert (await census.take(runtime)).threads == before.threads


@contextmanager
def _connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()) as near,
        listening.accept()[0] as far,
    ):
        yield near, far


async def test_the_gauges_are_the_census(runtime: Runtime) -> None:
    runtime.server_sockets = lambda: 1
    runtime.stalls._now = 0.25
    peer = Peer(runtime, QUERY)
    await peer.snapshot()
    await census.show(runtime)
    assert _metric("k8sportal_server_sockets") == 1
    assert _metric("k8sportal_lifecycles") == 1
    assert _metric("k8sportal_watch_tasks") == 1
    assert _metric("k8sportal_subscriptions") == 1
    assert _metric("k8sportal_feeds") == 1
    assert _metric("k8sportal_tasks") == len(asyncio.all_tasks())
    assert _metric("k8sportal_unacknowledged_bytes") == (await census.take(runtime)).unacknowledged_bytes > 0
    assert _metric("k8sportal_loop_stall_longest_seconds") == 0.25
    peer.leaves()
    await asyncio.wait_for(peer.call, 5)
    await census.show(runtime)
    assert _metric("k8sportal_lifecycles") == _metric("k8sportal_watch_tasks") == 0
    assert _metric("k8sportal_unacknowledged_bytes") == 0


class StallingClock:
    """A clock whose sleeps take as much too long as was said; after those it sleeps for ever."""

    def __init__(self, *too_long: float) -> None:
        self.time = 0.0
        self.done = asyncio.Event()
        self._too_long = list(too_long)

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        if not self._too_long:
            self.done.set()
            await asyncio.Event().wait()
        self.time += seconds + self._too_long.pop(0)


async def _measured(*too_long: float) -> Stalls:
    clock = StallingClock(*too_long)
    measuring = Stalls(clock)
    task = asyncio.create_task(measuring.run(), name="stalls")
    try:
        await asyncio.wait_for(clock.done.wait(), 5)
    finally:
        task.cancel()
        await asyncio.wait([task])
    return measuring


async def test_a_stall_is_what_a_short_sleep_takes_too_long() -> None:
    count, total = (_metric(f"k8sportal_loop_stall_seconds_{name}") for name in ("count", "sum"))
    found = await _measured(0.0, 0.4, 0.003)
    assert found.longest == pytest.approx(0.4)
    assert _metric("k8sportal_loop_stall_seconds_count") == count + 3
    assert _metric("k8sportal_loop_stall_seconds_sum") == pytest.approx(total + 0.403)


async def test_the_longest_stall_is_told_for_a_minute_and_then_forgotten() -> None:
    minute = [0.0] * int(stalls.LONGEST_SECONDS / stalls.PERIOD_SECONDS + 1)
    assert (await _measured(0.4, *minute)).longest == pytest.approx(0.4)
    assert (await _measured(0.4, *minute, *minute)).longest == pytest.approx(0.0)
