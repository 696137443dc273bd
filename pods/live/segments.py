"""Segments: how a feed's own numbers and those that tokens speak of translate into each other.

A feed's numbers only grow for as long as it lives, through every change of who numbers the changes of its
scope. Tokens must mean the same on every replica: they bear the epoch of whoever numbered, and that one's
offset. A segment is a stretch of the feed's numbers that belongs to one epoch, and by how much they differ.
"""

import secrets
from typing import NamedTuple

import msgspec

from pods.live.store import Changes

# Older ones are forgotten: their tokens are answered with snapshots.
KEPT = 8


class Numbered(msgspec.Struct, gc=False, frozen=True):
    """The changes that one offset of an epoch stands for, and how many seconds ago it was drawn."""

    offset: int
    age: float
    changes: Changes


class Past(msgspec.Struct, frozen=True):
    """Where a numbering process is, and what it holds of the way there: all `numbers` after `floor`."""

    epoch: int
    offset: int
    floor: int
    numbers: list[Numbered]


class Segment(NamedTuple):
    """The feed's numbers from `low` on belong to `epoch`, where each is smaller by `shift`."""

    epoch: int
    shift: int
    low: int


class Veil(NamedTuple):
    """Numbers from `low` to `high` (None: and on) that tokens name in an epoch of this feed's own."""

    epoch: int
    low: int
    high: int | None


class Segments:
    """The stretches of one feed, the newest last. The first begins at 0 with the feed's own epoch."""

    def __init__(self, epoch: int) -> None:
        self._segments = [Segment(epoch, 0, 0)]
        self._highs: list[int] = []
        self._veils: list[Veil] = []

    @property
    def current(self) -> Segment:
        """The stretch that the next number belongs to."""
        return self._segments[-1]

    def begin(self, segment: Segment, last: int) -> None:
        """A new stretch; `last` is the last number of the one that ends."""
        self._segments.append(segment)
        self._highs.append(last)
        if len(self._segments) > KEPT:
            del self._segments[0], self._highs[0]

    def align(self, past: Past, last: int, fresh: bool) -> int:
        """Makes room after `last` for what `past` holds; gives its offset that is reached already.

        Where it goes on from where this feed is, the stretch goes on. `fresh` where nobody was ever told
        anything of this feed: then its next number stands for the floor of `past` itself.
        """
        epoch, reached = self.position(last)
        if epoch == past.epoch and past.floor <= reached < past.offset:
            return reached
        # At least one number: there may be a difference without any number in the past that explains it.
        before = min(past.floor, past.offset - 1)
        covered = fresh and before == past.floor
        self.begin(Segment(past.epoch, last - before + covered, last + 1), last)
        return before

    def veil(self, offset: int) -> None:
        """From `offset` on this feed knows more than its numbers say: its tokens are good here only."""
        if not self._veils or self._veils[-1].high is not None:
            self._veils = [*self._veils[1 - KEPT :], Veil(secrets.randbits(64), offset, None)]

    def unveil(self, offset: int) -> None:
        """From `offset` on the numbers say what this feed knows."""
        if self._veils and self._veils[-1].high is None:
            self._veils[-1] = self._veils[-1]._replace(high=offset - 1)

    def told(self, offset: int) -> tuple[int, int]:
        """As `position`, for tokens."""
        for epoch, low, high in self._veils:
            if low <= offset and (high is None or offset <= high):
                return epoch, offset
        return self.position(offset)

    def position(self, offset: int) -> tuple[int, int]:
        """The epoch and the offset in it that stand for the feed's `offset`."""
        for segment in reversed(self._segments):
            if segment.low <= offset:
                return segment.epoch, offset - segment.shift
        return self._segments[0].epoch, 0

    def offset(self, epoch: int, wire: int, last: int) -> int | None:
        """The feed's own number for a position; None where it belongs to no stretch, or lies beyond `last`.

        Where two stretches meet at one position it is the older one: who stands there may lack what the
        newer one began with.
        """
        for veiled, low, until in self._veils:
            if veiled == epoch:
                return wire if low <= wire <= (last if until is None else until) else None
        for segment, high in zip(self._segments, [*self._highs, last], strict=True):
            offset = wire + segment.shift
            if segment.epoch == epoch and segment.low <= offset <= high and not self._is_veiled(offset):
                return offset
        return None

    def is_to_come(self, epoch: int, wire: int, last: int) -> bool:
        """Whether a position lies beyond `last` in the newest stretch: another process is there already."""
        return (epoch, wire) > self.position(last) and epoch == self.current.epoch

    def _is_veiled(self, offset: int) -> bool:
        """Whether more was known here at `offset` than the position says: who comes with that lacks it."""
        return self.told(offset) != self.position(offset)
