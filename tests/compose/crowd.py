"""Many viewers that come back as a browser does: after a jittered pause, with their rows and tokens."""

import asyncio
import contextlib
import json
import random
import time
import urllib.request
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import WebSocketException

from tests.compose.docker import Stack
from tests.consumers.viewer import Viewer, viewing

VIEW = "cluster=demo&namespace=shop"
LABEL = "shop"
# As static/js/pods/connection.js: the first attempt comes within this long.
PAUSE_SECONDS = 1.5
LOOK_SECONDS = 0.5

Shown = dict[str, tuple[Any, ...]]


def shown(rows: list[dict[str, Any]]) -> Shown:
    """By uid, what a person reads of each pod."""
    return {row["uid"]: (row["name"], row["ready"], row["status"], row["restarts"]) for row in rows}


class Returning:
    """One viewer of the shop, however often its socket ends."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._viewer: Viewer | None = None
        self.closes = 0

    async def stay(self) -> None:
        """Comes, and comes back, until cancelled."""
        while True:
            with contextlib.suppress(OSError, WebSocketException):
                await self._look()
            self.closes += 1
            await asyncio.sleep(random.uniform(0.1, PAUSE_SECONDS))

    async def _look(self) -> None:
        """One socket, until it ends."""
        left = self._viewer
        resume = f"&resume={quote(left.tokens[LABEL])}" if left and LABEL in left.tokens else ""
        async with viewing(self._stack.ws(f"/ws/pods/?{VIEW}{resume}")) as viewer:
            if left is not None:
                viewer.rows, viewer.tokens = left.rows, left.tokens
            self._viewer = viewer
            await viewer.socket.wait_closed()

    def shows(self, truth: Shown) -> bool:
        """Whether its socket is open, its feed live, and exactly this on its screen."""
        viewer = self._viewer
        if viewer is None or viewer.closed_at is not None:
            return False
        states = [frame["state"] for frame in viewer.of("feed")]
        return states[-1:] == ["live"] and shown(list(viewer.rows.get(LABEL, {}).values())) == truth


class Crowd:
    """So many of them."""

    def __init__(self, stack: Stack, count: int) -> None:
        self.viewers = [Returning(stack) for _ in range(count)]
        self._stack = stack

    async def all_right(self, seconds: float) -> Shown:
        """Waits until all show what the portal's own answer says at that moment; that."""
        deadline = time.monotonic() + seconds
        while True:
            truth = await self.truth()
            wrong = [viewer for viewer in self.viewers if truth is None or not viewer.shows(truth)]
            if truth and not wrong:
                return truth
            if time.monotonic() > deadline:
                pytest.fail(
                    f"After {seconds:.0f} s {len(wrong)} of {len(self.viewers)} viewers are not right."
                )
            await asyncio.sleep(LOOK_SECONDS)

    async def truth(self) -> Shown | None:
        """What `/api/v1/pods` says; None while no portal answers."""
        try:
            text = await asyncio.to_thread(self._stack.get, f"/api/v1/pods?{VIEW}")
        except (OSError, urllib.request.HTTPError):
            return None
        return shown(json.loads(text)["pods"])


@contextlib.asynccontextmanager
async def crowd(stack: Stack, count: int) -> AsyncIterator[Crowd]:
    """A crowd that stays until the block ends."""
    found = Crowd(stack, count)
    tasks = [asyncio.create_task(viewer.stay(), name="viewer stays") for viewer in found.viewers]
    try:
        yield found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
