"""A view encodes each delta once, in frames of a bounded size, and never what its rule does not admit."""

import asyncio
import json
import sys
from typing import Any

import pytest

from pods.domain import protocol
from pods.domain.rights import NamespaceRule
from pods.domain.row import Row
from pods.domain.token import MAX_TOKEN_BYTES
from pods.domain.viewfilter import ViewFilter
from pods.live import snapshot as snapshot_module
from pods.live import view as view_module
from pods.live.snapshot import FRAME_BYTES, Frame
from pods.live.subscription import Subscription
from pods.live.view import MAX_DELTA_REMOVES, MAX_DELTA_ROWS, View
from tests.live.bench import Bench, Wakes, drain
from tests.live.browser import Browser
from tests.live.fakes import pod
from tests.live.virtual import LoopClock

ENVELOPE_BYTES = 500


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The uids of the rows encoded so far."""
    uids: list[str] = []

    def counting(row: Row) -> Any:
        uids.append(row.uid)
        return protocol.encode_row(row)

    for module in (view_module, snapshot_module):
        monkeypatch.setattr(module, "encode_row", counting)
    return uids


def _read(frames: list[Frame]) -> list[dict[str, Any]]:
    return [json.loads(frame.text) for frame in frames]


async def _merged(subscription: Subscription, browser: Browser) -> None:
    for frame in drain(subscription):
        await browser.receive(frame.text)


async def test_a_delta_is_encoded_once_for_all_viewers_in_step(bench: Bench, encoded: list[str]) -> None:
    bench.relist(*(pod(str(number)) for number in range(50)))
    view = bench.view()
    viewers = [Subscription(view, Wakes()) for _ in range(100)]
    snapshots = {tuple(frame.text for frame in drain(viewer)) for viewer in viewers}
    assert len(snapshots) == 1
    assert len(encoded) == 50
    bench.put(pod("7", status="Error"), pod("new"))
    await asyncio.sleep(1)
    deltas = [drain(viewer) for viewer in viewers]
    assert all(delta[0] is deltas[0][0] for delta in deltas)
    assert len(encoded) == 52
    for viewer in viewers:
        viewer.close()


async def test_those_that_are_behind_alike_share_too(bench: Bench, encoded: list[str]) -> None:
    bench.relist()
    view = bench.view()
    viewers = [Subscription(view, Wakes()) for _ in range(10)]
    for viewer in viewers:
        drain(viewer)
    for number in range(30):
        bench.put(pod("1", status=f"Init:{number}"))
        await asyncio.sleep(1)
    for viewer in viewers:
        [frame] = _read(drain(viewer))
        assert [row["status"] for row in frame["upsert"]] == ["Init:29"]
    assert len(encoded) == 1


async def test_a_snapshot_comes_in_parts_of_a_bounded_size(bench: Bench, encoded: list[str]) -> None:
    records = [pod(str(number), padding=number % 900) for number in range(2000)]
    bench.relist(*records)
    view = bench.view()
    subscriptions = [Subscription(view, Wakes()) for _ in range(3)]
    frames = drain(subscriptions[0])
    parts = _read(frames)
    assert [part["part"] for part in parts] == list(range(1, len(parts) + 1))
    assert [part["last"] for part in parts] == [False] * (len(parts) - 1) + [True]
    assert len({part["token"] for part in parts}) == 1
    longest_row = max(len(json.dumps(row)) for part in parts for row in part["pods"])
    assert max(frame.size for frame in frames) <= FRAME_BYTES + longest_row + ENVELOPE_BYTES
    assert min(frame.size for frame in frames[:-1]) >= FRAME_BYTES
    assert sorted(row["uid"] for part in parts for row in part["pods"]) == sorted(r.uid for r in records)


async def test_an_empty_view_is_one_part_without_rows(bench: Bench) -> None:
    bench.relist()
    [frame] = _read(drain(Subscription(bench.view(), Wakes())))
    assert (frame["part"], frame["last"], frame["pods"]) == (1, True, [])


async def test_a_large_delta_comes_in_frames_that_start_where_it_starts(bench: Bench) -> None:
    """Who stops between them starts there again."""
    bench.relist()
    view = bench.view()
    subscription = Subscription(view, Wakes())
    drain(subscription)
    start = view.token(bench.feed.offset)
    bench.put(*(pod(str(number), padding=500) for number in range(500)))
    await asyncio.sleep(1)
    frames = drain(subscription)
    deltas = _read(frames)
    assert len(deltas) > 3
    assert {delta["token"] for delta in deltas[:-1]} == {start}
    assert deltas[-1]["token"] == view.token(bench.feed.offset)
    row = max(len(json.dumps(row)) for delta in deltas for row in delta["upsert"])
    assert max(frame.size for frame in frames) <= FRAME_BYTES + row + ENVELOPE_BYTES
    assert sum(len(delta["upsert"]) for delta in deltas) == 500


async def test_many_removals_come_in_frames_of_a_bounded_size_too(bench: Bench) -> None:
    uid = "00000000-0000-4000-8000-{:012d}"
    records = [pod(uid.format(number)) for number in range(MAX_DELTA_REMOVES)]
    bench.relist(*records)
    view = bench.view()
    subscription, browser = Subscription(view, Wakes()), Browser()
    await _merged(subscription, browser)
    start = view.token(bench.feed.offset)
    bench.relist(pod("left", padding=400))
    await asyncio.sleep(1)
    frames = drain(subscription)
    for frame in frames:
        await browser.receive(frame.text)
    assert set(browser.rows["shop"]) == {"left"}
    assert max(frame.size for frame in frames) <= FRAME_BYTES + 1000 + ENVELOPE_BYTES
    assert {(frame["type"], frame["token"]) for frame in _read(frames[:-1])} == {("delta", start)}


async def test_more_removals_than_that_are_a_snapshot(bench: Bench) -> None:
    bench.relist(*(pod(str(number)) for number in range(MAX_DELTA_REMOVES + 1)))
    subscription = Subscription(bench.view(), Wakes())
    drain(subscription)
    bench.relist(pod("left"))
    await asyncio.sleep(1)
    [frame] = _read(drain(subscription))
    assert frame["type"] == "snapshot"


async def test_more_than_a_thousand_rows_are_a_snapshot(bench: Bench) -> None:
    bench.relist()
    subscription = Subscription(bench.view(), Wakes())
    drain(subscription)
    bench.put(*(pod(str(number)) for number in range(MAX_DELTA_ROWS)))
    await asyncio.sleep(1)
    assert {frame["type"] for frame in _read(drain(subscription))} == {"delta"}
    bench.put(*(pod(str(number), status="Error") for number in range(MAX_DELTA_ROWS + 1)))
    await asyncio.sleep(1)
    parts = _read(drain(subscription))
    assert {frame["type"] for frame in parts} == {"snapshot"}
    assert sum(len(part["pods"]) for part in parts) == MAX_DELTA_ROWS + 1


async def test_a_snapshot_under_way_is_finished_and_followed_by_what_changed(bench: Bench) -> None:
    bench.relist(*(pod(str(number), padding=900) for number in range(200)))
    subscription, browser = Subscription(bench.view(), Wakes()), Browser()
    first = subscription.next_frame()
    assert first is not None
    await browser.receive(first.text)
    bench.put(pod("0", status="Error"))
    bench.delete(pod("199"))
    await asyncio.sleep(1)
    await _merged(subscription, browser)
    assert browser.rows["shop"]["0"]["status"] == "Error"
    assert len(browser.rows["shop"]) == 199


async def test_leaving_the_filter_is_a_remove_and_entering_it_an_upsert(bench: Bench) -> None:
    bench.relist(pod("1", labels={"tier": "x"}), pod("2"))
    subscription = Subscription(bench.view(ViewFilter.parse("", "tier=x")), Wakes())
    drain(subscription)
    bench.put(pod("1"), pod("2", labels={"tier": "x"}))
    await asyncio.sleep(1)
    [delta] = _read(drain(subscription))
    assert [row["uid"] for row in delta["upsert"]] == ["2"]
    assert delta["remove"] == ["1"]


async def test_what_was_never_in_the_view_is_not_mentioned(bench: Bench) -> None:
    bench.relist(pod("1", labels={"tier": "x"}), pod("2"))
    subscription = Subscription(bench.view(ViewFilter.parse("", "tier=x")), Wakes())
    drain(subscription)
    bench.put(pod("2", status="Error"))
    bench.delete(pod("2"))
    await asyncio.sleep(1)
    assert subscription.has_more()
    assert drain(subscription) == []
    assert not subscription.has_more()
    assert subscription.sent_token() == subscription.view.token(bench.feed.offset)


async def test_a_rule_keeps_even_uids_back_from_who_resumes(clock: LoopClock) -> None:
    """A view made late does not know what it held, and may name only what it may show."""
    bench = Bench(clock, "*")
    bench.relist(pod("1", "a"), pod("2", "secret"))
    rule = NamespaceRule(patterns=("a",))
    old = bench.view(rule=rule)
    token = old.token(bench.feed.offset)
    bench.delete(pod("1", "a"), pod("2", "secret"))
    await asyncio.sleep(1)
    [delta] = _read(drain(Subscription(bench.view(rule=rule), Wakes(), [token])))
    assert delta["remove"] == ["1"]


async def test_tokens_of_other_views_feeds_and_hands_are_answered_with_a_snapshot(clock: LoopClock) -> None:
    bench, other = Bench(clock, "*"), Bench(clock, "*")
    for each in (bench, other):
        each.relist(pod("1", "a"))
        each.put(pod("2", "a"))
    await asyncio.sleep(1)
    view = bench.view()
    own = view.token(bench.feed.offset)
    foreign = [
        other.view().token(other.feed.offset),
        bench.view(ViewFilter.parse("web")).token(bench.feed.offset),
        bench.view(rule=NamespaceRule(patterns=("a",))).token(bench.feed.offset),
        View(bench.feed, "a", ViewFilter(), None).token(bench.feed.offset),
        view.token(bench.feed.offset + 1),
        own[:-1],
        own + "A",
        "x" * 600,
        "é",
        "",
    ]
    for token in foreign:
        [frame] = _read(drain(Subscription(view, Wakes(), [token])))
        assert frame["type"] == "snapshot", token
    assert drain(Subscription(view, Wakes(), [*foreign, own])) == []
    assert len(own) <= MAX_TOKEN_BYTES


async def test_nothing_is_given_before_the_first_list(bench: Bench) -> None:
    bench.put(pod("1"))
    subscription = Subscription(bench.view(), wakes := Wakes(), [bench.view().token(0)])
    await asyncio.sleep(1)
    assert (drain(subscription), subscription.has_more(), subscription.sent_token()) == ([], False, None)
    bench.relist(pod("1"))
    assert wakes.count
    assert _read(drain(subscription))[0]["type"] == "snapshot"


async def test_a_closed_subscription_is_not_woken(bench: Bench) -> None:
    bench.relist()
    subscription = Subscription(bench.view(), wakes := Wakes())
    subscription.close()
    subscription.close()
    bench.put(pod("1"))
    await asyncio.sleep(1)
    assert wakes.count == 0
    assert not bench.feed.followers


async def test_a_snapshot_stopped_in_the_middle_keeps_no_row_alive_and_still_leads_to_the_state(
    bench: Bench,
) -> None:
    """A viewer that stops reading for a while, in a namespace where all changes meanwhile."""
    bench.relist(*(pod(str(number), padding=800) for number in range(500)))
    view = bench.view()
    subscription, browser = Subscription(view, Wakes()), Browser()
    first = subscription.next_frame()
    assert first is not None
    await browser.receive(first.text)
    old = [record.row for record in bench.feed.records.values()]
    bench.relist(*(pod(str(number), status="Error", padding=400) for number in range(100, 600)))
    await asyncio.sleep(1)
    assert {sys.getrefcount(old[index]) for index in range(len(old))} == {2}, "our list's, and the call's"
    await _merged(subscription, browser)
    rows = browser.rows[view.label]
    assert sorted(rows) == sorted(str(number) for number in range(100, 600))
    assert {row["status"] for row in rows.values()} == {"Error"}
    subscription.close()


async def test_a_delta_of_too_many_bytes_is_a_snapshot_instead(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_module, "MAX_DELTA_BYTES", 100_000)
    bench.relist(*(pod(str(number), padding=800) for number in range(200)))
    view = bench.view()
    subscription = Subscription(view, Wakes())
    drain(subscription)
    bench.put(*(pod(str(number), status="Error", padding=800) for number in range(50)))
    await asyncio.sleep(1)
    assert {frame["type"] for frame in _read(drain(subscription))} == {"delta"}
    bench.put(*(pod(str(number), status="Unknown", padding=800) for number in range(200)))
    await asyncio.sleep(1)
    assert {frame["type"] for frame in _read(drain(subscription))} == {"snapshot"}
    subscription.close()
