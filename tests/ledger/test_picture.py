"""The picture of the ledger: the worst first, at most so many rows, all of them counted, and quick."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from pods import census
from pods.access import Person
from pods.asked import Asked
from pods.clock import SystemClock
from pods.domain.selectors import parse_selector
from pods.domain.viewfilter import ViewFilter
from pods.kube.cluster import Cluster
from pods.kube.source import DemoSource
from pods.kube.watchlog import WatchRecord
from pods.ledger.picture import Picture, picture
from pods.ledger.sockets import SOCKET_ORDERS
from pods.ledger.wanted import ROWS, Wanted
from pods.ledger.watches import WATCH_ORDERS
from pods.lifecycle import Lifecycle
from pods.live.snapshot import Frame
from pods.runtime import Runtime
from pods.viewing import Viewing

# A picture must not keep everybody waiting: 55 ms of CPU were measured with 10,000 viewers.
MANY = 10_000
CPU_SECONDS = 0.06


async def _send(text: str) -> None:
    raise AssertionError(f"nobody is here to be sent {text}")


class Hurrying(SystemClock):
    """A clock that has moved on each time somebody looks, by twice as much as the time before."""

    def __init__(self) -> None:
        self.step = 1.0
        self.time = 0.0

    def monotonic(self) -> float:
        self.step *= 2
        self.time += self.step
        return self.time


class Desk:
    """A runtime with viewers that nothing serves: what the ledger reads of them is set by the test."""

    def __init__(self) -> None:
        self.runtime = Runtime()
        self.lives: list[Lifecycle] = []

    async def enter(self, name: str = "", address: str = "10.0.0.1") -> Lifecycle:
        """A socket that asks for nothing yet."""
        life = Lifecycle(self.runtime, {"client": (address, 1), "headers": []})
        await life.__aenter__()
        life.person = Person(1, name, False, frozenset(), None) if name else Person.anonymous
        self.lives.append(life)
        return life

    async def view(self, name: str, *namespaces: str, selector: str = "", unacked: int = 0) -> Lifecycle:
        """A viewer with so many bytes not acknowledged, sent this moment."""
        life = await self.enter(name)
        asked = Asked(
            "prod", "prod", namespaces, ViewFilter(None, parse_selector(selector) if selector else None)
        )
        life.viewing = Viewing(self.runtime, _send, life.person, asked, ())
        if unacked:
            self.send(life, unacked)
        return life

    def send(self, life: Lifecycle, size: int, seconds_ago: float = 0.0) -> None:
        """A frame was sent, and is not acknowledged."""
        assert life.viewing is not None
        sent_at = self.runtime.clock.monotonic() - seconds_ago
        life.viewing.viewer.outbox.sent("a", Frame("", size, 1, None), sent_at)

    async def look(self, words: str = "", **orders: str) -> Picture:
        return await picture(self.runtime, Wanted(tuple(words.split()), **orders))

    async def shown(self, words: str = "", **orders: str) -> list[str | None]:
        """Whose rows are shown, in their order."""
        return [row.user for row in (await self.look(words, **orders)).sockets.rows]


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    with capture_logs():
        yield made
        for life in made.lives:
            await life.__aexit__(None, None, None)
    assert REGISTRY.get_sample_value("k8sportal_lifecycles") == 0


async def test_the_worst_come_first_and_those_that_keep_up_stand_still(desk: Desk) -> None:
    """By steps of what a viewer may owe: the order of those that keep up is that of their coming."""
    await desk.view("first", "a", unacked=1_000)
    late = await desk.view("late", "a")
    desk.send(late, 10, seconds_ago=25.0)
    await desk.view("owes", "a", unacked=300 * 1024)
    await desk.view("last", "a", unacked=100_000)
    assert await desk.shown() == ["owes", "late", "first", "last"]
    assert [row.state for row in (await desk.look()).sockets.rows] == [
        "behind",
        "behind",
        "watching",
        "watching",
    ]
    assert await desk.shown(sockets_by="waiting") == ["late", "first", "owes", "last"]
    assert await desk.shown(sockets_by="unacknowledged") == ["owes", "last", "first", "late"]


async def test_all_rows_are_of_one_moment(desk: Desk) -> None:
    """However long the reading takes: who came first is the oldest."""
    desk.runtime.clock = Hurrying()
    for name in ("first", "second", "third"):
        await desk.view(name, "a")
    assert await desk.shown() == ["first", "second", "third"]
    assert await desk.shown(sockets_by="age") == ["first", "second", "third"]


async def test_a_row_tells_who_looks_at_what_from_where_and_how_fresh(desk: Desk) -> None:
    life = await desk.view("ana", "a", "b", selector="tier=web")
    assert life.viewing is not None
    viewer, begun = life.viewing.viewer, desk.runtime.clock.monotonic()
    desk.send(life, 500, seconds_ago=3.0)
    viewer.frames, viewer.bytes, viewer.sent_at = 7, 900, begun - 2.0
    (row,) = (await desk.look()).sockets.rows
    assert (row.connection, row.user, row.address) == (life.connection, "ana", "10.0.0.1")
    assert (row.cluster, row.namespaces, row.filter) == ("prod", ("a", "b"), "tier=web;")
    assert (row.frames, row.bytes, row.unacknowledged_bytes) == (7, 900, 500)
    assert row.waiting_seconds is not None
    assert row.last_frame_seconds is not None
    took = desk.runtime.clock.monotonic() - begun
    assert 3.0 <= row.waiting_seconds <= 3.1 + took
    assert 2.0 <= row.last_frame_seconds <= 2.1 + took


async def test_who_asks_for_nothing_yet_is_shown_as_opening(desk: Desk) -> None:
    await desk.enter()
    (row,) = (await desk.look()).sockets.rows
    assert (row.state, row.user, row.cluster, row.waiting_seconds) == ("opening", None, None, None)


async def test_what_outlived_its_call_comes_first_of_all(desk: Desk) -> None:
    """As the reaper sees it: the ASGI call is over, and the lifecycle is still among the sockets."""
    await desk.view("owes", "a", unacked=300 * 1024)
    life = await desk.view("left", "a")
    life.call = asyncio.create_task(asyncio.sleep(0))
    await life.call
    rows = (await desk.look()).sockets.rows
    assert [(row.user, row.state) for row in rows] == [("left", "left_behind"), ("owes", "behind")]


async def test_words_are_looked_for_in_all_that_tells_a_viewer_apart(desk: Desk) -> None:
    ana = await desk.view("ana", "team-a", selector="tier=web")
    await desk.view("ben", "team-b")
    await desk.enter(address="10.0.0.9")
    for words in ("ana", "team-a", "tier=web", ana.connection, "prod team-a", "ana 10.0.0.1"):
        assert await desk.shown(words) == ["ana"], words
    assert await desk.shown("10.0.0.9") == [None]
    assert await desk.shown("ana team-b") == []
    looked = await desk.look("team-a")
    assert (looked.sockets.count, looked.sockets.matching) == (3, 1)
    assert looked.totals.lifecycles == 3, "totals count all, whatever is looked for"


@pytest.mark.parametrize("order", SOCKET_ORDERS)
async def test_every_order_of_sockets_shows_all(desk: Desk, order: str) -> None:
    await desk.enter()
    await desk.view("ana", "a", unacked=10)
    assert len(await desk.shown(sockets_by=order)) == 2


async def test_ten_thousand_viewers_are_counted_and_two_hundred_shown_without_a_stall(desk: Desk) -> None:
    for number in range(MANY):
        await desk.view(f"person-{number}", "team-a", "team-b", unacked=number)
    gc.collect()  # of what the tests before have left: that is not the look's
    for words in ("", "person-99 team-b"):
        begun = time.process_time()
        found = await desk.look(words)
        seconds = time.process_time() - begun
        print(f"{MANY} viewers, looking for {words!r}: {1000 * seconds:.0f} ms of CPU")
        assert (found.sockets.count, found.totals.lifecycles) == (MANY, MANY)
        assert len(found.sockets.rows) == min(ROWS, found.sockets.matching)
        assert found.totals.unacknowledged_bytes == sum(range(MANY))
        assert seconds < 5 * CPU_SECONDS
    assert found.sockets.matching == 111, "99, 990 to 999, and 9900 to 9999"


class TestWatches:
    """Watches that the hub knows nothing of; those that it does are in tests/consumers/test_ledger.py."""

    @pytest.fixture
    def cluster(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Cluster:
        cluster = Cluster("prod", DemoSource("http://127.0.0.1:9"), desk.runtime.clock)
        monkeypatch.setattr(desk.runtime.clusters, "connected", lambda: [cluster])
        return cluster

    @pytest.mark.parametrize("order", WATCH_ORDERS)
    async def test_a_watch_that_nobody_needs_is_shown_and_counted(
        self, desk: Desk, cluster: Cluster, order: str
    ) -> None:
        record = WatchRecord("prod", "replicasets", "team-a", desk.runtime.clock)
        with cluster.holds(record):
            record.opened("77")
            found = await desk.look(watches_by=order)
            await census.show(desk.runtime)
            record.ended(None)
        (row,) = found.watches.rows
        assert (row.watch, row.cluster, row.resource, row.namespace) == (
            record.watch,
            "prod",
            "replicasets",
            "team-a",
        )
        assert (row.state, row.version, row.users, row.events) == ("unneeded", "77", 0, 0)
        assert found.totals.unneeded_watches == found.totals.upstream_watches == 1
        assert REGISTRY.get_sample_value("k8sportal_unneeded_watches") == 1
        await census.show(desk.runtime)
        assert REGISTRY.get_sample_value("k8sportal_unneeded_watches") == 0

    async def test_of_many_watches_so_many_are_shown(self, desk: Desk, cluster: Cluster) -> None:
        for number in range(ROWS + 50):
            record = WatchRecord("prod", "pods", f"team-{number}", desk.runtime.clock)
            cluster.watches.add(record)
        found = await desk.look()
        assert (found.watches.count, found.watches.matching, len(found.watches.rows)) == (250, 250, ROWS)
        found = await desk.look("team-24")
        assert found.watches.matching == len(found.watches.rows) == 11
