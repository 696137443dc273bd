"""A picture is made once for all who ask, says what the socket's snapshot says, and goes with its view."""

import asyncio
import gc
import gzip
import json
import weakref
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pods.deflate import Part, deflated, gzipped, inflated
from pods.domain import protocol
from pods.domain.row import Row
from pods.domain.scope import Scope
from pods.domain.viewfilter import ViewFilter
from pods.live import picture as picture_module
from pods.live.hub import Held, Hub
from pods.live.picture import ROWS_PER_TURN
from pods.live.subscription import Subscription
from pods.live.view import View
from tests.live.api import FakeApi
from tests.live.bench import Bench, Wakes, drain
from tests.live.fakes import pod

SHOP = Scope("kind", "pods", "shop")


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The uids of the rows encoded so far."""
    uids: list[str] = []

    def counting(rows: Sequence[Row]) -> bytes:
        uids.extend(row.uid for row in rows)
        return protocol.encode_rows(rows)

    monkeypatch.setattr(picture_module, "encode_rows", counting)
    return uids


def _rows(part: Part) -> list[Any]:
    inside = b"".join(inflated(part))
    assert gzip.decompress(gzipped([part])) == inside
    rows: list[Any] = json.loads(b"[" + inside + b"]")
    return rows


def _snapshot(view: View) -> list[Any]:
    """The rows as a socket gets them."""
    subscription = Subscription(view, Wakes())
    rows = [row for frame in drain(subscription) for row in json.loads(frame.text)["pods"]]
    subscription.close()
    return rows


@pytest.mark.parametrize("pods", [0, 1, ROWS_PER_TURN, ROWS_PER_TURN + 1, 5 * ROWS_PER_TURN - 1])
async def test_it_holds_the_rows_of_the_socket_s_snapshot(bench: Bench, pods: int) -> None:
    bench.relist(*(pod(str(number), status=f"Ünready {number}", padding=number) for number in range(pods)))
    view = bench.view()
    rows = _rows(await view.snapshot().picture.part())
    assert len(rows) == pods
    assert rows == _snapshot(view)


async def test_all_who_ask_at_one_offset_share_it_also_while_it_is_made(
    bench: Bench, encoded: list[str]
) -> None:
    bench.relist(*(pod(str(number)) for number in range(10 * ROWS_PER_TURN)))
    view = bench.view()
    asking = [asyncio.create_task(view.snapshot().picture.part(), name=f"asks {n}") for n in range(20)]
    while len(encoded) < 3 * ROWS_PER_TURN:
        await asyncio.sleep(0)
    assert len(encoded) < 10 * ROWS_PER_TURN, "it is being made"
    asking[0].cancel()  # whoever makes it leaves
    parts = await asyncio.gather(*asking[1:])
    assert asking[0].cancelled()
    assert all(part is parts[0] for part in parts)
    assert await view.snapshot().picture.part() is parts[0]
    assert sorted(encoded) == sorted(str(number) for number in range(10 * ROWS_PER_TURN))


async def test_others_have_a_turn_after_every_few_rows(bench: Bench, encoded: list[str]) -> None:
    bench.relist(*(pod(str(number)) for number in range(10 * ROWS_PER_TURN)))
    making = asyncio.create_task(bench.view().snapshot().picture.part(), name="makes")
    seen = {0}
    while not making.done():
        await asyncio.sleep(0)
        seen.add(len(encoded))
    assert seen == {turn * ROWS_PER_TURN for turn in range(11)}


async def test_a_change_makes_another_one_and_lets_the_last_one_go(bench: Bench, encoded: list[str]) -> None:
    bench.relist(pod("1"), pod("2"))
    view = bench.view()
    before = view.snapshot()
    assert len(_rows(await before.picture.part())) == 2
    kept = weakref.ref(before.picture)
    offset, token = before.offset, before.token
    del before
    bench.put(pod("3"))
    await asyncio.sleep(1)
    assert view.delta(offset), "the view moves on with whoever follows it"
    gc.collect()
    assert kept() is None
    after = view.snapshot()
    assert after.token != token
    assert sorted(row["uid"] for row in _rows(await after.picture.part())) == ["1", "2", "3"]
    assert sorted(encoded) == ["1", "1", "2", "2", "3"]


async def test_who_asks_for_the_next_one_does_not_disturb_the_one_that_is_made(bench: Bench) -> None:
    bench.relist(*(pod(str(number)) for number in range(5 * ROWS_PER_TURN)))
    view = bench.view()
    first = asyncio.create_task(view.snapshot().picture.part(), name="first")
    await asyncio.sleep(0)
    bench.delete(pod("0"))
    bench.feed.settle()
    second = asyncio.create_task(view.snapshot().picture.part(), name="second")
    assert len(_rows(await first)) == 5 * ROWS_PER_TURN
    assert len(_rows(await second)) == 5 * ROWS_PER_TURN - 1


async def test_nothing_is_kept_after_the_view_is_gone(api: FakeApi, hub: Hub, encoded: list[str]) -> None:
    api.pods.put(pod("1"))
    one, other = _look(hub), _look(hub)
    await asyncio.sleep(1)
    pictures = [held.subscription.view.snapshot().picture for held in (one, other)]
    assert pictures[0] is pictures[1], "one for all viewers of the view"
    assert len(_rows(await pictures[0].part())) == 1
    kept = weakref.ref(pictures[0])
    del pictures
    one.close()
    gc.collect()
    assert kept() is other.subscription.view.snapshot().picture
    other.close()
    del one, other
    gc.collect()
    assert kept() is None, "while the feed lingers"
    assert encoded == ["1"]


@given(st.lists(st.binary(max_size=3000), max_size=8))
def test_parts_make_one_gzip_file(contents: list[bytes]) -> None:
    parts = [deflated(content) for content in contents]
    assert gzip.decompress(gzipped(parts)) == b"".join(contents)
    assert [b"".join(inflated(part)) for part in parts] == contents


def _look(hub: Hub) -> Held:
    return hub.subscribe(SHOP, "shop", ViewFilter(), None, Wakes())
