"""The lines of a container's log, out of the bytes that the API server sends with `timestamps=true`.

Each line of such a log is an RFC 3339 time with nanoseconds, a space, and what the container wrote. Both
are kept apart; a line that has no time (the kubelet's own words) has None.
"""

import re
from typing import NamedTuple

from pods.domain.apitime import RFC_3339

# The kubelet splits what containers write at 16 KiB (CRI); what is longer comes from elsewhere.
MAX_LINE_BYTES = 32 * 1024
CUT_MARK = " …"

_STAMPED = re.compile(rb"(%b) ?" % RFC_3339.encode(), re.ASCII)


class LogLine(NamedTuple):
    """When the container wrote it, as the API server says, and what. `cut`: it was too long to keep whole."""

    time: str | None
    text: str
    cut: bool = False


class LineSplitter:
    """Takes the bytes of one stream as they come; holds at most one unfinished line."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._skipping = False

    def take(self, chunk: bytes) -> list[LogLine]:
        """The lines that `chunk` completes."""
        *whole, rest = chunk.split(b"\n")
        lines = [self._ended_by(part) for part in whole]
        self._hold(rest)
        return lines

    def finish(self) -> list[LogLine]:
        """What stands after the last line feed, when no more comes."""
        return [self._ended_by(b"")] if self._rest else []

    def _ended_by(self, part: bytes) -> LogLine:
        self._hold(part)
        line = _line(bytes(self._rest), self._skipping)
        self._rest.clear()
        self._skipping = False
        return line

    def _hold(self, part: bytes) -> None:
        room = MAX_LINE_BYTES - len(self._rest)
        self._rest += part[: max(room, 0)]
        self._skipping = self._skipping or len(part) > room


def _line(data: bytes, cut: bool) -> LogLine:
    found = _STAMPED.match(data)
    text = data[found.end() :] if found is not None else data
    words = text.removesuffix(b"\r").decode("utf-8", "replace")
    return LogLine(found[1].decode() if found is not None else None, words + CUT_MARK if cut else words, cut)
