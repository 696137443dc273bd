"""LogTail: what one reader has of one container's log, kept coming.

Guarantee: no line twice where the connection broke and was made again, and none missing that the kubelet
still has, as far as the times of the lines tell (they have nanoseconds). A reader that takes nothing more
stops the reading upstream: at most HELD_BYTES, one chunk (podlog.CHUNK_BYTES) and the transport's own buffer
are held.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from typing import Literal, NamedTuple

from pods.clock import Clock
from pods.domain.apitime import RFC_3339
from pods.domain.loglines import LineSplitter, LogLine
from pods.domain.reasons import Reason
from pods.kube.errors import (
    ApiError,
    KubeError,
    ServerError,
    StreamRestarted,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from pods.kube.podlog import PodLog
from pods.live.backoff import LASTING_SECONDS, Backoff

HELD_BYTES = 128 * 1024
# What a line costs beside its text.
LINE_BYTES = 64
# A container that has not started is asked for again so often.
WAITING_SECONDS = 2.0
_NOT_YET = ("log_waiting", "log_not_scheduled")
# So many of the node's own words of one stream are told from those of the next.
MOST_UNTIMED = 100
_RFC_3339 = re.compile(RFC_3339, re.ASCII)

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
        # How many lines with a time have come; texts of those without, of this stream and the one before.
        self._timed = 0
        self._untimed: set[str] = set()
        self._told_before: set[str] = set()

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
        lost. So the end is asked for once more: it is one where that stream ends soon, with nothing new.
        """
        ended = False
        while self._state.state != "ended":
            opened_at = self._clock.monotonic()
            before = self._timed
            try:
                rest = await self._read()
            except KubeError as error:
                await self._failed(error, self._clock.monotonic() - opened_at)
                ended = False
                continue
            lasted = self._clock.monotonic() - opened_at
            if ended and self._timed == before and lasted < LASTING_SECONDS:
                await self._keep(rest)
                self._say("ended", Reason("log_over"))
            elif ended:
                await self._clock.sleep(self._backoff.ended(lasted))
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
            if isinstance(error, Unreachable | StreamRestarted):
                await self._until_answered()
            await self._clock.sleep(max(self._backoff.failed(), error.retry_after or 0.0))

    async def _until_answered(self) -> None:
        """While the cluster does not answer its probe, nothing is tried."""
        async with self._log.cluster.in_use():
            await self._log.cluster.probe.answered_since(self._clock.monotonic())

    async def _read(self) -> list[LogLine]:
        """One stream, from where the last one stopped, to its end; what stood there without a line feed.

        That may be half of a line, which the next stream brings whole.
        """
        resumed = self._last is not None
        self._skip_to = self._last
        self._told_before, self._untimed = self._untimed, set()
        splitter = LineSplitter()
        async with (
            self._log.cluster.in_use(),
            aclosing(self._log.chunks(None if resumed else self._tail, self._last)) as chunks,
        ):
            async for chunk in chunks:
                if not chunk:
                    self._say("following", None)
                await self._keep(splitter.take(chunk))
        return splitter.finish()

    async def _keep(self, lines: list[LogLine]) -> None:
        """Holds lines for the reader, once there is room for them."""
        for line in lines:
            if self._seen(line):
                continue
            if line.time is not None:
                self._last = line.time
                self._timed += 1
            self._lines.append(line)
            self._held += _size(line)
        if self._lines:
            self._wake()
        while self._held >= HELD_BYTES:
            self._room.clear()
            await self._room.wait()

    def _seen(self, line: LogLine) -> bool:
        """Whether a stream that was opened again repeats `line`: it begins at a whole second.

        The node's own words have no time, and are repeated where the node has not changed its mind.
        """
        if line.time is None:
            if len(self._untimed) < MOST_UNTIMED:
                self._untimed.add(line.text)
            return line.text in self._told_before
        if self._skip_to is not None and not _moment(line.time) > _moment(self._skip_to):
            return True
        self._skip_to = None
        return False

    def _say(self, state: State, reason: Reason | None) -> None:
        self._state = LogState(state, reason)
        self._wake()


def _size(line: LogLine) -> int:
    return len(line.text) + LINE_BYTES


def _moment(time: str) -> tuple[float, str]:
    """An RFC 3339 time to compare by: Unix seconds, and nine digits, for a datetime has only six."""
    seconds, fraction, zone = _RFC_3339.fullmatch(time).groups()  # type: ignore[union-attr]
    return datetime.fromisoformat(seconds + zone).timestamp(), (fraction or "").ljust(9, "0")


def _is_final(error: KubeError) -> bool:
    """Whether asking again by itself would not help: the pod, container or right is not there."""
    return isinstance(error, ApiError) and not isinstance(error, ServerError | TooManyRequests | Unauthorized)
