"""Snapshot: a view at one offset, in frames for sockets or whole for the API."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from pods.domain.protocol import SnapshotFrame, encode, encode_row
from pods.domain.rollout import Rollout
from pods.domain.row import Row
from pods.live.picture import Picture

# A frame is about this long, so that acknowledgements come often and no frame stalls the loop.
FRAME_BYTES = 64 * 1024
ENCODED_KEPT = 8


@dataclass(frozen=True)
class Frame:
    """An encoded frame. A viewer that has it is at `offset`; `part` is that of a snapshot."""

    text: str
    size: int
    offset: int
    part: int | None


def encoded_frame(frame: msgspec.Struct, offset: int, part: int | None) -> Frame:
    """`frame` as it is sent."""
    data = encode(frame)
    return Frame(data.decode(), len(data), offset, part)


class Snapshot:
    """The pods and rollouts of a view at one offset, encoded part by part as asked for, or as two pictures.

    What it holds is which were there, not how: a part shows each as it is when the part is first asked for,
    or leaves it out where it has gone, and the deltas after `offset` say the same again. So a viewer that
    stops in the middle keeps no old rows alive.
    """

    def __init__(
        self,
        label: str,
        token: str,
        offset: int,
        uids: Sequence[str],
        shown: Callable[[str], Row | Rollout | None],
    ) -> None:
        self.offset = offset
        self.token = token
        self._label = label
        self._uids = uids
        self._shown = shown
        self._starts = [0]
        self._encoded: OrderedDict[int, tuple[Frame, bool]] = OrderedDict()

    @cached_property
    def picture(self) -> Picture[Row]:
        """All the rows, as they are when it is first asked for: at once, for the offset to be theirs."""
        return Picture([one for one in map(self._shown, self._uids) if isinstance(one, Row)])

    @cached_property
    def rollouts(self) -> Picture[Rollout]:
        """All the rollouts likewise: asked for at the same moment."""
        return Picture([one for one in map(self._shown, self._uids) if isinstance(one, Rollout)])

    def part(self, number: int) -> tuple[Frame, bool]:
        """Part `number` (from 1, each asked for after the one before it) and whether it is the last."""
        found = self._encoded.get(number)
        if found is None:
            found = self._encoded[number] = self._encode(number)
            if len(self._encoded) > ENCODED_KEPT:
                self._encoded.popitem(last=False)
        return found

    def _encode(self, number: int) -> tuple[Frame, bool]:
        """Where a part ends stays as it was at first, though its rows may have changed since."""
        end = self._starts[number - 1]
        stop = self._starts[number] if number < len(self._starts) else len(self._uids)
        pods: list[msgspec.Raw] = []
        rollouts: list[msgspec.Raw] = []
        size = 0
        while end < stop and (size < FRAME_BYTES or number < len(self._starts)):
            shown = self._shown(self._uids[end])
            end += 1
            if shown is not None:
                encoded = encode_row(shown)
                (pods if isinstance(shown, Row) else rollouts).append(encoded)
                size += len(bytes(encoded))
        if number == len(self._starts):
            self._starts.append(end)
        last = end >= len(self._uids)
        frame = SnapshotFrame(
            namespace=self._label, token=self.token, part=number, last=last, pods=pods, rollouts=rollouts
        )
        return encoded_frame(frame, self.offset, number), last
