"""What makes sharing a watch hard, one by one; tests/live/test_shared.py has them all at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest_asyncio

from pods.live.status import FeedState
from tests.live.replicas import COUNT, Scene, Seat


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    """Three processes with a viewer each, in step, of which one watches."""
    async with Scene.open() as scene:
        scene.lag = 0.0
        for number in range(COUNT):
            await scene.do_join(number, 0)
        await scene.do_put(0, 0)
        await asyncio.sleep(5)
        assert scene.api.open("pods") == 1
        yield scene


def seat_at(scene: Scene, process: object) -> Seat:
    """The viewer of a process."""
    return next(seat for seat in scene.seats if seat.process is process)


async def test_a_batch_that_only_some_heard_is_no_number_of_the_next_holder(scene: Scene) -> None:
    """Else who heard it takes the next one, with other changes, for what it knows."""
    holder = scene.role("holder")
    heard, missed = [process for process in scene.processes if process is not holder]
    missed.fleet.layer.deaf = True
    await scene.do_put(1, 0)
    await asyncio.sleep(0.1)
    heard.fleet.layer.thawed.clear()  # so that the other one takes over
    missed.fleet.layer.deaf = False
    await scene.do_kill(scene.processes.index(holder), 0)
    await scene.do_put(2, 0)
    source = missed.source
    assert source is not None
    await scene.until(lambda: source.role == "holder")
    heard.fleet.layer.thawed.set()
    await scene.converged()


async def test_numbers_drawn_alone_mean_nothing_to_the_others(scene: Scene) -> None:
    """The one that is alone numbers the same changes in other portions."""
    holder = scene.role("holder")
    alone = next(process for process in scene.processes if process is not holder)
    scene.lag = 0.5
    alone.fleet.layer.deaf = True
    source = alone.source
    assert source is not None
    await scene.until(lambda: source.role == "alone" and source._informer.listed)
    for slot in (1, 2, 3):
        await scene.do_put(slot, 0)
    seat = seat_at(scene, alone)
    await scene.until(lambda: len(seat.browser.rows["shop"]) == 3)
    moment = seat.browser.moments[-1]
    back = Seat(holder, scene.clock, moment, scene)
    scene.seats.append(back)
    await scene.converged()
    assert len(back.browser.rows["shop"]) == 4


async def test_a_holder_says_nothing_once_its_lease_may_be_over(scene: Scene) -> None:
    """Before it has looked at anything else: so it is when a process goes on after it was stopped."""
    source = scene.role("holder").source
    assert source is not None
    heard = {process: process.hub.feeds()[0].offset for process in scene.processes}
    source._lease._valid_until = scene.clock.monotonic()
    await scene.do_put(1, 1)
    await asyncio.sleep(0.02)
    assert source.role == "holder"
    moved = [process for process in scene.processes if process.hub.feeds()[0].offset != heard[process]]
    assert [process.source for process in moved] == [source]
    await scene.converged()


async def test_what_left_while_one_was_deaf_is_told_to_who_comes_with_it(scene: Scene) -> None:
    """The view there never had that pod; what it is told of the past has."""
    holder = scene.role("holder")
    deaf = next(process for process in scene.processes if process is not holder)
    deaf.fleet.layer.deaf = True
    await scene.do_put(1, 0)
    await asyncio.sleep(0.1)
    moment = seat_at(scene, holder).browser.moments[-1]
    assert "uid-2" in moment.rows
    await scene.do_delete(1, 0)
    await asyncio.sleep(0.1)
    deaf.fleet.layer.deaf = False
    await scene.until(lambda: deaf.hub.feeds()[0].position == holder.hub.feeds()[0].position)
    back = Seat(deaf, scene.clock, moment, scene)
    scene.seats.append(back)
    await asyncio.sleep(0.5)
    assert not back.browser.of_type("snapshot")
    assert set(back.browser.rows["shop"]) == {"uid-1"}
    await scene.converged()


async def test_who_knows_more_than_the_one_it_comes_to_follow_keeps_it(scene: Scene) -> None:
    """A process that was alone is ahead of a holder whose watch is slower; its viewers see no pod go back."""
    await _slow_holder(scene)
    alone = next(
        each for each in scene.processes if each.source is not None and each.source.role == "follower"
    )
    scene.lag = 0.0
    alone.fleet.layer.deaf = True
    source = alone.source
    assert source is not None
    await scene.until(lambda: source.role == "alone" and source._informer.listed)
    alone.fleet.layer.deaf = False
    for number in range(400):
        await scene.do_put(number % 2, number)
        if number % 40 == 5:
            await scene.do_delete(1, 0)
        await asyncio.sleep(0.05 if source.role == "alone" else 0.2)
        if number > 20 and source.role == "follower":
            break
    assert source.role == "follower"
    await scene.converged()


async def _slow_holder(scene: Scene) -> None:
    """Another one takes over, whose watch is half a second late."""
    scene.lag = 0.5
    holder = scene.role("holder")
    await scene.do_kill(scene.processes.index(holder), 0)
    await scene.until(lambda: scene.api.open("pods") == 1)
    await asyncio.sleep(5)


async def test_a_clean_end_hands_over_within_a_moment_and_shows_nothing(scene: Scene) -> None:
    holder = scene.role("holder")
    others = [seat for seat in scene.seats if seat.process is not holder]
    frames = [len(seat.browser.frames) for seat in others]
    epochs = {process.hub.feeds()[0].epoch for process in scene.processes}
    assert len(epochs) == 1
    at = scene.clock.monotonic()
    await scene.do_restart(scene.processes.index(holder), 0)
    await scene.until(lambda: scene.api.open("pods") == 1 and bool(scene.role("holder")))
    assert scene.clock.monotonic() - at < 1
    await scene.do_put(1, 0)
    await asyncio.sleep(0.5)
    for seat, before in zip(others, frames, strict=True):
        news = [frame for frame in seat.browser.frames[before:] if frame["type"] != "feed"]
        assert [row["uid"] for frame in news for row in frame["upsert"]] == ["uid-2"]
        assert all(
            frame["state"] == "live" for frame in seat.browser.frames[before:] if frame["type"] == "feed"
        )
    assert {scene.role("holder").hub.feeds()[0].epoch} == epochs
    await scene.converged()


async def test_who_asked_in_the_moment_in_which_the_holder_leaves_is_answered_before(scene: Scene) -> None:
    """It may be the only one that is left, and begins anew if it has nothing to go on from."""
    holder = scene.role("holder")
    source = holder.source
    assert source is not None
    epoch = holder.hub.feeds()[0].epoch
    for seat in [seat for seat in scene.seats if seat.process is not holder]:
        scene.seats.remove(seat)
        await seat.end()
    await scene.until(lambda: sum(len(process.hub.feeds()) for process in scene.processes) == 1)
    await scene.do_join(scene.processes.index(holder) + 1, 0)
    newcomer = scene.seats[-1].process
    await scene.until(lambda: bool(source._teller._asks))
    await scene.do_restart(scene.processes.index(holder), 0)
    await scene.until(lambda: newcomer.source is not None and newcomer.source.role == "holder")
    assert newcomer.hub.feeds()[0].epoch == epoch
    await scene.converged()


async def test_who_is_ended_in_the_moment_in_which_its_lease_is_renewed_ends(scene: Scene) -> None:
    """Also where the library that renews it loses the cancellation."""
    holder = scene.role("holder")
    assert holder.source is not None
    asked = asyncio.Event()

    async def renewed(names: object, values: object) -> int:
        asked.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return 1

    holder.source._lease._renew = renewed  # type: ignore[assignment]
    await asyncio.wait_for(asked.wait(), 5)
    await asyncio.wait_for(scene.do_restart(scene.processes.index(holder), 0), 5)
    await scene.converged()


async def test_a_cluster_that_goes_back_is_followed(scene: Scene) -> None:
    """A restored cluster has older versions of its pods: the holder says so, and the others believe it."""
    await scene.do_put(0, 0)
    await asyncio.sleep(1)
    uid, record = next(iter(scene.api.pods.items.items()))
    old = type(record)(record.uid, record.row, record.labels, record.controller, record.version - 1)
    scene.api.pods.items[uid] = old
    for seat in scene.seats:
        await seat.end()
    scene.seats.clear()
    for number in range(COUNT):
        await scene.do_join(number, 0)
    holder = scene.role("holder").source
    assert holder is not None
    holder.restart()
    await asyncio.sleep(10)
    for process in scene.processes:
        assert process.hub.feeds()[0].records[uid].version == old.version
    await scene.converged()


async def test_a_holder_that_falls_silent_is_told_as_it_is(scene: Scene) -> None:
    """Live while it was heard a moment ago, then catching up, then stale; never silently old."""
    for process in scene.processes:
        process.fleet.layer.deaf = True
    follower = next(process for process in scene.processes if process is not scene.role("holder"))
    scene.lag = 100.0  # watching for itself brings nothing
    states: list[FeedState] = []
    for _ in range(80):
        await asyncio.sleep(0.1)
        states.append(follower.hub.feeds()[0].state())
    order = [state.state for state in states]
    assert order == sorted(order, key=("live", "catching_up", "stale").index)
    assert {"live", "catching_up", "stale"} == set(order)
    scene.lag = 0.0
    for seat in scene.seats:
        await seat.end()
    scene.seats.clear()
    await asyncio.sleep(2)


async def test_who_comes_with_a_token_to_a_process_that_has_just_started_gets_what_changed(
    scene: Scene,
) -> None:
    """As in a rolling restart: it knows nothing yet when the first one comes."""
    holder = scene.role("holder")
    moment = seat_at(scene, holder).browser.moments[-1]
    number = next(number for number, process in enumerate(scene.processes) if process is not holder)
    await scene.do_restart(number, 0)
    await scene.do_put(1, 0)
    await asyncio.sleep(0.5)
    back = Seat(scene.processes[number], scene.clock, moment, scene)
    scene.seats.append(back)
    await scene.until(lambda: len(back.browser.rows["shop"]) == 2)
    assert not back.browser.of_type("snapshot")
    changed = [row["uid"] for frame in back.browser.of_type("delta") for row in frame["upsert"]]
    assert changed == ["uid-2"]
    await scene.converged()


async def test_a_token_that_is_ahead_of_where_it_comes_to_is_waited_for(scene: Scene) -> None:
    """The holder tells its viewers and the other processes at one moment; the others may be busy."""
    holder = scene.role("holder")
    late = next(process for process in scene.processes if process is not holder)
    late.fleet.layer.thawed.clear()
    await scene.do_put(1, 0)
    await asyncio.sleep(0.1)
    moment = seat_at(scene, holder).browser.moments[-1]
    assert set(moment.rows) == {"uid-1", "uid-2"}
    back = Seat(late, scene.clock, moment, scene)
    scene.seats.append(back)
    await asyncio.sleep(0.5)
    late.fleet.layer.thawed.set()
    await scene.do_put(2, 0)
    await scene.until(lambda: len(back.browser.rows["shop"]) == 3)
    assert not back.browser.of_type("snapshot")
    await scene.converged()
