"""View: one namespace and filter of a feed, encoded once for all who look at it that way.

A viewer in step and one that is behind ask the same question, "what changed after my offset?", and
those who ask from the same offset get the same bytes. What leaves the filter is a remove, what enters
it an upsert; a pod that never was in the view is not mentioned to it.
"""

import hashlib
from collections import OrderedDict, deque
from typing import NamedTuple

import msgspec

from pods.domain.protocol import DeltaFrame, encode_row
from pods.domain.rights import NamespaceRule
from pods.domain.rollout import Rollout
from pods.domain.row import Row
from pods.domain.token import Position, decode_token, encode_token
from pods.domain.viewfilter import ViewFilter
from pods.live.feed import Feed
from pods.live.snapshot import ENCODED_KEPT, FRAME_BYTES, Frame, Snapshot, encoded_frame

# Whoever lacks more than this is better served by a snapshot, which is encoded part by part.
MAX_DELTA_ROWS = 1_000
MAX_DELTA_REMOVES = 2_000
# What a viewer that stops reading is held at the most, and what a view keeps of encoded deltas.
MAX_DELTA_BYTES = 2 * 1024 * 1024
# A uid with its quotes and comma; so many of them make a frame.
UID_BYTES = 40
REMOVES = FRAME_BYTES // UID_BYTES


class DeltaPiece(NamedTuple):
    """What one frame of a delta carries."""

    upsert: list[msgspec.Raw]
    remove: list[str]
    rollouts: list[msgspec.Raw]


class View:
    """What of `feed` `rule` admits (None: all of it) and `filter` matches, pods and rollouts, as `label`."""

    def __init__(self, feed: Feed, label: str, filter: ViewFilter, rule: NamespaceRule | None) -> None:
        self.feed = feed
        self.label = label
        self._filter = filter
        self._rule = rule
        self._admitted: dict[str, bool] = {}
        self._digest = _digest(feed, label, filter, rule)
        # Members are read from the records: what left those and is not numbered yet would never be told.
        feed.settle()
        self._at = feed.offset
        self._members = self._all_members()
        self._left: deque[tuple[int, str]] = deque()
        self._left_floor = self._at
        self._snapshot: Snapshot | None = None
        self._deltas: OrderedDict[tuple[int, int], list[Frame]] = OrderedDict()

    def token(self, offset: int) -> str:
        """The resume token for `offset` in this view."""
        return encode_token(Position(*self.feed.position_of(offset), self._digest))

    def offset_of(self, token: str) -> int | None:
        """The offset of one of this view's tokens, whichever process gave it; None for any other."""
        position = decode_token(token)
        if position is None or position.view != self._digest:
            return None
        return self.feed.offset_of(position.epoch, position.offset)

    def is_to_come(self, token: str) -> bool:
        """Whether it is a token of another process, of which this one will know in a moment."""
        position = decode_token(token)
        if position is None or position.view != self._digest:
            return False
        return self.feed.is_to_come(position.epoch, position.offset)

    def rows(self) -> list[Row]:
        """The rows now."""
        self._advance()
        records = self.feed.records
        return [records[uid].row for uid in self._members if uid in records]

    def snapshot(self) -> Snapshot:
        """The view at the feed's offset; the same object for all who ask before the next change."""
        self._advance()
        if self._snapshot is None or self._snapshot.offset != self._at:
            uids = list(filter(self.feed.holds, self._members))
            self._snapshot = Snapshot(self.label, self.token(self._at), self._at, uids, self._shown)
        return self._snapshot

    def delta(self, offset: int) -> list[Frame] | None:
        """The frames that lead from `offset` to the feed's; none where nothing of it shows here.

        None where a snapshot must do: the past is not held that far, or holds too much. All frames
        but the last carry the token of `offset`: whoever stops between them starts there again.
        """
        self._advance()
        key = (offset, self._at)
        if key not in self._deltas:
            frames = self._encode_delta(offset)
            if frames is None:
                return None
            self._deltas[key] = frames
            self._forget_deltas()
        return self._deltas[key]

    def _forget_deltas(self) -> None:
        """The oldest go where there are too many of them, or too much in them; the newest stays."""
        size = sum(frame.size for frames in self._deltas.values() for frame in frames)
        while len(self._deltas) > ENCODED_KEPT or (size > MAX_DELTA_BYTES and len(self._deltas) > 1):
            size -= sum(frame.size for frame in self._deltas.popitem(last=False)[1])

    def _encode_delta(self, offset: int) -> list[Frame] | None:
        changes = self.feed.changes_since(offset)
        if changes is None:
            return None
        shown = (self._shown(uid) for uid in changes if uid in self._members)
        upsert = [one for one in shown if one is not None]
        if len(upsert) > MAX_DELTA_ROWS:
            return None
        if offset >= self._left_floor:
            left = {uid for at, uid in self._left if at > offset}
        else:
            left = {uid for uid, namespace in changes.items() if self._admits(namespace)}
        gone = left - self._members
        if len(gone) > MAX_DELTA_REMOVES:
            return None
        return self._delta_frames(offset, upsert, sorted(gone))

    def _delta_frames(
        self, offset: int, upsert: list[Row | Rollout], remove: list[str]
    ) -> list[Frame] | None:
        if not upsert and not remove:
            return []
        pieces = [DeltaPiece([], remove[i : i + REMOVES], []) for i in range(0, len(remove), REMOVES)]
        pieces = pieces or [DeltaPiece([], [], [])]
        size = total = UID_BYTES * len(pieces[-1].remove)
        for shown in upsert:
            encoded = encode_row(shown)
            total += len(bytes(encoded))
            if total > MAX_DELTA_BYTES:
                return None
            if size > FRAME_BYTES:
                pieces.append(DeltaPiece([], [], []))
                size = 0
            (pieces[-1].upsert if isinstance(shown, Row) else pieces[-1].rollouts).append(encoded)
            size += len(bytes(encoded))
        frames: list[Frame] = []
        for index, piece in enumerate(pieces):
            reached = self._at if index == len(pieces) - 1 else offset
            frame = DeltaFrame(namespace=self.label, token=self.token(reached), **piece._asdict())
            frames.append(encoded_frame(frame, reached, None))
        return frames

    def _shown(self, uid: str) -> Row | Rollout | None:
        """The pod or rollout as it is now; None where it is not in the view any more."""
        if not self._matches(uid):
            return None
        record = self.feed.records.get(uid)
        return self.feed.rollouts[uid].rollout if record is None else record.row

    def _all_members(self) -> set[str]:
        return {uid for held in (self.feed.records, self.feed.rollouts) for uid in held if self._matches(uid)}

    def _advance(self) -> None:
        """Brings membership up to the feed's offset."""
        feed = self.feed
        if self._at == feed.offset:
            return
        changes = feed.changes_since(self._at)
        if changes is None:
            feed.settle()
            self._members = self._all_members()
            self._left.clear()
            self._left_floor = feed.offset
        else:
            for uid in changes:
                self._update(uid)
            while self._left and self._left[0][0] <= feed.floor:
                self._left.popleft()
            if feed.joined > self._at:
                # What left elsewhere never was here: from before this only the changes themselves tell.
                self._left.clear()
                self._left_floor = feed.offset
        self._at = feed.offset
        self._snapshot = None

    def _update(self, uid: str) -> None:
        if self._matches(uid):
            self._members.add(uid)
        elif uid in self._members:
            self._members.discard(uid)
            self._left.append((self.feed.offset, uid))

    def _matches(self, uid: str) -> bool:
        record = self.feed.records.get(uid)
        if record is not None:
            return self._admits(record.row.namespace) and self._filter.matches(record.row, record.labels)
        told = self.feed.rollouts.get(uid)
        if told is None or not self._admits(told.rollout.namespace):
            return False
        return self._filter.matches_rollout(told.rollout, told.labels)

    def _admits(self, namespace: str) -> bool:
        if self._rule is None:
            return True
        known = self._admitted.get(namespace)
        if known is None:
            known = self._admitted[namespace] = self._rule.admits(namespace)
        return known


def _digest(feed: Feed, label: str, filter: ViewFilter, rule: NamespaceRule | None) -> bytes:
    """What tells one view from another. The rule is in it: other rights are another view."""
    patterns = sorted(rule.patterns) if rule else []
    hidden = sorted(rule.hidden) if rule else []
    everything = rule.everything if rule else None
    # Of a release that tells no rollouts, tokens are another view's: whoever comes with one gets them.
    told = "pods, rollouts"
    text = repr((feed.cluster, feed.namespace, label, filter.key(), everything, patterns, hidden, told))
    return hashlib.sha256(text.encode()).digest()[:8]
