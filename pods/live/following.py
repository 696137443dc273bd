"""Following: what a process that does not watch a scope makes of what the one that does tells it.

Pure but for names: it takes messages and moments, and says what to apply. Guarantees. A batch is applied
only right after the one before it; whatever else comes (a gap, another epoch) is repaired by a picture. Who
sends under a fence below the highest one seen is refused: it was a holder once, and does not know yet that it
is none any more. Messages may be lost, doubled and come in any order.

Bounded: MAX_EARLY batches wait for the picture that fills the gap before them; when they are more, all are
dropped, and another picture follows.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pods.clock import Clock
from pods.domain.reasons import SENTENCES, Reason
from pods.live.messages import Batch, Beat, Foreign, Handover, Part
from pods.live.segments import Numbered, Past
from pods.live.status import STALE_AFTER_SECONDS, FeedState, State

MAX_EARLY = 1_000
# A holder says something every second: after so long it is gone, or we do not hear it.
SILENT_SECONDS = 2.5
# Somebody holds the lease, and nothing is heard of it for so long: better two watches than old rows.
UNHEARD_SECONDS = 5.0
# A holder says that it has the rows, and they do not come: the same.
UNANSWERED_SECONDS = 10.0
# A picture of which nothing came for so long is asked for again.
PICTURE_SECONDS = 2.0


class Picture(NamedTuple):
    """A whole picture: its parts in order."""

    parts: list[Part]

    @property
    def head(self) -> Part:
        """What all parts say alike."""
        return self.parts[0]

    def past(self) -> Past:
        """The position, and the numbers before it."""
        head = self.head
        numbers: list[Numbered] = [one for part in self.parts for one in part.numbers]
        return Past(head.epoch, head.offset, head.floor, numbers)


Position = tuple[int, int]


def heir_at(position: Position) -> str:
    """To whom a lease is handed over at `position`: all who stand there bear this name."""
    return f"who stands at {position[0]}:{position[1]}"


class Following:
    """One follower's place in the numbers of one scope's holder. Moments are monotonic seconds."""

    def __init__(self) -> None:
        self.fence = 0
        self.position: Position | None = None
        self.beat: Beat | None = None
        self.heard_at = float("-inf")
        # The last state that any holder told, and when.
        self.told: Beat | None = None
        self.told_at = float("-inf")
        self.handed: Position | None = None
        self._wanting = True
        self._asked = ""
        self._asked_at = float("-inf")
        self._parts: dict[int, Part] = {}
        self._early: dict[int, Batch] = {}

    def forget(self) -> None:
        """Our numbers are our own from now on: to follow again takes a picture."""
        self.position = None
        self._early.clear()
        self.want()

    def want(self) -> None:
        """Another picture is needed, however the last one is."""
        self._wanting = True
        self._forget_question()

    def _forget_question(self) -> None:
        self._asked = ""
        self._asked_at = float("-inf")
        self._parts.clear()

    def heir(self, position: Position) -> str:
        """The name of whom the last holder handed over to, where `position` and all we know is just that."""
        return heir_at(position) if self.handed == self.position == position else ""

    def silent(self, now: float, seconds: float = SILENT_SECONDS) -> bool:
        """Whether the holder has not been heard for so long."""
        return now - self.heard_at >= seconds

    def is_neglected(self, now: float, since: float) -> bool:
        """Whether there is a holder that has not kept us up to date, though it could have `since` then."""
        if now - max(self.heard_at, since) >= UNHEARD_SECONDS:
            return True
        is_owed = self.position is None and self.beat is not None and self.beat.synced
        return is_owed and now - since >= UNANSWERED_SECONDS

    def state(self, clock: Clock) -> FeedState | None:
        """The state that a holder told last, which ages; None where none ever did."""
        told = self.told
        if told is None:
            return None
        since = datetime.fromtimestamp(told.since, UTC) if told.since is not None else None
        age = clock.monotonic() - self.told_at
        if age < SILENT_SECONDS or told.state == "stale":
            return FeedState(told.state, since, told.reason)
        if told.state == "live":
            since = clock.now() - timedelta(seconds=age)
        state: State = "stale" if age >= STALE_AFTER_SECONDS else "catching_up"
        return FeedState(state, since, Reason("reconnecting"))

    def ask(self, now: float) -> str | None:
        """The name of the picture to ask for, where one is due."""
        ready = self.beat.synced if self.beat is not None else self.position is None
        if not self._wanting or not ready or now - self._asked_at < PICTURE_SECONDS:
            return None
        self._parts.clear()
        self._asked, self._asked_at = secrets.token_hex(8), now
        return self._asked

    def take(self, message: Batch | Beat | Part | Handover, now: float) -> list[Batch | Picture]:
        """What to apply now, in order. Raises Foreign for a holder that is none any more."""
        if message.fence < self.fence:
            raise Foreign("fence")
        if message.fence > self.fence:
            self._new_holder(message.fence)
        if isinstance(message, Handover):
            self.handed = (message.epoch, message.offset)
            return []
        self.heard_at = now
        if isinstance(message, Part):
            return self._take_part(message, now)
        if isinstance(message, Beat):
            self._take_beat(message)
            self.told, self.told_at = message, now
            return []
        return self._take_batch(message)

    def _new_holder(self, fence: int) -> None:
        if self.fence:
            # The last holder answers no more: what was asked of it is asked of this one, and at once.
            self._forget_question()
        self.fence = fence
        self.handed = None
        self.beat = None
        self._early.clear()

    def _take_beat(self, beat: Beat) -> None:
        if beat.reason is not None and beat.reason.code not in SENTENCES:  # of another release
            beat.reason = Reason("reconnecting")
        self.beat = beat
        if self.position is None or beat.epoch != self.position[0] or beat.offset > self.position[1]:
            self._wanting = True

    def _take_batch(self, batch: Batch) -> list[Batch | Picture]:
        if self.position is not None and batch.epoch == self.position[0] and batch.offset <= self.position[1]:
            return []
        if len(self._early) >= MAX_EARLY:
            self._early.clear()
        self._early[batch.offset] = batch
        return self._next()

    def _next(self) -> list[Batch | Picture]:
        """The batches that come right after the position."""
        found: list[Batch | Picture] = []
        while self.position is not None:
            epoch, offset = self.position
            batch = self._early.get(offset + 1)
            if batch is None or batch.epoch != epoch:
                break
            del self._early[offset + 1]
            self.position = (epoch, offset + 1)
            found.append(batch)
        self._wanting = self._wanting or bool(self._early)
        return found

    def _take_part(self, part: Part, now: float) -> list[Batch | Picture]:
        if part.picture != self._asked or not self._asked:
            return []
        self._asked_at = now
        if self._parts and (part.epoch, part.offset) != _place(next(iter(self._parts.values()))):
            self._parts.clear()
        self._parts[part.number] = part
        parts = [self._parts[number] for number in sorted(self._parts)]
        if not parts[-1].last or parts[-1].number != len(parts):
            return []
        self.want()
        self._wanting = False
        if self._is_past(part):
            return []
        self.position = (part.epoch, part.offset)
        self._early = {
            offset: batch
            for offset, batch in self._early.items()
            if batch.epoch == part.epoch and offset > part.offset
        }
        return [Picture(parts), *self._next()]

    def _is_past(self, part: Part) -> bool:
        """A picture of before where we are: batches came meanwhile."""
        return self.position is not None and part.epoch == self.position[0] and part.offset < self.position[1]


def _place(part: Part) -> Position:
    return part.epoch, part.offset
