"""The reaper, the census and the stalls: what tells an operator that something leaks, or waits."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from pods import census, metrics, reaper, stalls
from pods.consumers import PodConsumer
from pods.domain.scope import Scope
from pods.domain.viewfilter import ViewFilter
from pods.lifecycle import WATCH_TASK, Lifecycle
from pods.reaper import Reaper
from pods.runtime import Runtime, Synced
from pods.stalls import Stalls
from pods.viewing import Viewing
from tests.consumers.peer import Message, Peer

pytestmark = pytest.mark.django_db(transaction=True)

QUERY = "cluster=test&namespace=default"
KINDS = ("lifecycle", "subscription", "watch")
KEY = Scope("test", "pods", "default")


def _metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def _reaped() -> dict[str, float]:
    return {kind: _metric("k8sportal_reaped_total", kind=kind) for kind in KINDS}


def _watches() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name().startswith(WATCH_TASK)]


async def _nothing(*_: Any) -> None:
    """In the place of what ends something."""


async def _lifecycle_left(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody ends the lifecycle of a consumer that was cancelled."""
    with monkeypatch.context() as broken:
        broken.setattr(Lifecycle, "__aexit__", _nothing)
        peer = Peer(runtime, QUERY)
        await peer.snapshot()
        peer.call.cancel()
        await asyncio.wait([peer.call])


async def _subscription_left(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that does not give its subscription back."""

    async def request() -> None:
        runtime.hub.subscribe(KEY, "default", ViewFilter(), None, Synced())

    await asyncio.create_task(request(), name="request")


async def _viewers_subscription_left(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A viewing that is not closed, though its watch has ended."""
    peer = Peer(runtime, QUERY)
    await peer.snapshot()
    with monkeypatch.context() as broken:
        broken.setattr(Viewing, "close", lambda _: None)
        peer.leaves()
        await asyncio.wait_for(peer.call, 5)
    metrics.VIEWERS.clear()  # counted by the viewing, which is beyond repair


async def _watch_left(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lifecycle has forgotten its watch, so that nobody cancels it."""
    peer = Peer(runtime, QUERY)
    await peer.snapshot()
    peer.consumer.life.watch = None
    peer.leaves()
    await asyncio.wait_for(peer.call, 5)


async def _guard_left(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lifecycle that has ended is still told of changed rights."""
    peer = Peer(runtime, QUERY)
    await peer.snapshot()
    life = peer.consumer.life
    peer.leaves()
    await asyncio.wait_for(peer.call, 5)
    runtime.access_watch.guarded.add(life)


@pytest.mark.parametrize(
    ("leave", "kind"),
    [
        (_lifecycle_left, "lifecycle"),
        (_subscription_left, "subscription"),
        (_viewers_subscription_left, "subscription"),
        (_watch_left, "watch"),
        (_guard_left, "lifecycle"),
    ],
)
async def test_what_nobody_owns_is_reaped_in_the_second_round_and_told_as_a_defect(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, leave: Callable[..., Any], kind: str
) -> None:
    await leave(runtime, monkeypatch)
    before = _reaped()
    judge = Reaper(runtime)  # the runtime's own comes every 5 s: later than this test's rounds
    with capture_logs() as logs:
        judge.look()
        assert _reaped() == before, "what is just ending is left its time"
        judge.look()
        assert _reaped() == before | {kind: before[kind] + 1}
        await _given_back(runtime)
        judge.look()
        judge.look()
    assert _reaped() == before | {kind: before[kind] + 1}, "once, and nothing else"
    told = [line for line in logs if line["event"] == "reaped"]
    assert [(line["log_level"], line["kind"]) for line in told] == [("error", kind)]
    assert told[0]["name"]


async def _given_back(runtime: Runtime) -> None:
    """Nothing of any viewer is left, as soon as its task has run."""
    async with asyncio.timeout(5):
        while _watches() or runtime.hub.held or len(runtime.sockets) or runtime.access_watch.guarded:
            await asyncio.sleep(0)
    assert not _metric("k8sportal_viewers", cluster="test", namespace="default")


async def test_the_runtime_has_a_reaper_that_looks_by_itself(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _lifecycle_left(runtime, monkeypatch)
    before = _reaped()
    monkeypatch.setattr(reaper, "PERIOD_SECONDS", 0.02)
    task = asyncio.create_task(runtime.reaper.run(), name="a reaper in a hurry")
    try:
        await _given_back(runtime)
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert _reaped()["lifecycle"] == before["lifecycle"] + 1
    assert "reaper" in {task.get_name() for task in asyncio.all_tasks()}


async def test_nothing_is_reaped_in_ordinary_life(runtime: Runtime) -> None:
    """Viewers that come, stay, are refused, leave, take their time to leave, or whose handler raises."""
    judge, before = Reaper(runtime), _reaped()
    ending = asyncio.Event()

    class Slow(PodConsumer):
        async def _run_watch(self, viewing: Any) -> None:
            try:
                await super()._run_watch(viewing)
            finally:
                await ending.wait()

    class Broken(PodConsumer):
        async def websocket_receive(self, message: Message) -> None:
            raise RuntimeError("a defect")

    refused = Peer(runtime, "cluster=test&namespace=Bad!")
    slow, broken, stays = (Peer(runtime, QUERY, consumer) for consumer in (Slow(), Broken(), PodConsumer()))
    judge.look()
    await refused.closed()
    for peer in (slow, broken, stays):
        await peer.snapshot()
    for peer in (slow, refused):
        peer.leaves()
    broken.incoming.put_nowait({"type": "websocket.receive", "text": "{}"})
    await asyncio.wait([broken.call, refused.call], timeout=5)
    assert "a defect" in str(broken.call.exception())
    for _ in range(4):
        judge.look()
    ending.set()
    await asyncio.wait_for(slow.call, 5)
    for _ in range(4):
        judge.look()
    assert len(_watches()) == 1, "the one that stays"
    stays.leaves()
    await asyncio.wait_for(stays.call, 5)
    judge.look()
    judge.look()
    assert _reaped() == before


async def test_the_census_counts_what_is_there(runtime: Runtime) -> None:
    empty = census.take(runtime)
    assert (empty.sockets, empty.lifecycles, empty.watches, empty.subscriptions) == (None, 0, 0, 0)
    assert (empty.feeds, empty.upstream_watches, empty.unacknowledged_bytes) == (0, 0, 0)
    peers = [Peer(runtime, QUERY) for _ in range(3)]
    for peer in peers:
        await peer.snapshot()
    await _until(lambda: census.take(runtime).upstream_watches == 2)
    full = census.take(runtime)
    assert (full.lifecycles, full.watches, full.subscriptions, full.feeds) == (3, 3, 3, 1)
    assert full.tasks == len(asyncio.all_tasks())
    assert full.unacknowledged_bytes > 0
    assert full.reconciles
    runtime.server_sockets = lambda: 2
    assert not census.take(runtime).reconciles, "the server holds fewer than there are lifecycles"
    for peer in peers:
        peer.leaves()
        await asyncio.wait_for(peer.call, 5)
    after = census.take(runtime)
    assert (after.lifecycles, after.watches, after.subscriptions) == (0, 0, 0)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.02)


async def test_the_census_counts_threads_and_connections_as_the_system_does(runtime: Runtime) -> None:
    await asyncio.to_thread(int)  # the loop's own pool does not count
    before = census.take(runtime)
    with _thread(), _connection() as (near, far):
        more = census.take(runtime)
        assert more.threads == before.threads + 1
        assert more.tcp["established"] == before.tcp["established"] + 2
        far.close()
        await _until(lambda: census.take(runtime).tcp["close_wait"] == before.tcp["close_wait"] + 1)
        assert near.recv(1) == b""
    assert census.take(runtime).threads == before.threads


@contextmanager
def _thread() -> Iterator[None]:
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait, name="counted")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


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
    census.show(runtime)
    assert _metric("k8sportal_server_sockets") == 1
    assert _metric("k8sportal_lifecycles") == 1
    assert _metric("k8sportal_watch_tasks") == 1
    assert _metric("k8sportal_subscriptions") == 1
    assert _metric("k8sportal_feeds") == 1
    assert _metric("k8sportal_tasks") == len(asyncio.all_tasks())
    assert _metric("k8sportal_unacknowledged_bytes") == census.take(runtime).unacknowledged_bytes > 0
    assert _metric("k8sportal_loop_stall_longest_seconds") == 0.25
    peer.leaves()
    await asyncio.wait_for(peer.call, 5)
    census.show(runtime)
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
