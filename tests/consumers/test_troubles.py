"""A cluster that goes away under its viewers, a database that fails: said in words, never silently old."""

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError

from pods import access_watch, consumers
from pods.models import Cluster
from pods.runtime import Runtime
from pods.unavailable import Unavailable
from tests.consumers.peer import Peer

pytestmark = pytest.mark.django_db(transaction=True)

QUERY = "cluster=test&namespace=default"


async def _set(**fields: Any) -> None:
    """Changes the cluster as the admin, or another portal on the same database, does."""

    def change() -> None:
        cluster = Cluster.objects.get(name="test")
        for name, value in fields.items():
            setattr(cluster, name, value)
        cluster.save()

    await sync_to_async(change)()


async def test_viewers_of_a_cluster_whose_source_is_gone_are_told_and_sent_away(runtime: Runtime) -> None:
    peer = Peer(runtime, QUERY)
    await peer.snapshot()
    await _set(configured=False)
    await peer.closed()
    assert peer.close_code == 1013, "it may be configured again: later is worth a try"
    assert peer.frames[-1]["code"] == "not_configured"
    assert peer.frames[-1]["message"] == "The cluster test is not configured any more."
    peer.leaves()
    await asyncio.wait_for(peer.call, 5)
    assert runtime.hub.feeds() == []

    await _set(configured=True)
    await runtime.access_watch.look()
    again = Peer(runtime, QUERY)
    await again.snapshot()
    again.leaves()
    await asyncio.wait_for(again.call, 5)


async def test_a_right_that_was_given_a_moment_ago_counts(runtime: Runtime) -> None:
    """However seldom the rights are looked at: before anybody is refused they are looked at again."""
    for task in asyncio.all_tasks():
        if task.get_name() == "access watch":
            task.cancel()
    await _set(enabled=False)
    await runtime.access_watch.look()
    refused = Peer(runtime, QUERY)
    await refused.closed()
    assert refused.close_code == 4401
    await _set(enabled=True)
    admitted = Peer(runtime, QUERY)
    await admitted.snapshot()
    for peer in (refused, admitted):
        peer.leaves()
        await asyncio.wait_for(peer.call, 5)


async def test_rights_are_followed_on_after_whatever_went_wrong_in_looking(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()
    real = access_watch._read
    loop = asyncio.get_running_loop()

    def broken(*_: Any) -> Any:
        loop.call_soon_threadsafe(failed.set)
        raise InterfaceError("connection already closed")

    peer = Peer(runtime, QUERY)
    await peer.snapshot()
    monkeypatch.setattr(access_watch, "_read", broken)
    await asyncio.wait_for(failed.wait(), 5)
    async with asyncio.timeout(5):
        while "rights" not in runtime.degraded():
            await asyncio.sleep(0)
    monkeypatch.setattr(access_watch, "_read", real)
    await _set(enabled=False)
    await peer.closed()
    assert runtime.degraded() == []
    peer.leaves()
    await asyncio.wait_for(peer.call, 5)


async def test_a_database_that_fails_at_the_opening_is_said_and_worth_another_try(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Any) -> Any:
        raise OperationalError("database is locked")

    monkeypatch.setattr(consumers, "_person", broken)
    peer = Peer(runtime, QUERY)
    await peer.closed()
    assert (peer.close_code, peer.frames[-1]["code"]) == (1013, "unavailable")
    peer.leaves()
    await asyncio.wait_for(peer.call, 5)


async def test_a_database_that_fails_before_the_consumer_is_no_http_500() -> None:
    async def sessions(scope: Any, receive: Any, send: Any) -> None:
        raise OperationalError("no such table: django_session")

    incoming: asyncio.Queue[Any] = asyncio.Queue()
    incoming.put_nowait({"type": "websocket.connect"})
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await Unavailable(sessions)({"type": "websocket"}, incoming.get, send)
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert json.loads(sent[1]["text"])["code"] == "unavailable"
    assert sent[2]["code"] == 1013
