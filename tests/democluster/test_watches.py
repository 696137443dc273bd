"""Watches and streaming lists: order, selection, bookmarks, expiry and ends."""

from typing import Any

from democluster.kinds import PODS
from democluster.server import Settings
from democluster.store import Store
from tests.democluster.support import (
    METADATA,
    METADATA_LIST,
    SHOP_PODS,
    STREAMING,
    TABLE,
    Client,
    name_of,
    pod,
    serve,
    until,
)

END = "k8s.io/initial-events-end"


def short(event: dict[str, Any]) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"].get("name", "")


async def test_a_watch_from_a_version_sends_what_came_after_it(client: Client) -> None:
    client.put(pod("a", app="web", changed="yes"))
    client.store.delete(PODS, "shop", "b")
    async with client.watch(SHOP_PODS, resourceVersion="104") as events:
        missed = await events.take(2)
        client.put(pod("e"))
        new = await events.next()
    assert [short(event) for event in (*missed, new)] == [("MODIFIED", "a"), ("DELETED", "b"), ("ADDED", "e")]
    assert missed[1]["object"]["metadata"]["resourceVersion"] == "106"
    assert new["object"]["kind"] == "Pod"


async def test_a_watch_without_a_version_begins_with_the_state(client: Client) -> None:
    async with client.watch(SHOP_PODS) as events:
        assert [short(event) for event in await events.take(3)] == [
            ("ADDED", "a"),
            ("ADDED", "b"),
            ("ADDED", "c"),
        ]


async def test_entering_a_selection_is_added_and_leaving_it_deleted(client: Client) -> None:
    async with client.watch(SHOP_PODS, resourceVersion="104", labelSelector="app=web") as events:
        client.put(pod("a", app="db"))
        client.put(pod("c", app="web"))
        client.put(pod("d", "batch", app="web"))
        client.put(pod("b", app="web", more="1"))
        found = await events.take(3)
    assert [short(event) for event in found] == [("DELETED", "a"), ("ADDED", "c"), ("MODIFIED", "b")]
    left = found[0]["object"]["metadata"]
    assert (left["labels"], left["resourceVersion"]) == ({"app": "web"}, "105")


async def test_a_streaming_list_ends_with_the_annotated_bookmark_and_goes_on(client: Client) -> None:
    async with client.watch(SHOP_PODS, **STREAMING) as events:
        first = await events.take(4)
        client.put(pod("e"))
        assert short(await events.next()) == ("ADDED", "e")
    assert [short(event) for event in first[:3]] == [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]
    assert first[3] == {
        "type": "BOOKMARK",
        "object": {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {"resourceVersion": "104", "annotations": {END: "true"}},
            "spec": {"containers": None},
            "status": {},
        },
    }


async def test_a_streaming_list_as_tables_sends_columns_once(client: Client) -> None:
    async with client.watch(SHOP_PODS, TABLE, includeObject="None", **STREAMING) as events:
        *rows, bookmark = [event["object"] for event in await events.take(4)]
    assert [bool(row["columnDefinitions"]) for row in (*rows, bookmark)] == [True, False, False, False]
    assert [row["rows"][0]["cells"][0] for row in rows] == ["a", "b", "c"]
    assert [row["rows"][0]["object"] for row in rows] == [None, None, None]
    carried = bookmark["rows"][0]["object"]
    assert (carried["kind"], carried["metadata"]["annotations"]) == ("PartialObjectMetadata", {END: "true"})


async def test_the_bookmark_of_an_empty_table_has_the_columns(client: Client) -> None:
    path = "/api/v1/namespaces/none/pods"
    async with client.watch(path, TABLE, includeObject="Object", **STREAMING) as events:
        bookmark = (await events.next())["object"]
    assert len(bookmark["columnDefinitions"]) == 9
    assert bookmark["rows"][0]["cells"][:5] == ["", "0/0", "", "0", "<unknown>"]
    assert bookmark["rows"][0]["object"]["kind"] == "Pod"


async def test_a_metadata_only_watch(client: Client) -> None:
    async with client.watch(SHOP_PODS, METADATA, **STREAMING) as events:
        found = await events.take(4)
    assert {event["object"]["kind"] for event in found} == {"PartialObjectMetadata"}
    assert all(set(event["object"]) == {"kind", "apiVersion", "metadata"} for event in found)
    async with client.watch(SHOP_PODS, METADATA_LIST) as events:
        assert await events.rest() == []


async def test_a_forgotten_version_is_an_error_event_and_the_end(client: Client) -> None:
    for _ in range(60):
        client.put(pod("a"))
    for accept in ("application/json", TABLE):
        async with client.watch(SHOP_PODS, accept, resourceVersion="101") as events:
            (error,) = await events.rest()
        assert error["type"] == "ERROR"
        assert (error["object"]["kind"], error["object"]["code"]) == ("Status", 410)
        assert (error["object"]["reason"], error["object"]["status"]) == ("Expired", "Failure")
        assert error["object"]["message"].startswith("too old resource version: 101 (")


async def test_every_change_of_the_kept_history_can_be_watched(client: Client) -> None:
    for _ in range(60):
        client.put(pod("a"))
    oldest = client.store.revision - 50
    async with client.watch(SHOP_PODS, resourceVersion=str(oldest), timeoutSeconds="1") as events:
        found = [event["object"]["metadata"]["resourceVersion"] for event in await events.rest()]
    assert found == [str(revision) for revision in range(oldest + 1, client.store.revision + 1)]


async def test_bookmarks_come_only_where_allowed_and_carry_the_present_version() -> None:
    store = Store(first_revision=10)
    async with serve(store, Settings(bookmark_seconds=0.2)) as client:
        async with client.watch(SHOP_PODS, resourceVersion="10", allowWatchBookmarks="true") as events:
            client.put(pod("other", "batch"))
            bookmark = await events.next()
        assert (bookmark["type"], bookmark["object"]["metadata"]) == ("BOOKMARK", {"resourceVersion": "11"})
        async with client.watch(SHOP_PODS, resourceVersion="10", timeoutSeconds="1") as events:
            assert await events.rest() == []


async def test_a_watch_ends_at_its_time_out(client: Client) -> None:
    async with client.watch(SHOP_PODS, resourceVersion="104", timeoutSeconds="1") as events:
        assert await events.rest() == []
    await until(lambda: client.store.watching() == 0, "the end of the watch")


async def test_a_watch_ends_with_its_client(client: Client) -> None:
    async with client.watch(SHOP_PODS, resourceVersion="104"):
        await until(lambda: client.store.watching() == 1, "the watch")
    await until(lambda: client.store.watching() == 0, "the end of the watch")


async def test_a_slow_watcher_is_dropped_and_the_others_are_not() -> None:
    store = Store()
    async with serve(store, Settings(queue=20)) as client:
        async with client.watch(SHOP_PODS) as slow:
            await until(lambda: store.watching() == 1, "the watch")
            for index in range(40):  # in one step of the event loop: nobody can read meanwhile
                client.put(pod(f"p{index:02}"))
            events = await slow.rest()
        assert [name_of(event["object"]) for event in events] == [f"p{index:02}" for index in range(20)]
        async with client.watch(SHOP_PODS, resourceVersion=str(store.revision)) as quick:
            client.put(pod("last"))
            assert short(await quick.next()) == ("ADDED", "last")
