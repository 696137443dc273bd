"""Viewers at the end of a bad line, and of one that dies."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from typing import NamedTuple

from websockets.asyncio.client import connect

from tests.consumers.viewer import Viewer, reading, viewing
from tests.portal import PortalProcess
from tests.reliability.firehose import CALM, FLOOD, Firehose
from tests.reliability.line import BAD, Line, Namespace, Quality, can_have_namespaces, proxied

GOOD = Quality(bytes_per_second=10e6, delay=0.001, loss=0.0)
PAUSE_SECONDS = 4.0
BETWEEN_PAUSES_SECONDS = 5.0
# Beyond the line's own: what a full window (512 KiB) and its repairs take.
CATCH_UP_SECONDS = 60.0


class BadLineFigures(NamedTuple):
    """What a viewer on a bad line got: deltas, the longest silence, packets lost (`real`: by a kernel)."""

    deltas: int
    longest_silence: float
    lost: int
    real: bool


async def half_open(portal: PortalProcess, seconds: float, count: int = 1) -> float:
    """How long the portal counts viewers whose line died without a word. Needs namespaces."""
    line = Line(GOOD)
    with Namespace.joined(line) as joined:
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(count):
                viewer = await stack.enter_async_context(_through(portal, joined, f"namespace={CALM}"))
                await viewer.live(CALM)
            gone = portal.metric("k8sportal_viewer_closes_total", code="1006") + count
            line.dead = True
            return await asyncio.to_thread(
                portal.wait_until,
                lambda: portal.metric("k8sportal_viewer_closes_total", code="1006") >= gone,
                seconds,
                "the half-open viewers count as vanished",
            )


async def bad_line(portal: PortalProcess, api: Firehose, seconds: float) -> BadLineFigures:
    """A viewer of far more changes than its line carries; it must stay, and in the end be up to date."""
    line = Line(BAD)
    real = can_have_namespaces()
    async with contextlib.AsyncExitStack() as stack:
        if real:
            joined = stack.enter_context(Namespace.joined(line))
            viewer = await stack.enter_async_context(_through(portal, joined, f"namespace={FLOOD}"))
        else:
            port = await stack.enter_async_context(proxied(portal.port, line))
            url = f"ws://127.0.0.1:{port}/ws/pods/?namespace={FLOOD}"
            viewer = await stack.enter_async_context(viewing(url))
        started = time.monotonic()
        while time.monotonic() < started + seconds:
            await asyncio.sleep(BETWEEN_PAUSES_SECONDS)
            line.paused = True
            await asyncio.sleep(PAUSE_SECONDS)
            line.paused = False
        assert viewer.closed_at is None, viewer.socket.close_code
        silence = longest_silence(viewer)
        api.flood(0)
        stopped = len(viewer.received)
        await viewer.until(lambda: _up_to_date(viewer, stopped), "all has come", CATCH_UP_SECONDS)
        return BadLineFigures(len(viewer.of("delta")), silence, line.lost, real)


def longest_silence(viewer: Viewer) -> float:
    """The longest time between two frames."""
    times = [viewer.opened_at, *(each.at for each in viewer.received), time.monotonic()]
    return max(later - earlier for earlier, later in itertools.pairwise(times))


def _up_to_date(viewer: Viewer, start: int) -> bool:
    """Whether a feed frame said that all had been sent, after the changes stopped."""
    return any(each.frame["type"] == "feed" and "token" in each.frame for each in viewer.received[start:])


@contextlib.asynccontextmanager
async def _through(portal: PortalProcess, joined: Namespace, query: str) -> AsyncIterator[Viewer]:
    """A viewer in the namespace."""
    made = joined.socket()
    made.setblocking(False)
    try:
        await asyncio.wait_for(asyncio.get_running_loop().sock_connect(made, (joined.here, portal.port)), 20)
        url = portal.ws(f"/ws/pods/?{query}")
        async with connect(
            url, sock=made, proxy=None, max_size=None, close_timeout=1, open_timeout=30, ping_interval=None
        ) as socket:
            async with reading(socket) as viewer:
                yield viewer
    finally:
        made.close()
