"""What a hostile viewer sends, and the close code that docs/contract.md has for it."""

import asyncio
import contextlib
import time
from typing import NamedTuple

from tests.portal import PortalProcess
from tests.reliability.firehose import CALM
from tests.reliability.rawpeer import BINARY, CONTINUATION, PING, TEXT, RawPeer, frame

QUERY = f"namespace={CALM}"
BEYOND_AT_ONCE = 50
_RSV1 = 0x40
_BLOCK_BYTES = 256 * 1024
_OTHER = frame(TEXT, b'{"type":"other"}')


class Flood(NamedTuple):
    """Bytes to send, over and over or once, and the code that ends it."""

    data: bytes
    code: int
    repeat: bool = False


def _repeated(piece: bytes) -> bytes:
    """As many of them as one read of the portal's takes in."""
    return piece * (_BLOCK_BYTES // len(piece) + 1)


FLOODS = {
    "1,000 messages a second of 64 kB": Flood(frame(TEXT, b"x" * 65_000), 1009, repeat=True),
    "messages as fast as they go": Flood(_repeated(_OTHER), 4429, repeat=True),
    "empty objects": Flood(_repeated(frame(TEXT, b'{"type":""}')), 4429, repeat=True),
    "acknowledgements": Flood(_repeated(frame(TEXT, b'{"type":"ack","token":"x"}')), 4429, repeat=True),
    "a frame that says it has 4 GiB": Flood(frame(TEXT, b"x" * 1000, length=2**32), 1009),
    "a frame that says it has 2^62 bytes": Flood(frame(TEXT, b"x" * 1000, length=2**62), 1009),
    "a frame of 10 MB": Flood(frame(TEXT, b"x" * 10_000_000), 1009),
    "a frame just above the limit": Flood(frame(TEXT, b"x" * 4097), 1009),
    "binary": Flood(frame(BINARY, b"\x00" * 100), 1003),
    "binary, large": Flood(frame(BINARY, b"\x00" * 60_000), 1003, repeat=True),
    "text that is no UTF-8": Flood(frame(TEXT, b'{"type":"\xff\xfe"}'), 1007),
    "JSON 100,000 levels deep": Flood(frame(TEXT, b"[" * 100_000), 1009),
    "JSON 4,000 levels deep": Flood(frame(TEXT, b"[" * 4_000), 1007),
    "a message in endless fragments": Flood(
        frame(TEXT, b"{", fin=False) + _repeated(frame(CONTINUATION, b" ", fin=False)), 1009
    ),
    "endless fragments of nothing": Flood(
        frame(TEXT, fin=False) + _repeated(frame(CONTINUATION, fin=False)), 1009
    ),
    "pings": Flood(_repeated(frame(PING, b"x" * 125)), 4429, repeat=True),
    "pings of no length": Flood(_repeated(frame(PING)), 4429, repeat=True),
    "compressed, which was not agreed on": Flood(frame(TEXT, b"\xaa\x56\x4a", bits=_RSV1), 1002),
    "a frame without a mask": Flood(b"\x81\x02{}", 1002),
    "an unknown kind of frame": Flood(frame(0x3, b"x"), 1002),
}


class FloodFigures(NamedTuple):
    """How many attacks there were, and how long the slowest answer took, in seconds."""

    attacks: int
    slowest: float
    slowest_kind: str


async def attack(portal: PortalProcess, flood: Flood, seconds: float) -> tuple[int | None, float]:
    """Sends it until the portal closes; the code, and how long that took."""
    async with RawPeer.open(portal, QUERY) as peer:
        await peer.first_frame()
        started = time.monotonic()
        sending = asyncio.create_task(_send(peer, flood), name="flood")
        try:
            code = await peer.close_code(seconds)
            return code, time.monotonic() - started
        finally:
            sending.cancel()
            await asyncio.wait([sending])


async def _send(peer: RawPeer, flood: Flood) -> None:
    with contextlib.suppress(OSError):
        await peer.send(flood.data)
        while flood.repeat:
            await peer.send(flood.data)
            await asyncio.sleep(0)


async def attack_in_all_ways(portal: PortalProcess, times: int, at_once: int, seconds: float) -> FloodFigures:
    """Each flood so many times; each must end with its code within `seconds`."""
    gate = asyncio.Semaphore(at_once)
    figures = [FloodFigures(0, 0.0, "")]

    async def one(name: str, flood: Flood) -> None:
        async with gate:
            code, took = await attack(portal, flood, 10 * seconds)
        assert code == flood.code, f"{name}: {code}"
        assert took < seconds, f"{name}: {took:.1f} s"
        slowest = max((figures[0].slowest, figures[0].slowest_kind), (took, name))
        figures[0] = FloodFigures(figures[0].attacks + 1, *slowest)

    async with asyncio.TaskGroup() as group:
        for name, flood in FLOODS.items():
            for _ in range(times):
                group.create_task(one(name, flood), name=name)
    return figures[0]


async def opens(portal: PortalProcess, limit: int, beyond: int) -> list[float]:
    """Opens `limit` sockets at once, all of which must be served, then `beyond` more, each a 4429.

    The times until each of those was told so.
    """
    async with contextlib.AsyncExitStack() as stack:
        peers = await asyncio.gather(
            *(stack.enter_async_context(RawPeer.open(portal, QUERY)) for _ in range(limit))
        )
        await asyncio.gather(*(_served(peer) for peer in peers))

        gate = asyncio.Semaphore(BEYOND_AT_ONCE)

        async def one_more() -> float:
            async with gate, RawPeer.open(portal, QUERY) as peer:
                started = time.monotonic()
                told = await peer.first_frame()
                assert (told["code"], told["final"]) == ("too_many_sockets", True)
                assert await peer.close_code(10) == 4429
                return time.monotonic() - started

        return list(await asyncio.gather(*(one_more() for _ in range(beyond))))


async def _served(peer: RawPeer) -> None:
    await peer.first_frame()
    async with asyncio.timeout(20):
        while (found := await peer.next_frame()) is not None:
            if found[1].startswith(b'{"type":"snapshot"'):
                return
    raise AssertionError("closed before the first rows")
