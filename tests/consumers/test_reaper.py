"""The reaper: what is held though its owner has ended is given back, and told as the defect that it is."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from pods import reaper
from pods.consumers import PodConsumer
from pods.domain.scope import Scope
from pods.domain.viewfilter import ViewFilter
from pods.lifecycle import WATCH_TASK, Lifecycle
from pods.reaper import Reaper
from pods.runtime import Runtime, Synced
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
