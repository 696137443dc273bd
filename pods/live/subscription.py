"""Subscription: one viewer's place in one view.

Its mailbox is a position, not a queue: what waits for a viewer is what the view says changed after
it, per pod the newest state. So it cannot overflow. What is bounded besides is the current delta
(view.MAX_DELTA_ROWS rows, shared between viewers) and the snapshot under way (shared likewise).
"""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from pods.live.status import FeedState
from pods.live.view import Frame, Snapshot, View


class Wakeable(Protocol):
    """The viewer's task, which asks for frames when woken."""

    def wake(self) -> None: ...


class Subscription:
    """Gives a viewer its frames in order: a snapshot (or what changed since `resume`), then deltas.

    It follows its feed from before it looks at any state, so no change falls between.
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
        self._offset = self._resume_at(resume)

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
        if not self.feed.synced:
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
        if not self.feed.synced:
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

    def _resume_at(self, tokens: Sequence[str]) -> int | None:
        """The offset of the one of `tokens` that this view gave, if the feed still holds what came after."""
        if not self.feed.synced:
            return None
        for offset in map(self.view.offset_of, tokens):
            if offset is not None and self.feed.changes_since(offset) is not None:
                return offset
        return None
