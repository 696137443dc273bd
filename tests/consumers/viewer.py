"""A browser's side of one socket: what came and when, and the rows that it makes of it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NamedTuple

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Frame = dict[str, Any]
Row = dict[str, Any]

# As in static/js: an acknowledgement is due at this many bytes.
ACK_BYTES = 64 * 1024


class Received(NamedTuple):
    """A frame, its length in bytes, and when it came (monotonic seconds)."""

    at: float
    size: int
    frame: Frame


class Viewer:
    """Reads all that comes, merges rows as docs/contract.md says, and acknowledges unless told not to."""

    def __init__(self, socket: ClientConnection, acks: bool) -> None:
        self.socket = socket
        self.acks = acks
        self.received: list[Received] = []
        self.rows: dict[str, dict[str, Row]] = {}
        self.tokens: dict[str, str] = {}
        self.states: dict[str, str] = {}
        self.opened_at = time.monotonic()
        self.closed_at: float | None = None
        self.ended = asyncio.Event()
        self._parts: dict[str, dict[str, Row]] = {}
        self._unacknowledged = 0
        self._news = asyncio.Event()

    @property
    def frames(self) -> list[Frame]:
        """Every frame so far."""
        return [each.frame for each in self.received]

    def of(self, kind: str) -> list[Frame]:
        """The frames of one type."""
        return [frame for frame in self.frames if frame["type"] == kind]

    @property
    def size(self) -> int:
        """How many bytes have come."""
        return sum(each.size for each in self.received)

    def names(self, label: str | None = None) -> set[str]:
        """The names of the pods held, of one namespace label or of all."""
        held = [self.rows.get(label, {})] if label else self.rows.values()
        return {row["name"] for rows in held for row in rows.values()}

    def row(self, name: str) -> Row | None:
        """The row of the pod called `name`."""
        return next((row for row in self._all() if row["name"] == name), None)

    async def send(self, message: object) -> None:
        """A message from the browser, as JSON."""
        await self.socket.send(json.dumps(message))

    async def until(self, condition: Callable[[], Any], what: str, seconds: float = 5.0) -> float:
        """Waits until `condition()` is true; how long that took. Fails the test after `seconds`."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            ends = (self.closed_at is not None, self.socket.close_code)
            pytest.fail(f"Not within {seconds} s: {what}. Closed: {ends}. Last: {self.frames[-3:]}")
        return time.monotonic() - started

    async def live(self, *labels: str, seconds: float = 5.0) -> None:
        """Waits for the first rows of each namespace, and its feed live."""
        for label in labels:
            await self.until(partial(self._is_live, label), f"{label} is live", seconds)

    async def first(self) -> None:
        """Waits for the first frame."""
        await self.until(lambda: self.received, "a first frame")

    async def sees(self, *names: str, seconds: float = 5.0) -> float:
        """Waits until exactly these pods are held."""
        return await self.until(lambda: self.names() == set(names), f"the pods are {sorted(names)}", seconds)

    async def close_code(self, seconds: float = 5.0) -> int | None:
        """Waits for the portal to close; the code."""
        await self.until(lambda: self.closed_at is not None, "the portal closes", seconds)
        return self.socket.close_code

    async def read(self) -> None:
        """The reader's task."""
        try:
            async for message in self.socket:
                assert isinstance(message, str)
                frame = json.loads(message)
                self.received.append(Received(time.monotonic(), len(message.encode()), frame))
                await self._take(frame, len(message))
                self._news.set()
        except ConnectionClosed:
            pass
        finally:
            self.closed_at = time.monotonic()
            self.ended.set()
            self._news.set()

    def _all(self) -> Iterator[Row]:
        for rows in self.rows.values():
            yield from rows.values()

    def _is_live(self, label: str) -> bool:
        return label in self.rows and self.states.get(label) == "live"

    async def _take(self, frame: Frame, size: int) -> None:
        label: str = frame.get("namespace", "")
        if frame["type"] == "snapshot":
            parts = self._parts.setdefault(label, {})
            parts |= {row["uid"]: row for row in frame["pods"]}
            if frame.get("last", True):
                self.rows[label] = self._parts.pop(label)
        elif frame["type"] == "delta":
            rows = self.rows.setdefault(label, {})
            rows |= {row["uid"]: row for row in frame["upsert"]}
            for uid in frame["remove"]:
                rows.pop(uid, None)
        elif frame["type"] == "feed":
            self.states[label] = frame["state"]
        elif frame["type"] == "error" and not frame["final"]:
            self.rows.pop(label, None)
        if frame["type"] in ("snapshot", "delta", "feed") and "token" in frame:
            self.tokens[label] = frame["token"]
        if frame["type"] in ("snapshot", "delta", "log"):
            self._unacknowledged += size
            if self.acks and self._unacknowledged >= ACK_BYTES:
                self._unacknowledged = 0
                await self.send(ack_of(frame))


def ack_of(frame: Frame) -> Frame:
    """The acknowledgement of a snapshot (or part of one), a delta, or lines of a log."""
    return {"type": "ack", **{name: frame[name] for name in ("namespace", "token", "part") if name in frame}}


@asynccontextmanager
async def viewing(
    url: str, cookie: str | None = None, *, acks: bool = True, offers: tuple[str, ...] = ("k8sportal.v1",)
) -> AsyncIterator[Viewer]:
    """A viewer connected to `url`, read by a task of its own until the end of the block.

    It sends no pings, as browsers do not: whoever freezes a portal would find that it has left.
    """
    headers = {"Cookie": cookie} if cookie else {}
    async with connect(
        url,
        subprotocols=list(offers) or None,  # type: ignore[arg-type]
        additional_headers=headers,
        proxy=None,
        max_size=None,
        max_queue=None,
        ping_interval=None,
        close_timeout=2,
    ) as socket:
        async with reading(socket, acks) as viewer:
            yield viewer


@asynccontextmanager
async def reading(socket: ClientConnection, acks: bool = True) -> AsyncIterator[Viewer]:
    """A viewer on an open socket, which is closed at the end of the block."""
    viewer = Viewer(socket, acks)
    task = asyncio.create_task(viewer.read(), name="viewer reads")
    try:
        yield viewer
    finally:
        await socket.close()
        await asyncio.wait([task])
