"""The ways in which viewers leave, one function each; every second cycle ends by an end of file."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

from pods.leakcheck import wire
from pods.leakcheck.target import Target
from pods.leakcheck.wire import connected

# Half of what the portal takes from a viewer in a second (docs/contract.md, "Limits").
MESSAGES = 10
BURST = 8
FORGED_TOKEN = "x" * 64
BAD_NAMESPACE = "Not-A-Name!"

Leave = Callable[[Target, int], Awaitable[None]]


@dataclass(frozen=True)
class Way:
    """A way of leaving: its name, what it is in words, one cycle of it, and how many sockets that opens.

    `reads`: it reads a log, so that the target must have one.
    """

    name: str
    what: str
    leave: Leave
    sockets: int = 1
    reads: bool = False


async def _mute(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.leave(cycle)


async def _half_handshake(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        request = connection.handshake()
        await connection.send(request[: len(request) // 2])
        await connection.leave(cycle)


async def _handshake(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.send(connection.handshake())
        await connection.leave(cycle)


async def _opening(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open()
        await connection.leave(cycle)


async def _snapshot(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open()
        await connection.middle_of("snapshot")
        await connection.leave(cycle)


async def _close(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open()
        await connection.until("snapshot")
        await connection.send(wire.close(1001 if cycle % 2 else 1000))
        await connection.closed()


async def _hang_up(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open()
        await connection.until("snapshot")
        await connection.send(wire.close())
        await connection.leave(cycle)


async def _reset(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open()
        await connection.until("snapshot")
        connection.reset()


async def _end(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open()
        await connection.until("snapshot")
        await connection.end()


async def _half_message(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open()
        await connection.until("feed")
        whole = wire.text(type="ack", namespace="", token=FORGED_TOKEN)
        await connection.send(whole[: len(whole) // 2])
        await connection.leave(cycle)


async def _handler(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open()
        await connection.until("feed")
        messages = [wire.text(type="ack", namespace="", token=f"{FORGED_TOKEN}{n}") for n in range(MESSAGES)]
        messages += [wire.text(type="nothing", number=number) for number in range(MESSAGES)]
        await connection.send(b"".join(messages))
        await connection.leave(cycle)


async def _refusal(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open(f"namespace={quote(BAD_NAMESPACE)}")
        await connection.until("error")
        await connection.leave(cycle)


async def _forged_token(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open(f"{target.query}&resume={FORGED_TOKEN}")
        await connection.until("snapshot")
        await connection.leave(cycle)


async def _refresh(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open()
        token = (await connection.until("snapshot"))["token"]
        await connection.send(wire.close(1001))
    async with connected(target) as connection:
        await connection.open(f"{target.query}&resume={quote(token)}")
        await connection.until("feed")
        await connection.leave(cycle)


async def _request(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.send(connection.rows())
        await connection.leave(cycle)


async def _burst(target: Target, cycle: int) -> None:
    here = asyncio.Barrier(BURST)

    async def one() -> None:
        async with connected(target) as connection:
            await connection.open()
            await here.wait()
            await connection.leave(cycle)

    async with asyncio.TaskGroup() as group:
        for number in range(BURST):
            group.create_task(one(), name=f"burst {number}")


async def _log_opening(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open_log()
        await connection.leave(cycle)


async def _log(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open_log()
        await connection.middle_of("log")
        await connection.leave(cycle)


async def _log_paused(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open_log()
        await connection.until("log")
        await connection.send(wire.text(type="pause"))
        await connection.leave(cycle)


async def _log_close(target: Target, cycle: int) -> None:
    async with connected(target) as connection:
        await connection.open_log()
        await connection.until("log")
        await connection.send(wire.close(1001 if cycle % 2 else 1000))
        await connection.closed()


WAYS = (
    Way("mute", "a connection that never says a word", _mute),
    Way("half-handshake", "gone with half the request sent", _half_handshake),
    Way("handshake", "gone before the answer to the request", _handshake),
    Way("opening", "gone as the socket opens, while the portal still connects it", _opening),
    Way("snapshot", "gone in the middle of the first rows", _snapshot),
    Way("close", "leaves by a close frame, as browsers do", _close),
    Way("hang-up", "sends its close frame and does not wait for the answer", _hang_up),
    Way("reset", "a reset while it looks on, as when a browser crashes", _reset),
    Way("end", "an end of file while it looks on, without a close frame", _end),
    Way("half-message", "gone with half a frame sent", _half_message),
    Way("handler", "gone while the portal handles its messages", _handler),
    Way("refusal", "refused, and gone at once", _refusal),
    Way("forged-token", "comes to resume with a token that is none", _forged_token),
    Way("refresh", "leaves and comes back with its token", _refresh),
    Way("request", "asks for the rows over HTTP and is gone before they come", _request),
    Way("burst", f"{BURST} at once, gone as soon as all are open", _burst, BURST),
)


# Of those who read a log.
LOG_WAYS = (
    Way("log-opening", "gone as a log opens, while the portal still asks for it", _log_opening, reads=True),
    Way("log", "gone in the middle of a log", _log, reads=True),
    Way("log-paused", "pauses a log, and is gone", _log_paused, reads=True),
    Way("log-close", "leaves a log by a close frame", _log_close, reads=True),
)
ALL_WAYS = WAYS + LOG_WAYS


def named(names: str) -> tuple[Way, ...]:
    """The ways of a comma-separated list; all for an empty one. Raises KeyError with an unknown name."""
    if not names:
        return ALL_WAYS
    known = {way.name: way for way in ALL_WAYS}
    return tuple(known[name.strip()] for name in names.split(","))
