"""LogTail: what one reader has of one container's log, kept coming.

Guarantee: no line twice where the connection broke and was made again, and none missing that the kubelet
still has, as far as the times of the lines tell (they have nanoseconds). A reader that takes nothing more
stops the reading upstream: at most HELD_BYTES, one chunk and the transport's own buffer are held.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import aclosing
from typing import Literal, NamedTuple

from pods.clock import Clock
from pods.domain.loglines import LineSplitter, LogLine
from pods.domain.reasons import Reason
from pods.kube.errors import ApiError, KubeError, ServerError, TooManyRequests, Unauthorized
from pods.kube.podlog import PodLog
from pods.live.backoff import Backoff

HELD_BYTES = 128 * 1024
# What a line costs beside its text.
LINE_BYTES = 64
# A container that has not started is asked for again so often.
WAITING_SECONDS = 2.0
_NOT_YET = ("log_waiting", "log_not_scheduled")

State = Literal["opening", "following", "broken", "ended"]


class LogState(NamedTuple):
    """Where the log stands. `opening` and `broken` go on by themselves; after `ended` nothing comes."""

    state: State
    reason: Reason | None


class LogTail:
    """Reads `log` from its last `tail` lines on, or after the time `since`.

    `run()` is the reading, `take()` the reader's.
    """

    def __init__(
        self,
        log: PodLog,
        tail: int | None,
        since: str | None,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._state = LogState("opening", Reason("log_opening"))
        self._log = log
        self._tail = tail
        self._clock = clock
        self._wake = wake
        self._backoff = Backoff()
        self._lines: deque[LogLine] = deque()
        self._held = 0
        self._room = asyncio.Event()
        self._last = since
        self._skip_to: str | None = None
        self._taken = 0

    @property
    def state(self) -> LogState:
        """Where the log stands; a stream of a cluster that does not answer is not one to rely on."""
        failure = self._log.cluster.probe.failure
        if self._state.state == "following" and failure is not None:
            return LogState("broken", failure.reason)
        return self._state

    @property
    def waiting(self) -> bool:
        """Whether there are lines to take."""
        return bool(self._lines)

    def take(self, most: int) -> list[LogLine]:
        """The next lines, of about `most` bytes: at least one where there is any."""
        taken: list[LogLine] = []
        size = 0
        while self._lines and (not taken or size + _size(self._lines[0]) <= most):
            line = self._lines.popleft()
            size += _size(line)
            taken.append(line)
        self._held -= size
        if self._held < HELD_BYTES:
            self._room.set()
        return taken

    async def run(self) -> None:
        """Reads until the log has ended, or cannot be had.

        The API server ends its answer in the same way whether the container has ended or the node was
        lost. So the end is asked for once more: it is one where nothing has come since.
        """
        ended = False
        while self._state.state != "ended":
            opened_at = self._clock.monotonic()
            try:
                more = await self._read()
            except KubeError as error:
                await self._failed(error, self._clock.monotonic() - opened_at)
                ended = False
                continue
            if self._log.target.previous or (ended and not more):
                self._say("ended", Reason("log_over"))
            elif ended:
                await self._clock.sleep(self._backoff.ended(self._clock.monotonic() - opened_at))
            ended = True

    async def _failed(self, error: KubeError, lasted: float) -> None:
        """Says what failed, and waits until it is worth trying again, if it ever is."""
        if error.reason.code in _NOT_YET:
            self._say("opening", error.reason)
            await self._clock.sleep(WAITING_SECONDS)
        elif _is_final(error):
            self._say("ended", error.reason)
        else:
            self._say("broken", error.reason)
            self._backoff.held(lasted)
            await self._clock.sleep(max(self._backoff.failed(), error.retry_after or 0.0))

    async def _read(self) -> bool:
        """One stream, from where the last one stopped, to its end; whether it brought any line."""
        before = self._taken
        resumed = self._last is not None
        self._skip_to = self._last
        splitter = LineSplitter()
        async with (
            self._log.cluster.in_use(),
            aclosing(self._log.chunks(None if resumed else self._tail, self._last)) as chunks,
        ):
            async for chunk in chunks:
                if not chunk:
                    self._say("following", None)
                await self._keep(splitter.take(chunk))
        await self._keep(splitter.finish())
        return self._taken > before

    async def _keep(self, lines: list[LogLine]) -> None:
        """Holds lines for the reader, once there is room for them."""
        for line in lines:
            if self._seen(line):
                continue
            self._last = line.time or self._last
            self._taken += 1
            self._lines.append(line)
            self._held += _size(line)
        if self._lines:
            self._wake()
        while self._held >= HELD_BYTES:
            self._room.clear()
            await self._room.wait()

    def _seen(self, line: LogLine) -> bool:
        """Whether a stream that was opened again repeats `line`: it begins at a whole second."""
        if self._skip_to is not None and line.time is not None and not _after(line.time, self._skip_to):
            return True
        self._skip_to = None
        return False

    def _say(self, state: State, reason: Reason | None) -> None:
        self._state = LogState(state, reason)
        self._wake()


def _size(line: LogLine) -> int:
    return len(line.text) + LINE_BYTES


def _after(time: str, other: str) -> bool:
    """Whether an RFC 3339 time is later than another of the same zone."""
    return _sortable(time) > _sortable(other)


def _sortable(time: str) -> tuple[str, str]:
    """Whole seconds and the digits of their fraction: nanoseconds are more than a datetime holds."""
    seconds, _, fraction = time.rstrip("Z").partition(".")
    return seconds, fraction


def _is_final(error: KubeError) -> bool:
    """Whether asking again by itself would not help: the pod, container or right is not there."""
    return isinstance(error, ApiError) and not isinstance(error, ServerError | TooManyRequests | Unauthorized)
