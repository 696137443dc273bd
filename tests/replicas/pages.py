"""Pages that look on through everything: each reconnects by itself, with its token, as a browser's does."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import InvalidHandshake

from pods.domain.token import decode_token
from tests.consumers.viewer import Viewer, viewing

# Between the end of a socket and the next one, jittered.
RECONNECT_SECONDS = 1.0
# How many connect at a time.
OPENING = 50


class Page:
    """One page of a namespace at `url`; its rows outlive its sockets."""

    def __init__(self, url: str, namespace: str) -> None:
        self.viewers: list[Viewer] = []
        self._url = url
        self._namespace = namespace

    def __str__(self) -> str:
        codes = [viewer.socket.close_code for viewer in self.viewers]
        return f"a page whose sockets ended with {codes}, and which was told {self.now.frames[-2:]}"

    @property
    def now(self) -> Viewer:
        """The socket of now, or the last one."""
        return self.viewers[-1]

    def history(self) -> list[str]:
        """By socket: the position that it came with, and of the first rows and the last token it got."""
        found = []
        for viewer in self.viewers:
            told = [frame for frame in viewer.frames if frame.get("token")]
            first, last = told[:1], told[-1:]
            found += [f"{frame['type']} {decode_token(frame['token'])}" for frame in (*first, *last)]
        return found

    def is_there(self) -> bool:
        """Whether its socket is open, and the namespace live."""
        if not self.viewers or self.now.closed_at is not None:
            return False
        return self._namespace in self.now.rows and self.now.states.get(self._namespace) == "live"

    def snapshots(self) -> int:
        """How often it got all rows."""
        return len([one for each in self.viewers for one in each.of("snapshot") if one.get("last", True)])

    def sent(self) -> list[dict[str, Any]]:
        """Every row that came as a change."""
        return [row for each in self.viewers for frame in each.of("delta") for row in frame["upsert"]]

    async def run(self, opening: asyncio.Semaphore) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(OSError, InvalidHandshake):  # nobody answers there just now
                await self._look(opening)
            await asyncio.sleep(random.uniform(0, RECONNECT_SECONDS))

    async def _look(self, opening: asyncio.Semaphore) -> None:
        left = self.viewers[-1] if self.viewers else None
        token = left.tokens.get(self._namespace) if left else None
        await opening.acquire()
        try:
            socket = viewing(f"{self._url}&resume={quote(token)}" if token else self._url)
            viewer = await socket.__aenter__()
        finally:
            opening.release()
        try:
            if left is not None:
                viewer.rows = {label: dict(rows) for label, rows in left.rows.items()}
                viewer.tokens = dict(left.tokens)
            self.viewers.append(viewer)
            await viewer.ended.wait()
        finally:
            await socket.__aexit__(None, None, None)


@asynccontextmanager
async def looking(url: str, namespace: str, count: int, seconds: float) -> AsyncIterator[list[Page]]:
    """So many pages, all live; they leave at the end of the block."""
    opening = asyncio.Semaphore(OPENING)
    pages = [Page(url, namespace) for _ in range(count)]
    tasks = [asyncio.create_task(page.run(opening), name="page") for page in pages]
    try:
        await all_there(pages, seconds)
        yield pages
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def all_there(pages: Sequence[Page], seconds: float) -> None:
    """Waits until every page is live."""
    deadline = time.monotonic() + seconds
    while away := [page for page in pages if not page.is_there()]:
        if time.monotonic() > deadline:
            pytest.fail(f"{len(away)} of {len(pages)} pages are not there after {seconds} s: {away[0]}")
        await asyncio.sleep(0.1)
