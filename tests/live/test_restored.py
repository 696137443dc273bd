"""A cluster that comes back older than it was seen: its versions are worth nothing, and no row is old."""

import asyncio
from collections.abc import Callable

import pytest

from pods.domain.reasons import Reason
from pods.kube.errors import Forbidden, KubeError, Mute, ServerError, Unreachable
from pods.kube.resource import PODS
from tests.live.fakes import pod
from tests.live.rig import Rig
from tests.live.virtual import LoopClock, settle

BROKEN = Unreachable(Reason("unreachable", {"detail": "the connection broke"}))
BAD_GATEWAY = ServerError(Reason("server_error", {"status": 502}))
MUTE = Mute(Reason("mute", {"seconds": 75}))
BACKED_UP = 50


async def _flowing(rig: Rig) -> None:
    rig.world.put(pod("1"), pod("2"))
    rig.start()
    await asyncio.sleep(60)
    assert rig.holds_all()


def _restore(rig: Rig, version: int = BACKED_UP) -> None:
    """What a real server does then: it takes a watch of a version it has not reached, and is silent."""
    rig.world.items = {"1": pod("1", status="Pending")}
    rig.world.log = []
    rig.world.version = version


async def test_after_a_broken_connection_a_restored_cluster_is_listed_anew(rig: Rig) -> None:
    await _flowing(rig)
    _restore(rig)
    rig.told.clear()
    rig.source.stream.fail(BROKEN)
    assert await rig.until(rig.holds_all) < 2.0
    assert rig.source.asked() == ["stream", "version", "stream"]
    assert await rig.until(lambda: rig.state.state == "live") < 2.0
    assert rig.told[:2] == ["catching_up", "catching_up"], "never live before its list"


async def test_what_other_scopes_have_seen_counts(rig: Rig, clock: LoopClock) -> None:
    """The one whose version is old meets a cluster that has grown beyond it since it was restored."""
    await _flowing(rig)
    busy = Rig(clock, rig.cluster, "busy")
    busy.world.version = 500
    busy.start()
    await settle()
    _restore(rig, version=300)
    rig.source.stream.fail(BROKEN)
    assert await rig.until(rig.holds_all) < 2.0
    await asyncio.sleep(1)
    assert busy.source.asked() == ["stream", "stream"], "it starts over too"
    await busy.stop()


async def test_a_cluster_that_only_broke_is_asked_once_and_gone_on_with(rig: Rig) -> None:
    await _flowing(rig)
    rig.world.streams.clear()
    rig.world.put(pod("3"))
    rig.source.stream.fail(BROKEN)
    assert await rig.until(rig.holds_all) < 2.0
    assert rig.source.asked() == ["stream", "version", "watch"]


async def test_an_outage_costs_one_question_for_all_scopes(clock: LoopClock, rig: Rig) -> None:
    rigs = [rig, *(Rig(clock, rig.cluster, f"ns-{number}") for number in range(20))]
    for each in rigs:
        each.start()
    await asyncio.sleep(60)
    rig.cluster.down = BROKEN
    await asyncio.sleep(30)
    rig.cluster.down = None
    await rig.until(lambda: all(each.source.asked()[-1] == "watch" for each in rigs))
    asked = [verb for each in rigs for verb in each.source.asked()]
    assert (asked.count("version"), asked.count("watch")) == (1, len(rigs))
    for each in rigs[1:]:
        await each.stop()


async def test_a_question_that_fails_fails_for_all_who_wait(rig: Rig, clock: LoopClock) -> None:
    """Else hundreds of scopes would ask one after the other."""
    history = rig.cluster.history
    asked = 0

    async def ask() -> str:
        nonlocal asked
        asked += 1
        await asyncio.sleep(1)
        raise BROKEN

    waiting = [asyncio.ensure_future(history.confirm(clock.monotonic(), ask)) for _ in range(50)]
    await asyncio.wait(waiting)
    assert [task.exception() for task in waiting] == [BROKEN] * 50
    assert asked == 1


async def test_what_is_seen_while_the_question_is_under_way_is_no_sign_of_a_restored_cluster(
    rig: Rig, clock: LoopClock
) -> None:
    history, generation = rig.cluster.history, rig.cluster.generation

    async def ask() -> str:
        history.seen("101")
        return "100"

    history.seen("100")
    await history.confirm(clock.monotonic(), ask)
    assert rig.cluster.generation == generation


@pytest.mark.parametrize("version", ["", "0", "opaque", "१२", "9" * 5000])
async def test_what_is_no_number_is_not_compared(rig: Rig, clock: LoopClock, version: str) -> None:
    history, generation = rig.cluster.history, rig.cluster.generation

    async def ask() -> str:
        return version

    history.seen("100")
    await history.confirm(clock.monotonic(), ask)
    history.seen(version)
    assert rig.cluster.generation == generation


async def test_who_may_not_list_begins_with_a_streaming_list(rig: Rig) -> None:
    await _flowing(rig)
    _restore(rig)
    rig.source.refuse_list = lambda: Forbidden(PODS.forbidden("list", "shop"))
    rig.source.stream.fail(BROKEN)
    assert await rig.until(rig.holds_all) < 2.0


async def test_a_watch_that_was_mute_is_followed_by_a_list(rig: Rig) -> None:
    """It may have waited for a version that the server has not reached."""
    await _flowing(rig)
    rig.source.stream.fail(MUTE)
    await rig.until(lambda: len(rig.source.requests) > 1)
    assert rig.source.asked() == ["stream", "stream"]


async def test_after_more_than_five_minutes_a_scope_lists(rig: Rig) -> None:
    """So long after a restore the cluster may have come up to the version that was seen of it."""
    await _flowing(rig)
    rig.cluster.down = BROKEN
    await asyncio.sleep(400)
    _restore(rig, version=rig.world.version + 10)
    rig.cluster.down = None
    assert await rig.until(rig.holds_all) < 4.0
    assert rig.source.asked() == ["stream", "stream"]


def _ends(rig: Rig) -> None:
    rig.source.stream.end()


def _fails(rig: Rig) -> None:
    rig.source.stream.fail(BAD_GATEWAY)


@pytest.mark.parametrize("happens", [_ends, _fails])
async def test_behind_a_gateway_that_answers_for_a_dead_cluster_nothing_is_tried(
    rig: Rig, happens: Callable[[Rig], None]
) -> None:
    """The watch ends cleanly, or with the gateway's own error, and the probe gets a 502."""

    def answer() -> KubeError | None:
        return rig.cluster.down

    await _flowing(rig)
    rig.source.refuse_watch = lambda version: answer()
    rig.cluster.down = BAD_GATEWAY
    happens(rig)
    await asyncio.sleep(60)
    assert rig.source.asked() == ["stream"]
    assert rig.says() == ("stale", BAD_GATEWAY.reason)
    rig.cluster.down = None
    await rig.until(lambda: rig.state.state == "live", 5.0)
    assert rig.source.asked() == ["stream", "version", "watch"]
