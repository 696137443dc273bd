"""Outlet: the way out to one viewer's socket: it counts, waits, and can be cut short.

The task that runs it is started by the consumer's `connect()` and cancelled and awaited by its
`disconnect()`. It ends by itself only for a viewer that does not keep up (SlowViewer).
"""

import asyncio
from collections.abc import Awaitable, Callable

from pods import metrics
from pods.clock import Clock
from pods.live.outbox import Outbox

# Browsers are promised one at least every 5 s.
HEARTBEAT_SECONDS = 4.5
# A peer that has made no room for a frame in so long reads nothing. The kernel finds that out by itself
# (TCP_USER_TIMEOUT), but not of one that goes on sending: each of its packets starts the kernel's timer anew.
TAKE_SECONDS = 15.0
# A turn of the loop goes to others after so many frames, however much there is to send.
FRAMES_PER_TURN = 8

Send = Callable[[str], Awaitable[None]]


class SlowViewer(Exception):
    """Nothing was acknowledged for outbox.SLOW_SECONDS while something waited, or no frame was taken for
    TAKE_SECONDS."""


class Outlet:
    """Writes frames through `send`; `wake` and `interrupt` are called from outside while `run` sleeps."""

    def __init__(self, send: Send, clock: Clock) -> None:
        self.frames = 0
        self.bytes = 0
        self.sent_at: float | None = None
        self.outbox = Outbox()
        self.interrupted = False
        self.clock = clock
        self._send = send
        self._woken = asyncio.Event()
        self._heartbeat_at = 0.0
        self._sending: asyncio.Timeout | None = None

    def wake(self) -> None:
        """There may be something to send."""
        self._woken.set()

    def interrupt(self) -> None:
        """Makes `run` return before it sends anything more; also a `run` that is yet to come."""
        self.interrupted = True
        self.wake()

    def give_up(self) -> None:
        """Ends `run`, and does not wait for a peer that does not read (then it raises SlowViewer)."""
        self.interrupt()
        if self._sending is not None:
            self._sending.reschedule(asyncio.get_running_loop().time())

    def proceed(self) -> None:
        """Forgets the interruption: its cause is going to be looked at."""
        self.interrupted = False

    def heed(self) -> None:
        """Forgets what woke it: from here on is looked at what there is to send."""
        self._woken.clear()

    def heartbeat_due(self) -> bool:
        """Whether it is time for the next heartbeat, which is then taken for sent."""
        now = self.clock.monotonic()
        due = now >= self._heartbeat_at
        if due:
            self._heartbeat_at = now + HEARTBEAT_SECONDS
        return due

    async def sleep(self) -> None:
        """Until woken, or until the next heartbeat."""
        delay = max(self._heartbeat_at - self.clock.monotonic(), 0.0)
        timer = asyncio.get_running_loop().call_later(delay, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()

    async def write(self, text: str, size: int) -> None:
        """Sends a frame, which waits for the peer to read those before it. Raises SlowViewer."""
        try:
            async with asyncio.timeout(TAKE_SECONDS) as self._sending:
                await self._send(text)
        except TimeoutError as error:
            raise SlowViewer from error
        finally:
            self._sending = None
        self.sent_at = self.clock.monotonic()
        self.frames += 1
        self.bytes += size
        metrics.FRAMES_SENT.inc()
