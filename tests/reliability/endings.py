"""The portal's end with many viewers, and what comes after a sudden one."""

import asyncio
import contextlib
import signal
import socket
import time
import urllib.error
from collections import Counter
from typing import NamedTuple

from tests.portal import PortalProcess
from tests.reliability.firehose import FLOOD, QUIET, Firehose
from tests.reliability.rawpeer import RawPeer

QUERY = f"namespace={QUIET}"
END_SECONDS = 10.0
OPENING_AT_ONCE = 50
HALF_A_REQUEST = b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nhalf"


class EndFigures(NamedTuple):
    """How a portal ended: exit code, seconds, the close codes its viewers got, and what /readyz said."""

    exit_code: int
    seconds: float
    codes: Counter[int | None]
    ready: set[int]


async def terminated(portal: PortalProcess, viewers: int) -> EndFigures:
    """SIGTERM with so many viewers, one that reads nothing, and half a request."""
    async with contextlib.AsyncExitStack() as stack:
        peers = await _watching(stack, portal, viewers)
        deaf = await stack.enter_async_context(
            RawPeer.open(portal, f"namespace={FLOOD}", receive_buffer=16 * 1024)
        )
        await deaf.first_frame()
        half = stack.enter_context(socket.create_connection(("127.0.0.1", portal.port)))
        half.sendall(HALF_A_REQUEST)
        reading = [asyncio.create_task(peer.close_code(60), name="until closed") for peer in peers]
        assert portal.process is not None
        started = time.monotonic()
        portal.process.send_signal(signal.SIGTERM)
        ready = await asyncio.to_thread(_ready_until_gone, portal)
        exit_code = await asyncio.to_thread(portal.process.wait, 5 * END_SECONDS)
        seconds = time.monotonic() - started
        codes = Counter(await asyncio.gather(*reading))
    return EndFigures(exit_code, seconds, codes, ready)


async def killed(portal: PortalProcess, api: Firehose, viewers: int) -> tuple[float, int]:
    """SIGKILL with so many viewers, then a start on the same port and data.

    How long until that serves as many, and where its log begins.
    """
    async with contextlib.AsyncExitStack() as stack:
        await _watching(stack, portal, viewers)
        assert api.open_watches() > 0
        await asyncio.to_thread(portal.stop, signal.SIGKILL)
        await asyncio.to_thread(wait_for_no_watch, api)
        started, log_start = time.monotonic(), len(portal.log())
        await asyncio.to_thread(portal.start)
    async with contextlib.AsyncExitStack() as stack:
        await _watching(stack, portal, viewers)
        return time.monotonic() - started, log_start


def wait_for_no_watch(api: Firehose, seconds: float = 10.0) -> None:
    """Until the API server serves no watch any more."""
    deadline = time.monotonic() + seconds
    while api.open_watches():
        assert time.monotonic() < deadline, "the API server's watches have ended"
        time.sleep(0.05)


async def _watching(stack: contextlib.AsyncExitStack, portal: PortalProcess, count: int) -> list[RawPeer]:
    """So many viewers that have had their first frame."""
    gate = asyncio.Semaphore(OPENING_AT_ONCE)

    async def one() -> RawPeer:
        async with gate:
            peer = await stack.enter_async_context(RawPeer.open(portal, QUERY))
            await peer.first_frame()
            return peer

    return list(await asyncio.gather(*(one() for _ in range(count))))


def _ready_until_gone(portal: PortalProcess) -> set[int]:
    """What /readyz says from the signal on, while anybody answers."""
    statuses = set()
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        try:
            portal.get("/readyz", timeout=2)
        except urllib.error.HTTPError as error:
            with error:
                statuses.add(error.code)
        except OSError:
            break
        else:
            statuses.add(200)
        time.sleep(0.02)
    return statuses
