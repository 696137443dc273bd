"""Feed: the numbered changes of one scope's pods and rollouts, and where its viewers hang on.

Guarantees. Changes are numbered by an offset that only grows for as long as the feed lives. To the outside
a number is a position: an epoch and an offset in it, the same in every process that follows the one that
numbers (pods.live.segments); an epoch is drawn by whoever begins to number where nobody can tell what was
numbered before. What is held of the past is which pods changed at
which offset, not how: the newest state of a pod stands for all its changes, so that whoever is
behind catches up without the states in between, in order per pod. A position that is no longer
covered is said to be so (None), and answered with a snapshot.

Bounded: the past holds 5 minutes, and at most 10,000 changes or one per pod, whichever is more; the
oldest go first. A viewer is a position: it costs the same however far it is behind.
"""

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from pods.clock import Clock
from pods.domain.row import HEALTHS, Health
from pods.kube.resource import PodRecord
from pods.kube.workloads import RolloutRecord
from pods.live.segments import Numbered, Past, Segment, Segments
from pods.live.status import FeedState
from pods.live.store import Changes

# A change after a quiet moment goes out at once; bursts (a rollout, a node lost) are coalesced per pod
# for this long.
TICK_SECONDS = 0.03
HELD_SECONDS = 300.0
HELD_CHANGES = 10_000

Counts = dict[Health, int]

_NO_ROLLOUTS: Mapping[str, RolloutRecord] = {}


class Follower(Protocol):
    """Who hears that a feed has moved, or that its state changed. Must not block or raise."""

    def wake(self) -> None: ...


class Batch(NamedTuple):
    """The changes of one tick: their offset, and when they were numbered."""

    offset: int
    at: float
    changes: Changes


class Feed:
    """The changes of `records` and `rollouts`, told to it by `changed()`.

    `state` says how well the records are known.
    """

    def __init__(
        self,
        cluster: str,
        namespace: str,
        records: Mapping[str, PodRecord],
        state: Callable[[], FeedState],
        clock: Clock,
        rollouts: Mapping[str, RolloutRecord] = _NO_ROLLOUTS,
    ) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.records = records
        self.rollouts = rollouts
        self.offset = 0
        # Where the feed last took over what another process had numbered.
        self.joined = 0
        self.floor = 0
        self.synced = False
        self.ended = False
        self.followers: set[Follower] = set()
        self.listeners: set[Callable[[Changes], None]] = set()
        self.arrived_at = 0.0
        self._state = state
        self._clock = clock
        self._held: deque[Batch] = deque()
        self._held_changes = 0
        self._pending: Changes = {}
        self._pending_since = 0.0
        self._numbered_at = float("-inf")
        self._tick_handle: asyncio.TimerHandle | None = None
        self._counts: dict[str, Counter[Health]] = {}
        self._health: dict[str, Health] = {}
        self.told = state()
        self._segments = Segments(secrets.randbits(64))

    @property
    def epoch(self) -> int:
        """The epoch that the next number belongs to."""
        return self._segments.current.epoch

    @property
    def position(self) -> tuple[int, int]:
        """Where the feed is now: epoch, and offset in it."""
        return self._segments.position(self.offset)

    def position_of(self, offset: int) -> tuple[int, int]:
        """What `offset` is in tokens."""
        return self._segments.told(offset)

    def offset_of(self, epoch: int, wire: int) -> int | None:
        """The offset that stands for a position; None where it was never reached here."""
        return self._segments.offset(epoch, wire, self.offset)

    def is_to_come(self, epoch: int, wire: int) -> bool:
        """Whether it is a position that others have reached, and this process will in a moment."""
        return bool(self.joined) and self._segments.is_to_come(epoch, wire, self.offset)

    def moment(self) -> float:
        """Now, in monotonic seconds."""
        return self._clock.monotonic()

    def begin_epoch(self) -> None:
        """From here on this process draws the numbers, and nobody else has heard of them."""
        self._number()
        self._segments.unveil(self.offset + 1)
        self._segments.begin(Segment(secrets.randbits(64), 0, self.offset), self.offset)

    def follow(self, changes: Changes, strange: bool) -> None:
        """The next number, as another process drew it; `records` are made to what they are after it.

        `strange` where something of it was not known here: viewers of other processes may know it.
        """
        self.arrived_at = self._clock.monotonic()
        self._append(self.offset + 1, self.arrived_at, {**changes, **self._take_pending()})
        if strange:
            self.joined = self.offset
        self._wake()

    def join(self, picture: Past, ahead: Changes) -> None:
        """Takes over where another process is; `records` are made to what they are there.

        `ahead` are those of which more is known here: until the next picture tokens are good here only.

        Who stood at this feed's own number is told the difference, and who comes with a position that
        `picture` covers is told what changed since.
        """
        difference = self._take_pending()
        if not self.synced:
            # Nobody was told of what was here before, so nobody needs the difference to it.
            self._count(difference)
            difference = {}
        reached = self._segments.align(picture, self.offset, fresh=not self.synced)
        shift = self._segments.current.shift
        if not self.synced:
            self._held.clear()
            self._held_changes = 0
            self.floor = self._segments.current.low
        now = self.arrived_at = self._clock.monotonic()
        last: Changes = {}
        for numbered in picture.numbers:
            if numbered.offset == picture.offset:
                last = numbered.changes
            elif numbered.offset > reached:
                self._append(numbered.offset + shift, now - numbered.age, numbered.changes)
        self.synced = True
        self._append(picture.offset + shift, now, {**last, **ahead, **difference})
        self.joined = self.offset
        (self._segments.veil if ahead else self._segments.unveil)(self.offset)
        self._wake()

    def past(self) -> Past:
        """What is held of the current epoch's numbers, for another process to join."""
        _, shift, low = self._segments.current
        floor, now = max(self.floor, low), self._clock.monotonic()
        numbers = [
            Numbered(batch.offset - shift, now - batch.at, batch.changes)
            for batch in self._held
            if batch.offset > floor
        ]
        return Past(self.epoch, self.offset - shift, floor - shift, numbers)

    def gone(self) -> set[str]:
        """The pods and rollouts that are known to have been, not long ago, and to be no more."""
        return {uid for batch in self._held for uid in batch.changes if not self.holds(uid)}

    def holds(self, uid: str) -> bool:
        """Whether there is a pod or a rollout of this uid."""
        return uid in self.records or uid in self.rollouts

    def changed(self, changes: Changes) -> None:
        """Takes note of changes in `records`; they are numbered at the next tick."""
        if not self._pending:
            self._pending_since = self._clock.monotonic()
        self._pending.update(changes)
        if changes and self._tick_handle is None:
            delay = max(self._numbered_at + TICK_SECONDS - self._clock.monotonic(), 0.0)
            self._tick_handle = asyncio.get_running_loop().call_later(delay, self._tick)

    def sync(self) -> None:
        """The first whole picture is there: from now on there are snapshots."""
        if not self.synced:
            self._number()
            self.synced = True
            self.floor = self.offset
            self._held.clear()
            self._held_changes = 0
            self._wake()

    def settle(self) -> None:
        """Numbers what waits for its tick, so that `records` and `offset` speak of the same moment."""
        self._number()

    def close(self) -> None:
        """Ends the feed: nothing will come of it any more, and its followers are woken to see that."""
        self.ended = True
        self._wake()
        if self._tick_handle is not None:
            self._tick_handle.cancel()
            self._tick_handle = None

    def changes_since(self, offset: int) -> Changes | None:
        """Which pods changed after `offset`; None where that is not held any more, or never was."""
        if not self.floor <= offset <= self.offset:
            return None
        found: Changes = {}
        for batch in reversed(self._held):
            if batch.offset <= offset:
                break
            found.update(batch.changes)
        return found

    def state(self) -> FeedState:
        """The state now."""
        return self._state()

    def check_state(self) -> bool:
        """Wakes the followers if the state is not what they were last told; gives whether that was so."""
        before, self.told = self.told, self._state()
        if self.told.same_as(before):
            return False
        self._wake()
        return True

    def counts(self) -> dict[str, Counts]:
        """Pods by namespace and health. Namespaces without pods are not in it."""
        return {
            namespace: {health: counter[health] for health in HEALTHS}
            for namespace, counter in self._counts.items()
        }

    def _tick(self) -> None:
        self._tick_handle = None
        self._number()
        if self.synced:
            self._wake()

    def _number(self) -> None:
        if self._pending:
            self._numbered_at = self._clock.monotonic()
            self.arrived_at = self._pending_since
            self._append(self.offset + 1, self._numbered_at, self._take_pending())

    def _take_pending(self) -> Changes:
        changes, self._pending = self._pending, {}
        return changes

    def _append(self, offset: int, at: float, changes: Changes) -> None:
        self.offset = offset
        self._held.append(Batch(offset, at, changes))
        self._held_changes += len(changes)
        self._forget(self._clock.monotonic())
        self._count(changes)
        for listener in list(self.listeners):
            listener(changes)

    def _forget(self, now: float) -> None:
        limit = max(HELD_CHANGES, len(self.records) + len(self.rollouts))
        while self._held and (self._held_changes > limit or self._held[0].at < now - HELD_SECONDS):
            batch = self._held.popleft()
            self._held_changes -= len(batch.changes)
            self.floor = batch.offset

    def _count(self, changes: Changes) -> None:
        for uid, namespace in changes.items():
            before = self._health.pop(uid, None)
            record = self.records.get(uid)
            counter = self._counts.setdefault(namespace, Counter())
            if before is not None:
                counter[before] -= 1
            if record is not None:
                self._health[uid] = record.row.health
                counter[record.row.health] += 1
            elif not any(counter.values()):
                del self._counts[namespace]

    def _wake(self) -> None:
        for follower in list(self.followers):
            follower.wake()
