"""Viewers that do not keep up, each in its own way, while others look at what is calm."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from pods.domain.token import decode_token, encode_token
from tests.portal import PortalProcess
from tests.reliability.firehose import FLOOD, TICKS_PER_SECOND
from tests.reliability.onlookers import Onlookers, resident_bytes
from tests.reliability.rawpeer import TEXT, RawPeer, frame

QUERY = f"namespace={FLOOD}"
# Small, so that the kernel takes little in place of a viewer that does not read.
RECEIVE_BUFFER = 16 * 1024
# The start of a snapshot or a delta: its token, and its part if it has one.
_ROWS = re.compile(rb'\{"type":"(?:snapshot|delta)","namespace":"\w+","token":"([^"]+)"(?:,"part":(\d+))?')
ACKS_PER_SECOND = 50
# Until a new watch and its first lists are done with.
WARM_SECONDS = 1.0


Way = Callable[[PortalProcess, float], Coroutine[Any, Any, Any]]


class SlowFigures(NamedTuple):
    """What slow viewers cost: bytes of the portal's memory, the onlookers' p99 without and with them.

    `vanished_seconds` is how long the last of those that do not read was still counted.
    """

    held_bytes: int
    p99_alone: float
    p99_meanwhile: float
    vanished_seconds: float


async def keeping_up(portal: PortalProcess, seconds: float) -> None:
    """For comparison: a viewer that reads all of it and acknowledges every frame of rows."""
    async with RawPeer.open(portal, QUERY) as peer:
        await peer.first_frame()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = await peer.next_frame()
            assert found is not None, f"a viewer that keeps up was sent away with {peer.code}"
            match = _ROWS.match(found[1])
            if match is not None:
                part = b',"part":' + match[2] if match[2] else b""
                await peer.send(_ack(b'"token":"' + match[1] + b'"' + part))


async def deaf(portal: PortalProcess, seconds: float) -> None:
    """Reads the first frame and nothing after."""
    async with RawPeer.open(portal, QUERY, receive_buffer=RECEIVE_BUFFER) as peer:
        await peer.first_frame()
        await asyncio.sleep(seconds)


async def forging(portal: PortalProcess, seconds: float) -> None:
    """Reads nothing after its first token, and acknowledges what it guesses to have been sent since."""
    async with RawPeer.open(portal, QUERY, receive_buffer=RECEIVE_BUFFER) as peer:
        position = decode_token(await _first_token(peer))
        assert position is not None
        started = time.monotonic()
        with contextlib.suppress(OSError):
            while (elapsed := time.monotonic() - started) < seconds:
                guess = position.offset + int(elapsed * TICKS_PER_SECOND)
                for forged in (guess - 2, guess, guess + 2, 2**60):
                    token = encode_token(position._replace(offset=forged))
                    for more in ("", ',"part":999'):
                        await peer.send(_ack(f'"token":"{token}"{more}'.encode()))
                await asyncio.sleep(8 / ACKS_PER_SECOND)


async def silent(portal: PortalProcess, seconds: float) -> int | None:
    """Reads all and acknowledges nothing; the code that the portal closes with, if it does."""
    async with RawPeer.open(portal, QUERY) as peer:
        await peer.first_frame()
        with contextlib.suppress(TimeoutError):
            return await peer.close_code(seconds)
    return None


async def slow_figures(
    portal: PortalProcess,
    others: Onlookers,
    keeper: Way,
    slow: Sequence[Way],
    seconds: float,
    deadline: float,
) -> SlowFigures:
    """Runs `keeper` alone for so long, then the slow ones beside it until those that do not read are gone."""
    keeping = asyncio.create_task(keeper(portal, deadline), name="keeping up")
    try:
        await asyncio.sleep(WARM_SECONDS)
        others.mark()
        await asyncio.sleep(seconds)
        before, p99_alone = resident_bytes(portal), others.p99()
        others.mark()
        held, vanished = await _beside(portal, slow, deadline, before)
        p99_meanwhile = others.p99()
        if keeping.done():
            keeping.result()
            raise AssertionError(f"the slow ones were not gone within {deadline} s")
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])
    return SlowFigures(held, p99_alone, p99_meanwhile, vanished)


async def _beside(
    portal: PortalProcess, slow: Sequence[Way], deadline: float, before: int
) -> tuple[int, float]:
    """How many bytes more the portal held at most meanwhile, and until when any that vanish were counted."""
    gone = _sent_away(portal) + sum(way in (deaf, forging) for way in slow)
    held, started = 0, time.monotonic()
    tasks = [asyncio.create_task(way(portal, deadline), name=way.__name__) for way in slow]
    try:
        async with asyncio.timeout(deadline):
            while await asyncio.to_thread(_sent_away, portal) < gone:
                held = max(held, resident_bytes(portal) - before)
                await asyncio.sleep(0.2)
        return held, time.monotonic() - started
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _sent_away(portal: PortalProcess) -> float:
    """How many vanished, or said too much at once: what a forger said in a pause of a busy machine."""
    return sum(portal.metric("k8sportal_viewer_closes_total", code=code) for code in ("1006", "4429"))


async def gone_within(portal: PortalProcess, seconds: float) -> float:
    """How long the portal still counts a deaf viewer."""
    before = portal.metric("k8sportal_viewer_closes_total", code="1006")
    async with RawPeer.open(portal, QUERY, receive_buffer=RECEIVE_BUFFER) as peer:
        await peer.first_frame()
        return await asyncio.to_thread(
            portal.wait_until,
            lambda: portal.metric("k8sportal_viewer_closes_total", code="1006") > before,
            seconds,
            "the deaf viewer counts as vanished",
        )


async def _first_token(peer: RawPeer) -> str:
    await peer.first_frame()
    while (found := await peer.next_frame()) is not None:
        value: dict[str, str] = json.loads(found[1])
        if value["type"] == "snapshot":
            return value["token"]
    raise AssertionError("closed before the first rows")


def _ack(fields: bytes) -> bytes:
    return frame(TEXT, b'{"type":"ack",' + fields + b"}")
