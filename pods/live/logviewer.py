"""LogViewer: a container's log to one socket, as acknowledgements allow.

What waits for a reader waits at the node: while the window is full, or the reader paused, nothing more is
taken from the LogTail, which then reads no further.
"""

import asyncio

from pods.clock import Clock, rfc3339
from pods.domain.protocol import LogFrame, encode, log_state_frame
from pods.live.logtail import LogState, LogTail
from pods.live.outlet import FRAMES_PER_TURN, Outlet, Send, SlowViewer
from pods.live.snapshot import Frame
from pods.tasks import end_tasks, owned_task

# About as much of a log goes into one frame.
FRAME_BYTES = 32 * 1024
# All of a log is one thing to acknowledge.
LABEL = "log"


class LogViewer(Outlet):
    """Sends what `tail` brings, and where it stands."""

    def __init__(self, send: Send, clock: Clock) -> None:
        super().__init__(send, clock)
        self.paused = False
        self._lines = 0
        self._told: LogState | None = None

    def pause(self, paused: bool) -> None:
        """The reader wants no more lines for now, or goes on."""
        self.paused = paused
        self.wake()

    def acknowledged(self, token: str) -> None:
        """The browser has the lines up to `token`. Those that cannot be are ignored."""
        is_count = token.isascii() and token.isdecimal() and len(token) <= len(str(self._lines))
        if is_count and int(token) <= self._lines:
            self.outbox.acknowledged(LABEL, int(token), None)
            self.wake()

    async def run(self, tail: LogTail) -> None:
        """Sends until interrupted, cancelled, or all of an ended log is sent. Raises SlowViewer."""
        reading = owned_task(tail.run(), "log")
        reading.add_done_callback(lambda _: self.wake())
        try:
            while not self.interrupted and not self._over(tail):
                self.heed()
                if reading.done():
                    reading.result()  # a defect of ours must not look like a log that says nothing
                await self._send_state(self._shown(tail))
                waits = await self._send_lines(tail)
                if waits and self.outbox.waiting(self.clock.monotonic()):
                    raise SlowViewer
                if self._shown(tail) == self._told:
                    await self.sleep()
        finally:
            await end_tasks([reading])

    def _over(self, tail: LogTail) -> bool:
        """Whether the end of the log has been told: after its last line."""
        return self._told is not None and self._told.state == "ended" and not tail.waiting

    def _shown(self, tail: LogTail) -> LogState:
        """Where the log stands for a reader: it has not ended before its last line is sent."""
        return LogState("following", None) if tail.state.state == "ended" and tail.waiting else tail.state

    async def _send_state(self, state: LogState) -> None:
        if not self.heartbeat_due() and state == self._told:
            return
        self._told = state
        frame = encode(log_state_frame(state.state, state.reason, rfc3339(self.clock.now())))
        await self.write(frame.decode(), len(frame))

    async def _send_lines(self, tail: LogTail) -> bool:
        """Sends the lines there is room for; gives whether some wait for room."""
        sent = 0
        while tail.waiting and not self.paused and not self.interrupted:
            if not self.outbox.has_room:
                return True
            lines = tail.take(FRAME_BYTES)
            self._lines += len(lines)
            frame = encode(LogFrame(token=str(self._lines), lines=[(line.time, line.text) for line in lines]))
            now = self.clock.monotonic()
            self.outbox.sent(LABEL, Frame(frame.decode(), len(frame), self._lines, None), now)
            await self.write(frame.decode(), len(frame))
            sent += 1
            if sent % FRAMES_PER_TURN == 0:
                await asyncio.sleep(0)
        self.outbox.flowing()
        return False
