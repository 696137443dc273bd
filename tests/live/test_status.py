"""What a feed says of itself: live only while the API server is heard, and since when not."""

import asyncio
from datetime import timedelta

from pods.domain.reasons import Reason
from pods.kube.errors import ServerError, Unreachable
from tests.live.fakes import pod
from tests.live.rig import Rig
from tests.live.virtual import NOON, LoopClock, settle

BROKEN = Unreachable(Reason("unreachable", {"detail": "the connection broke"}))
FAILED = ServerError(Reason("server_error", {"status": 500}))
PROBE_PERIOD = timedelta(seconds=2.1)


async def _live(rig: Rig, seconds: float = 100) -> None:
    rig.start()
    await asyncio.sleep(seconds)
    assert rig.state.state == "live"


async def test_a_long_first_list_is_caught_up_with_while_the_cluster_answers(rig: Rig) -> None:
    rig.cluster.streaming_lists = False
    rig.source.list_seconds = 60
    rig.start()
    await asyncio.sleep(0.1)
    seen = await rig.states_during(50)
    assert {(state.state, state.since) for state in seen} == {("catching_up", None)}
    assert all(state.reason == Reason("first_list") for state in seen)
    await asyncio.sleep(11)
    assert (rig.state.state, rig.state.reason) == ("live", None)


async def test_a_first_list_of_a_silent_cluster_is_stale_after_five_seconds_and_says_why(rig: Rig) -> None:
    rig.cluster.streaming_lists = False
    rig.source.list_seconds = 60
    rig.cluster.down = BROKEN
    rig.start()
    await asyncio.sleep(4.9)
    assert (rig.state.state, rig.state.since) == ("catching_up", None)
    await asyncio.sleep(0.2)
    assert (rig.state.state, rig.state.since, rig.state.reason) == ("stale", None, BROKEN.reason)


async def test_an_idle_watch_is_live_while_the_cluster_answers_its_probe(rig: Rig) -> None:
    rig.start()
    await settle()
    seen = await rig.states_during(74)
    assert {state.state for state in seen} == {"live"}
    assert {state.since for state in seen} == {NOON}


async def test_five_seconds_without_an_answer_make_it_stale_since_the_last_one(rig: Rig) -> None:
    await _live(rig)
    rig.cluster.down = BROKEN
    went_down = rig.clock.now()
    seen = await rig.states_during(20)
    first_stale = next(index for index, state in enumerate(seen) if state.state == "stale")
    assert 2.5 <= first_stale / 10 <= 5.1
    assert {state.state for state in seen[first_stale:]} == {"stale"}
    assert {state.state for state in seen[:first_stale]} == {"live"}
    assert rig.state.since is not None
    assert went_down - PROBE_PERIOD <= rig.state.since <= went_down
    assert rig.state.reason == BROKEN.reason


async def test_since_is_right_when_the_wall_clock_is_set(rig: Rig, clock: LoopClock) -> None:
    await _live(rig)
    rig.cluster.down = BROKEN
    await asyncio.sleep(30)
    before = clock.now() - (rig.state.since or NOON)
    clock.wall_step = timedelta(hours=-3)
    after = clock.now() - (rig.state.since or NOON)
    assert abs(after - before) < timedelta(seconds=0.01)
    assert timedelta(seconds=30) <= after <= timedelta(seconds=30) + PROBE_PERIOD


async def test_bytes_of_the_watch_confirm_it_too(rig: Rig) -> None:
    await _live(rig)
    rig.cluster.down = BROKEN
    for _ in range(20):
        await asyncio.sleep(1)
        rig.world.put(pod("1"))
    assert rig.state.state == "live"


async def test_a_broken_flow_catches_up_for_five_seconds_and_is_stale_then(rig: Rig) -> None:
    await _live(rig)
    rig.source.refuse_watch = lambda version: FAILED
    rig.source.stream.fail(FAILED)
    broke = rig.clock.now()
    await settle()
    assert rig.says() == ("catching_up", FAILED.reason)
    await asyncio.sleep(4.9)
    assert rig.says() == ("catching_up", FAILED.reason)
    await asyncio.sleep(0.2)
    assert rig.says() == ("stale", FAILED.reason)
    assert rig.state.since is not None
    assert broke - PROBE_PERIOD <= rig.state.since <= broke


async def test_the_answer_that_ends_an_outage_does_not_vouch_for_what_was_missed(rig: Rig) -> None:
    """The watch of before the outage is opened anew, and until that worked the rows are old."""
    await _live(rig)
    rig.cluster.down = BROKEN
    went_down = rig.clock.now()
    await asyncio.sleep(60)
    rig.source.refuse_watch = lambda version: FAILED
    rig.cluster.down = None
    await asyncio.sleep(30)
    assert rig.state.state == "stale"
    assert rig.state.since is not None
    assert rig.state.since <= went_down


async def test_after_silence_it_is_live_since_it_was_heard_again(rig: Rig) -> None:
    await _live(rig)
    rig.cluster.down = BROKEN
    await asyncio.sleep(60)
    rig.cluster.down = None
    await rig.until(lambda: rig.state.state == "live")
    now = rig.clock.now()
    await asyncio.sleep(60)
    assert rig.state.since is not None
    assert abs(rig.state.since - now) < timedelta(seconds=1)


async def test_a_flow_that_fails_at_once_again_is_not_called_live(rig: Rig) -> None:
    """A server that takes each watch and drops it must not make the page blink."""
    await _live(rig)
    rig.source.opened = lambda stream: stream.fail(FAILED)
    rig.source.stream.fail(FAILED)
    await settle()
    rig.told.clear()
    seen = await rig.states_during(60)
    assert "live" not in {*rig.told, *(state.state for state in seen)}
    assert {state.state for state in seen[51:]} == {"stale"}
