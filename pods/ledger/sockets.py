"""The viewers' sockets in the ledger."""

import heapq
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from pods.clock import rfc3339
from pods.ledger.wanted import ROWS, Wanted
from pods.lifecycle import Lifecycle

if TYPE_CHECKING:
    from pods.runtime import Runtime

# What a viewer that keeps up may leave un-acknowledged: docs/contract.md asks for an acknowledgement at
# 128 KiB, else within 5 s; twice that time is still on its way.
KEEPS_UP_BYTES = 128 * 1024
KEEPS_UP_SECONDS = 10.0

SocketState = Literal["opening", "watching", "behind", "left_behind"]


class SocketRow(msgspec.Struct, frozen=True):
    """One viewer. `waiting_seconds` is how long ago its oldest un-acknowledged frame was sent."""

    connection: str
    state: SocketState
    user: str | None
    address: str
    cluster: str | None
    namespaces: tuple[str, ...]
    filter: str
    since: str
    age_seconds: float
    frames: int
    bytes: int
    unacknowledged_bytes: int
    waiting_seconds: float | None
    last_frame_seconds: float | None


class SocketTable(msgspec.Struct, frozen=True):
    """The first rows of `matching`, of `count` in all."""

    count: int
    matching: int
    rows: list[SocketRow]


class _Socket(NamedTuple):
    """What a lifecycle is sorted by; the row is made of those that are shown."""

    life: Lifecycle
    age: float
    unacknowledged: int
    waiting: float
    frames: int
    bytes: int

    def worst(self) -> tuple[float, ...]:
        """Those that keep up are equal, so that they stand still; among them the oldest."""
        behind = self.unacknowledged // KEEPS_UP_BYTES, self.waiting // KEEPS_UP_SECONDS
        return (self.life.over, *behind, self.age)


SOCKET_ORDERS: dict[str, Callable[[_Socket], Any]] = {
    "worst": _Socket.worst,
    "age": lambda one: one.age,
    "frames": lambda one: one.frames,
    "bytes": lambda one: one.bytes,
    "unacknowledged": lambda one: (one.unacknowledged, one.age),
    "waiting": lambda one: (one.waiting, one.age),
}


def sockets(runtime: "Runtime", wanted: Wanted) -> SocketTable:
    """Those that are wanted, with all of them counted."""
    now = runtime.clock.monotonic()
    found = [_socket(life, now) for life in runtime.sockets if wanted.admits(_texts(life))]
    first = heapq.nlargest(ROWS, found, key=SOCKET_ORDERS[wanted.sockets_by])
    rows = [_socket_row(one, now) for one in first]
    return SocketTable(count=len(runtime.sockets), matching=len(found), rows=rows)


def _texts(life: Lifecycle) -> Iterator[str]:
    """What can be looked for of a viewer."""
    yield life.connection
    yield life.person.username
    yield life.address
    if life.viewing is not None:
        asked = life.viewing.asked
        yield from (asked.cluster, *asked.namespaces, asked.what)


def _socket(life: Lifecycle, now: float) -> _Socket:
    age = now - life.started_at
    if life.viewing is None:
        return _Socket(life, age, 0, 0.0, 0, 0)
    viewer = life.viewing.viewer
    oldest_at = viewer.outbox.oldest_at
    waiting = 0.0 if oldest_at is None else now - oldest_at
    return _Socket(life, age, viewer.outbox.unacknowledged, waiting, viewer.frames, viewer.bytes)


def _socket_row(one: _Socket, now: float) -> SocketRow:
    life = one.life
    asked = life.viewing.asked if life.viewing is not None else None
    sent_at = life.viewing.viewer.sent_at if life.viewing is not None else None
    return SocketRow(
        connection=life.connection,
        state=_socket_state(one),
        user=life.person.username or None,
        address=life.address,
        cluster=asked.cluster if asked else None,
        namespaces=asked.namespaces if asked else (),
        filter=asked.what if asked else "",
        since=rfc3339(life.opened_at),
        age_seconds=round(one.age, 1),
        frames=one.frames,
        bytes=one.bytes,
        unacknowledged_bytes=one.unacknowledged,
        waiting_seconds=round(one.waiting, 1) if one.waiting else None,
        last_frame_seconds=None if sent_at is None else round(now - sent_at, 1),
    )


def _socket_state(one: _Socket) -> SocketState:
    if one.life.over:
        return "left_behind"
    if one.life.viewing is None:
        return "opening"
    behind = one.unacknowledged >= KEEPS_UP_BYTES or one.waiting >= KEEPS_UP_SECONDS
    return "behind" if behind else "watching"
