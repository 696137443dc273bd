"""A reflector keeps its sink equal to the API server, whichever way the server fails."""

import asyncio
import itertools

import pytest

from pods.domain.reasons import Reason
from pods.kube.errors import Expired, Unsupported, VersionTooLarge
from pods.kube.listwatch import Event, InitialEventsMissing
from pods.kube.resource import PodRecord
from pods.live.reflector import INITIAL_SECONDS
from tests.live.fakes import FakeCluster, Stream, pod
from tests.live.rig import Rig
from tests.live.virtual import LoopClock, settle

GONE = Expired(Reason("expired"))
REFUSED = Unsupported(Reason("bad_answer", {"detail": "HTTP 400"}))


async def test_lists_and_watches_with_one_request(rig: Rig) -> None:
    rig.world.put(pod("1"), pod("2"))
    rig.start()
    await settle()
    assert rig.holds_all()
    rig.world.put(pod("1", status="Error"), pod("3"))
    rig.world.delete("2")
    await settle()
    assert rig.holds_all()
    assert rig.source.asked() == ["stream"]
    assert rig.sink.lists == 1


async def test_a_refused_streaming_list_is_replaced_and_remembered_for_the_cluster(rig: Rig) -> None:
    rig.world.put(pod("1"))
    rig.source.refuse_watch = lambda version: REFUSED if version is None else None
    rig.start()
    await settle()
    assert rig.holds_all()
    assert rig.source.asked() == ["stream", "list", "watch"]
    other = Rig(rig.clock, rig.cluster)
    other.start()
    await settle()
    assert other.source.asked() == ["list", "watch"]
    await other.stop()


async def test_an_end_bookmark_that_never_comes_is_remembered_too(rig: Rig) -> None:
    """The transport gives up after 5 s of silence."""
    rig.world.put(pod("1"))
    rig.source.silent = True
    missing = InitialEventsMissing(Reason("reconnecting"))

    def give_up(stream: Stream[PodRecord]) -> None:
        if stream.version is None:
            asyncio.get_running_loop().call_later(5, stream.fail, missing)

    rig.source.opened = give_up
    rig.start()
    await asyncio.sleep(5.1)
    assert rig.holds_all()
    assert rig.source.asked() == ["stream", "list", "watch"]
    assert not rig.cluster.streaming_lists


async def test_a_streaming_list_that_goes_on_for_ever_is_given_up(rig: Rig) -> None:
    """A busy namespace is never silent: changes follow the first objects, and the bookmark never comes."""
    rig.source.silent = True
    rig.world.put(pod("0"))
    rig.start()
    for second in range(int(INITIAL_SECONDS) + 5):
        rig.world.put(pod("0", status=f"Init:{second}"))
        await asyncio.sleep(1)
    assert rig.holds_all()
    assert rig.state.state == "live"
    assert rig.source.open == 1


async def test_changes_may_come_among_the_first_objects(rig: Rig) -> None:
    rig.world.put(pod("1"), pod("2"))
    rig.source.silent = True
    rig.start()
    await settle()
    rig.world.put(pod("2", status="Error"))
    rig.world.delete("1")
    rig.source.stream.send(rig.world.bookmark(initial_end=True))
    await settle()
    assert rig.sink.lists == 1
    assert rig.holds_all()


def _expire_in_the_answer(rig: Rig) -> None:
    answers = [GONE]
    rig.source.refuse_watch = lambda version: answers.pop() if version and answers else None
    rig.source.stream.end()


def _expire_in_an_event(rig: Rig) -> None:
    rig.source.stream.fail(GONE)


def _expire_in_a_continued_list(rig: Rig) -> None:
    rig.source.page_size = 2
    rig.source.break_after_pages = GONE
    rig.source.stream.fail(GONE)


@pytest.mark.parametrize("expire", [_expire_in_the_answer, _expire_in_an_event, _expire_in_a_continued_list])
@pytest.mark.parametrize("streaming", [True, False])
async def test_410_is_answered_by_a_list_of_everything(rig: Rig, expire: object, streaming: bool) -> None:
    assert callable(expire)
    rig.cluster.streaming_lists = streaming
    rig.world.put(*(pod(str(number)) for number in range(5)))
    rig.start()
    await asyncio.sleep(60)
    expire(rig)
    rig.world.streams.clear()
    rig.world.replace("1", pod("1 again", name="pod-1"))
    rig.world.compact()
    within = await rig.until(rig.holds_all)
    assert within < (3.1 if expire is _expire_in_a_continued_list else 0.05)
    assert rig.sink.lists == 2


async def test_the_first_410_lists_at_once_and_repeated_ones_back_off(rig: Rig) -> None:
    rig.cluster.streaming_lists = False
    rig.start()
    await asyncio.sleep(60)
    rig.source.refuse_watch = lambda version: GONE
    rig.source.stream.end()
    begun = rig.clock.monotonic()
    await asyncio.sleep(40)
    lists = [at - begun for at, verb, _ in rig.source.requests if verb == "list" and at >= begun]
    assert lists[0] < 0.05
    gaps = [after - before for before, after in itertools.pairwise(lists)]
    assert gaps == pytest.approx([3, 12, 22.5], abs=0.1), "each try is two requests, and counts twice"


async def test_a_version_that_the_server_has_not_reached_is_forgotten(rig: Rig) -> None:
    """A cluster restored from a backup."""
    rig.world.put(pod("1"), pod("2"))
    rig.start()
    await asyncio.sleep(60)
    rig.source.refuse_watch = lambda version: VersionTooLarge(Reason("expired")) if version else None
    rig.world.items = {"1": pod("1", status="Pending")}
    rig.world.version = 50
    rig.source.stream.end()
    assert await rig.until(rig.holds_all) < 0.05
    assert rig.source.asked()[-2:] == ["watch", "stream"]


async def test_a_bookmark_moves_the_version_on(rig: Rig) -> None:
    rig.start()
    await asyncio.sleep(30)
    rig.world.version = 777
    rig.source.stream.send(rig.world.bookmark())
    await settle()
    rig.source.stream.end()
    await settle()
    assert rig.source.requests[-1].version == "777"


async def test_a_change_after_the_last_version_is_never_missed(rig: Rig) -> None:
    """Between the end of one watch and the beginning of the next."""
    rig.start()
    await asyncio.sleep(30)
    rig.source.stream.end()
    rig.world.streams.clear()
    rig.world.put(pod("1"))
    assert await rig.until(rig.holds_all) < 0.05
    assert rig.sink.lists == 1


async def test_at_most_four_lists_of_a_cluster_at_once(clock: LoopClock) -> None:
    cluster = FakeCluster(clock)
    cluster.streaming_lists = False
    rigs = [Rig(clock, cluster, f"ns-{number}") for number in range(10)]
    for each in rigs:
        each.source.list_seconds = 1.0
        each.start()
    most = 0
    for _ in range(40):
        await asyncio.sleep(0.1)
        most = max(most, sum(each.source.open for each in rigs if not each.source.streams))
    assert most == 4
    assert all(each.source.asked() == ["list", "watch"] for each in rigs)
    for each in rigs:
        await each.stop()


async def test_another_address_of_the_cluster_means_another_list(rig: Rig) -> None:
    rig.start()
    await asyncio.sleep(30)
    await rig.cluster.reconfigure(rig.cluster.source)
    rig.source.stream.end()
    await settle()
    assert rig.source.asked() == ["stream", "stream"]


class Broken(Exception):
    """What a defect of ours raises."""


def _raise() -> None:
    raise Broken


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("moment", ["list", "watch"])
async def test_every_response_is_closed_when_taking_it_in_fails(
    rig: Rig, streaming: bool, moment: str
) -> None:
    rig.cluster.streaming_lists = streaming
    if moment == "list":
        rig.sink.taken = _raise
    rig.start()
    await settle()
    rig.sink.taken = _raise
    rig.world.put(pod("1"))
    assert rig.task is not None
    await asyncio.wait([rig.task])
    assert isinstance(rig.task.exception(), Broken)
    assert rig.source.open == 0


def _during_a_list(rig: Rig) -> None:
    rig.cluster.streaming_lists = False
    rig.source.list_seconds = 60.0


def _during_the_first_objects(rig: Rig) -> None:
    rig.source.silent = True


def _during_a_watch(rig: Rig) -> None:
    pass


def _during_a_pause(rig: Rig) -> None:
    rig.source.refuse_watch = lambda version: GONE


@pytest.mark.parametrize(
    "prepare", [_during_a_list, _during_the_first_objects, _during_a_watch, _during_a_pause]
)
async def test_cancelling_closes_everything(rig: Rig, prepare: object) -> None:
    assert callable(prepare)
    prepare(rig)
    rig.start()
    await asyncio.sleep(20)
    await rig.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_event_that_comes_with_the_end_of_the_list_counts(rig: Rig) -> None:
    rig.source.silent = True
    rig.start()
    await settle()
    stream: Stream[PodRecord] = rig.source.stream
    late: Event[PodRecord] = Event("ADDED", pod("9"), "900")
    stream.send(rig.world.bookmark(initial_end=True), late)
    await settle()
    assert list(rig.sink.items) == ["9"]
    await asyncio.sleep(30)
    stream.end()
    await settle()
    assert rig.source.requests[1].version == "900"
