"""Outbox: how much a viewer has been sent and not yet acknowledged.

At most WINDOW_BYTES are on their way to a viewer; the rest waits as a position (subscription.py) and is
coalesced per pod. A viewer that acknowledges what it has not read gains nothing: its frames wait in the
send (viewer.py) until the server's small buffer has room for them.
"""

from collections import deque
from typing import NamedTuple

from pods.live.snapshot import Frame

# Browsers acknowledge at 128 KiB, so that a viewer that keeps up never waits.
WINDOW_BYTES = 512 * 1024
SLOW_SECONDS = 60.0


class _Sent(NamedTuple):
    offset: int
    part: int | None
    size: int
    at: float


class Outbox:
    """Bytes un-acknowledged, by namespace label. Bounded by the window and one frame more."""

    def __init__(self) -> None:
        self.unacknowledged = 0
        self._sent: dict[str, deque[_Sent]] = {}
        self._full_since: float | None = None

    @property
    def has_room(self) -> bool:
        """Whether another frame may be sent."""
        return self.unacknowledged < WINDOW_BYTES

    @property
    def oldest_at(self) -> float | None:
        """When the oldest frame that is not acknowledged was sent (monotonic); None where there is none."""
        return min((entries[0].at for entries in self._sent.values() if entries), default=None)

    def sent(self, label: str, frame: Frame, now: float) -> None:
        """Counts a frame that was sent `now`."""
        self._sent.setdefault(label, deque()).append(_Sent(frame.offset, frame.part, frame.size, now))
        self.unacknowledged += frame.size

    def acknowledged(self, label: str, offset: int, part: int | None) -> None:
        """Counts everything of `label` up to `offset` (and `part` of a snapshot there) as merged."""
        sent = self._sent.get(label)
        if not sent or not _was_sent(sent[-1], offset, part):
            return
        before = self.unacknowledged
        while sent and (
            sent[0].offset < offset
            or (sent[0].offset == offset and (part is None or (sent[0].part or 0) <= part))
        ):
            self.unacknowledged -= sent.popleft().size
        if self.unacknowledged < before:
            self._full_since = None

    def forget(self, label: str) -> None:
        """Drops what was sent of `label`: its subscription is gone."""
        self.unacknowledged -= sum(entry.size for entry in self._sent.pop(label, ()))

    def waiting(self, now: float) -> bool:
        """Notes that something waits; True once nothing was acknowledged for SLOW_SECONDS meanwhile."""
        if self._full_since is None:
            self._full_since = now
        return now - self._full_since >= SLOW_SECONDS

    def flowing(self) -> None:
        """Notes that nothing waits."""
        self._full_since = None


def _was_sent(last: _Sent, offset: int, part: int | None) -> bool:
    """Whether a viewer that was sent `last` can have merged so many parts of a snapshot."""
    return part is None or offset != last.offset or part <= (last.part or 0)
