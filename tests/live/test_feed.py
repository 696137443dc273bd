"""A feed numbers changes, coalesces bursts, and holds a bounded past."""

import asyncio
import random
from collections import Counter

import pytest

from pods.domain.row import HEALTHS
from pods.live import feed as feed_module
from pods.live.feed import HELD_SECONDS, TICK_SECONDS
from tests.live.bench import Bench, Wakes
from tests.live.fakes import pod
from tests.live.virtual import LoopClock, settle


async def test_a_change_after_a_quiet_moment_goes_at_once(bench: Bench, clock: LoopClock) -> None:
    bench.relist()
    await asyncio.sleep(1)
    wakes = Wakes()
    bench.feed.followers.add(wakes)
    at = clock.monotonic()
    bench.put(pod("1"))
    await settle()
    assert (bench.feed.offset, wakes.count, clock.monotonic()) == (1, 1, at)


async def test_a_burst_is_coalesced_by_pod_within_a_tick(bench: Bench) -> None:
    bench.relist()
    wakes = Wakes()
    bench.feed.followers.add(wakes)
    for number in range(200):
        bench.put(pod(str(number % 2), status=f"Init:{number}"))
        await asyncio.sleep(TICK_SECONDS / 50)
    await asyncio.sleep(TICK_SECONDS)
    ticks = 200 / 50
    assert ticks <= bench.feed.offset <= ticks + 2
    assert wakes.count == bench.feed.offset
    assert bench.feed.changes_since(0) == {"0": "shop", "1": "shop"}
    assert bench.feed.changes_since(bench.feed.offset) == {}


async def test_the_past_is_held_by_number_of_changes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "HELD_CHANGES", 3)
    bench.relist()
    for number in range(10):
        bench.put(pod("1", status=f"Init:{number}"))
        await asyncio.sleep(1)
    assert bench.feed.offset == 10
    assert bench.feed.floor == 7
    assert bench.feed.changes_since(6) is None
    assert bench.feed.changes_since(7) == {"1": "shop"}
    assert bench.feed.changes_since(11) is None


async def test_of_many_pods_one_change_each_is_held(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a rollout of everything would send everyone a snapshot."""
    monkeypatch.setattr(feed_module, "HELD_CHANGES", 3)
    bench.relist()
    bench.put(*(pod(str(number)) for number in range(20)))
    await asyncio.sleep(1)
    assert bench.feed.floor == 0


async def test_the_past_is_held_for_five_minutes(bench: Bench) -> None:
    bench.relist()
    bench.put(pod("1"))
    await asyncio.sleep(HELD_SECONDS - 1)
    bench.put(pod("2"))
    await settle()
    assert bench.feed.floor == 0
    await asyncio.sleep(2)
    bench.put(pod("3"))
    await settle()
    assert bench.feed.floor == 1
    assert bench.feed.changes_since(1) == {"2": "shop", "3": "shop"}


async def test_nothing_before_the_first_list_is_held(bench: Bench) -> None:
    bench.put(pod("1"))
    await asyncio.sleep(1)
    bench.relist(pod("1"))
    assert bench.feed.floor == bench.feed.offset
    assert bench.feed.changes_since(bench.feed.offset - 1) is None


async def test_each_life_of_a_feed_has_an_epoch_of_its_own(clock: LoopClock) -> None:
    assert len({Bench(clock).feed.epoch for _ in range(20)}) == 20


async def test_a_relist_without_a_change_sends_nothing(bench: Bench) -> None:
    bench.relist(pod("1"), pod("2", status="Error"))
    await asyncio.sleep(1)
    offset = bench.feed.offset
    wakes = Wakes()
    bench.feed.followers.add(wakes)
    bench.relist(pod("2", status="Error"), pod("1"))
    bench.put(pod("1"))
    await asyncio.sleep(1)
    assert (bench.feed.offset, wakes.count) == (offset, 0)


async def test_a_relist_is_a_difference(bench: Bench) -> None:
    bench.relist(pod("same"), pod("gone"), pod("changed"))
    await asyncio.sleep(1)
    offset = bench.feed.offset
    bench.relist(pod("same"), pod("changed", status="Error"), pod("new"))
    await asyncio.sleep(1)
    assert bench.feed.changes_since(offset) == {"gone": "shop", "changed": "shop", "new": "shop"}


async def test_labels_that_no_row_shows_are_a_change(bench: Bench) -> None:
    """A selector sees all labels, a row at most 4 kB of them."""
    bench.relist(pod("1"))
    bench.told.clear()
    record = pod("1")
    record.labels = {"beyond": "the cut"}
    bench.put(record)
    assert bench.told == [{"1": "shop"}]


@pytest.mark.parametrize("gap", [False, True])
async def test_a_pod_created_again_is_a_removal_and_an_arrival(bench: Bench, gap: bool) -> None:
    old, new = pod("old", name="db-0"), pod("new", name="db-0")
    bench.relist(old)
    await asyncio.sleep(1)
    offset = bench.feed.offset
    if gap:
        bench.relist(new)
    else:
        bench.delete(old)
        bench.put(new)
    await asyncio.sleep(1)
    assert bench.feed.changes_since(offset) == {"old": "shop", "new": "shop"}
    assert set(bench.feed.records) == {"new"}


async def test_counts_are_those_of_the_records(clock: LoopClock) -> None:
    bench = Bench(clock, "*")
    rng = random.Random(7)
    bench.relist()
    for _ in range(300):
        uid = str(rng.randrange(30))
        record = pod(uid, f"ns-{int(uid) % 3}", health=rng.choice(HEALTHS))
        if rng.random() < 0.4:
            bench.delete(record)
        else:
            bench.put(record)
        await asyncio.sleep(rng.choice((0, 0.01, 0.1)))
    await asyncio.sleep(1)
    rows = [record.row for record in bench.feed.records.values()]
    recount = Counter((row.namespace, row.health) for row in rows)
    assert bench.feed.counts() == {
        namespace: {health: recount[namespace, health] for health in HEALTHS}
        for namespace in {row.namespace for row in rows}
    }
    bench.relist()
    await asyncio.sleep(1)
    assert bench.feed.counts() == {}


async def test_a_new_state_wakes_once_and_since_stays_fresh(bench: Bench, clock: LoopClock) -> None:
    wakes = Wakes()
    bench.feed.followers.add(wakes)
    bench.stale()
    assert wakes.count == 1
    await asyncio.sleep(1)
    bench.state = type(bench.state)("stale", clock.now(), bench.state.reason)
    assert not bench.feed.check_state()
    assert (wakes.count, bench.feed.told) == (1, bench.state)


async def test_a_closed_feed_ticks_no_more(bench: Bench) -> None:
    bench.relist()
    bench.put(pod("1"))
    await settle()
    bench.put(pod("2"))
    bench.feed.close()
    await asyncio.sleep(1)
    assert bench.feed.offset == 1
