"""Subscription: one viewer's place in one view.

Its mailbox is a position, not a queue: what waits for a viewer is what the view says changed after
it, per pod the newest state. So it cannot overflow. What is bounded besides is the current delta
(view.MAX_DELTA_ROWS rows, shared between viewers) and the snapshot under way (shared likewise).
"""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from pods.live.snapshot import Frame, Snapshot
from pods.live.status import FeedState
from pods.live.view import View

# A process tells its viewers and the other processes at the same moment; these may be busy.
TO_COME_SECONDS = 2.0


class Wakeable(Protocol):
    """The viewer's task, which asks for frames when woken."""

    def wake(self) -> None: ...


class Subscription:
    """Gives a viewer its frames in order: a snapshot (or what changed since `resume`), then deltas.

    It follows its feed from before it looks at any state, so no change falls between. What `resume` stands
    for is looked up once the feed has rows; a position that only another process has reached is waited for.
    """

    def __init__(self, view: View, viewer: Wakeable, resume: Sequence[str] = ()) -> None:
        self.view = view
        self.feed = view.feed
        self.told: FeedState | None = None
        self._viewer = viewer
        self._frames: deque[Frame] = deque()
        self._snapshot: Snapshot | None = None
        self._part = 1
        self.feed.followers.add(self)
        self._offset: int | None = None
        self._resume = tuple(resume)
        self._waits_until: float | None = None
        self._is_placed()

    @property
    def label(self) -> str:
        """The namespace as the frames say it."""
        return self.view.label

    def wake(self) -> None:
        """The feed moved."""
        self._viewer.wake()

    def close(self) -> None:
        """Stops following. A second close does nothing."""
        self.feed.followers.discard(self)
        self._frames.clear()
        self._snapshot = None

    def next_frame(self) -> Frame | None:
        """The next frame to send, or None while there is nothing."""
        if not self._is_placed():
            return None
        if not self._frames and self._snapshot is None:
            self._look()
        if self._snapshot is not None:
            return self._next_part(self._snapshot)
        if not self._frames:
            return None
        frame = self._frames.popleft()
        self._offset = frame.offset
        return frame

    def has_more(self) -> bool:
        """Whether something waits for this viewer."""
        if not self._is_placed():
            return False
        return bool(self._frames) or self._snapshot is not None or self._offset != self.feed.offset

    def sent_token(self) -> str | None:
        """The token up to which everything has been taken out by `next_frame`, where that is all there is."""
        if self._offset is None or self._frames or self._snapshot is not None:
            return None
        if not self.feed.synced or self._offset != self.feed.offset:
            return None
        return self.view.token(self._offset)

    def _look(self) -> None:
        if self._offset is None:
            self._snapshot, self._part = self.view.snapshot(), 1
        elif self._offset != self.feed.offset:
            reached = self.feed.offset
            frames = self.view.delta(self._offset)
            if frames is None:
                self._snapshot, self._part = self.view.snapshot(), 1
            elif frames:
                self._frames.extend(frames)
            else:
                self._offset = reached

    def _next_part(self, snapshot: Snapshot) -> Frame:
        frame, last = snapshot.part(self._part)
        self._part += 1
        if last:
            self._offset = snapshot.offset
            self._snapshot = None
        return frame

    def _is_placed(self) -> bool:
        """Whether it is known from where on the viewer is to be told."""
        if not self.feed.synced:
            return False
        if self._resume:
            if self._is_awaited():
                return False
            self._offset = self._resume_at(self._resume)
            self._resume = ()
        return True

    def _is_awaited(self) -> bool:
        """Whether what it came with is to come here, for as long as that is waited for."""
        if not any(map(self.view.is_to_come, self._resume)):
            return False
        now = self.feed.moment()
        if self._waits_until is None:
            self._waits_until = now + TO_COME_SECONDS
        return now < self._waits_until

    def _resume_at(self, tokens: Sequence[str]) -> int | None:
        """The offset of the one of `tokens` that this view gave, if the feed still holds what came after."""
        for offset in map(self.view.offset_of, tokens):
            if offset is not None and self.feed.changes_since(offset) is not None:
                return offset
        return None
