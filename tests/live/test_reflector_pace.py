"""How often a reflector asks, and what its status says meanwhile."""

import asyncio
import itertools
from collections.abc import Callable

import pytest

from pods.domain.reasons import Reason
from pods.kube.errors import (
    BadAnswer,
    Expired,
    Forbidden,
    KubeError,
    ServerError,
    TooManyRequests,
    Unreachable,
)
from pods.kube.resource import PODS
from pods.live.backoff import Backoff
from tests.live.fakes import pod
from tests.live.rig import Rig
from tests.live.virtual import settle

GONE = Expired(Reason("expired"))
FAILED = ServerError(Reason("server_error", {"status": 500}))
GARBAGE = BadAnswer(Reason("bad_answer", {"detail": "an event that is not JSON"}))
BROKEN = Unreachable(Reason("unreachable", {"detail": "the connection broke"}))

MOST_A_MINUTE = 20


def _always(error: KubeError) -> Callable[[Rig], None]:
    def set_up(rig: Rig) -> None:
        rig.source.refuse_list = lambda: error
        rig.source.refuse_watch = lambda version: error

    return set_up


def _watch_refused(error: KubeError) -> Callable[[Rig], None]:
    def set_up(rig: Rig) -> None:
        rig.source.refuse_watch = lambda version: error if version else None
        rig.source.opened = lambda stream: stream.end()

    return set_up


def _watch_ends(error: KubeError | None) -> Callable[[Rig], None]:
    def set_up(rig: Rig) -> None:
        rig.source.opened = lambda stream: stream.end() if error is None else stream.fail(error)

    return set_up


LOOPS = {
    "410 to every request": _always(GONE),
    "500 to every request": _always(FAILED),
    "garbage to every request": _always(GARBAGE),
    "no connection": _always(BROKEN),
    "410 to every watch": _watch_refused(GONE),
    "500 to every watch": _watch_refused(FAILED),
    "410 in every watch": _watch_ends(GONE),
    "500 in every watch": _watch_ends(FAILED),
    "garbage in every watch": _watch_ends(GARBAGE),
    "every watch ends cleanly": _watch_ends(None),
    "every watch breaks": _watch_ends(BROKEN),
}


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
async def test_a_server_that_always_fails_is_asked_ever_less(
    rig: Rig, loop: Callable[[Rig], None], streaming: bool
) -> None:
    """Even when each pause is drawn as short as can be."""
    rig.cluster.streaming_lists = streaming
    loop(rig)
    rig.start()
    await asyncio.sleep(60)
    first_minute = len(rig.source.requests)
    assert 3 <= first_minute <= MOST_A_MINUTE
    await asyncio.sleep(60)
    assert 1 <= len(rig.source.requests) - first_minute <= 10


def test_days_of_failures_are_followed_by_one_more_pause_like_the_others() -> None:
    backoff = Backoff()
    pauses = [backoff.failed() for _ in range(5000)]
    assert all(22.5 <= pause <= 30.0 for pause in pauses[5:])


async def test_a_watch_that_lasted_forgives_earlier_failures(rig: Rig) -> None:
    rig.source.opened = lambda stream: stream.end()
    rig.start()
    await asyncio.sleep(60)
    rig.source.opened = lambda stream: None
    await rig.until(lambda: rig.source.open == 1)
    await asyncio.sleep(10)
    rig.source.stream.fail(FAILED)
    before = len(rig.source.requests)
    assert await rig.until(lambda: len(rig.source.requests) > before) < 1.1


async def test_a_pause_that_the_server_asks_for_is_kept(rig: Rig) -> None:
    error = TooManyRequests(Reason("too_many_requests", {"seconds": 20}))
    error.retry_after = 20.0
    rig.source.refuse_watch = lambda version: error
    rig.start()
    await asyncio.sleep(100)
    times = [request.at for request in rig.source.requests]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert len(gaps) >= 3
    assert all(20 <= gap <= 31 for gap in gaps)
    assert rig.state.reason == error.reason


async def test_nothing_is_tried_until_the_cluster_answers_its_probe(rig: Rig) -> None:
    rig.start()
    await asyncio.sleep(30)
    rig.cluster.down = BROKEN
    rig.source.stream.fail(BROKEN)
    await asyncio.sleep(120)
    assert rig.source.asked() == ["stream"]
    assert rig.state.state == "stale"
    rig.cluster.down = None
    recovered = rig.cluster.probe.outages
    await rig.until(lambda: rig.cluster.probe.outages > recovered)
    assert await rig.until(lambda: rig.source.open == 1) < 1.0
    assert rig.source.asked() == ["stream", "version", "watch"]
    assert await rig.until(lambda: rig.state.state == "live") < 1.1


async def test_a_stream_that_the_portal_cuts_is_opened_again_from_where_it_was(rig: Rig) -> None:
    rig.start()
    rig.world.put(pod("1"))
    await asyncio.sleep(30)
    rig.cluster.restart_streams()
    rig.world.streams.clear()
    rig.world.put(pod("2"))
    await asyncio.sleep(1)
    assert rig.source.requests[-1].version == "101"
    assert rig.source.asked() == ["stream", "watch"]
    assert rig.holds_all()
    assert rig.state.state == "live"


async def test_renewing_a_watch_never_leaves_live(rig: Rig) -> None:
    rig.start()
    await settle()
    for _ in range(5):
        seen = await rig.states_during(60)
        rig.source.stream.end()
        seen += await rig.states_during(3)
        assert {state.state for state in seen} == {"live"}
        assert {state.since for state in seen} == {rig.state.since}
    assert rig.source.asked() == ["stream", *["watch"] * 5]


def _watch_forbidden(rig: Rig) -> Forbidden:
    error = Forbidden(PODS.forbidden("watch", "shop"))
    rig.source.refuse_watch = lambda version: error
    return error


@pytest.mark.parametrize("streaming", [True, False])
async def test_who_may_only_list_is_served_every_ten_seconds_and_told_so(rig: Rig, streaming: bool) -> None:
    rig.cluster.streaming_lists = streaming
    _watch_forbidden(rig)
    rig.start()
    await asyncio.sleep(1)
    seen = await rig.states_during(1000)
    assert {state.state for state in seen} == {"live"}
    assert {state.reason.code for state in seen if state.reason} == {"polling"}
    assert all(state.reason is not None and state.reason.params["seconds"] == 10 for state in seen)
    lists = [request.at for request in rig.source.requests if request.verb == "list"]
    gaps = [after - before for before, after in itertools.pairwise(lists)]
    assert [gap for gap in gaps if gap > 1] == pytest.approx([10.0] * 100)
    rig.world.put(pod("1"))
    assert await rig.until(rig.holds_all) <= 10


async def test_who_may_watch_after_all_is_watched_within_minutes(rig: Rig) -> None:
    _watch_forbidden(rig)
    rig.start()
    await asyncio.sleep(60)
    rig.source.refuse_watch = lambda version: None
    await asyncio.sleep(300)
    assert rig.source.open == 1
    assert (rig.state.state, rig.state.reason) == ("live", None)


async def test_polling_that_fails_says_why(rig: Rig) -> None:
    _watch_forbidden(rig)
    rig.start()
    await asyncio.sleep(60)
    rig.source.refuse_list = lambda: FAILED
    await asyncio.sleep(20)
    assert (rig.state.state, rig.state.reason) == ("stale", FAILED.reason)
    rig.source.refuse_list = lambda: None
    await asyncio.sleep(40)
    assert rig.state.state == "live"
    assert rig.state.reason is not None
    assert rig.state.reason.code == "polling"


async def test_polled_rows_are_stale_when_the_cluster_is_gone_and_live_when_listed_again(rig: Rig) -> None:
    """Within five seconds, not at the next list, and since the last list, not since the last answer."""
    _watch_forbidden(rig)
    rig.start()
    await asyncio.sleep(63)
    lists = [request.at for request in rig.source.requests if request.verb == "list"]
    rig.cluster.down = BROKEN
    rig.source.refuse_list = lambda: BROKEN
    assert await rig.until(lambda: rig.says()[0] == "stale") <= 5.1
    assert rig.state.since is not None
    since = rig.clock.monotonic() - (rig.clock.now() - rig.state.since).total_seconds()
    assert since == pytest.approx(lists[-1], abs=0.01)
    await asyncio.sleep(60)
    rig.cluster.down = None
    rig.source.refuse_list = lambda: None
    assert await rig.until(lambda: rig.says()[0] == "live") <= 4
    assert abs((rig.clock.now() - rig.state.since).total_seconds()) < 0.1


async def test_who_may_do_nothing_is_told_both_verbs(rig: Rig) -> None:
    _watch_forbidden(rig)
    rig.source.refuse_list = lambda: Forbidden(PODS.forbidden("list", "shop"))
    rig.start()
    await asyncio.sleep(1)
    assert rig.says()[0] == "catching_up"
    await asyncio.sleep(10)
    assert rig.says()[0] == "stale"
    assert rig.state.since is None
    assert rig.state.reason is not None
    assert rig.state.reason.params["verbs"] == "list, watch"
