"""Picture: a view's rows, or its rollouts, at one offset as JSON, encoded and compressed once for all.

Kept with the view's snapshot, and dropped with it when the view moves on. Who asks while it is being
made helps to make it: one at a time encodes the next few rows, so that it belongs to no task that could
leave, and no turn of the loop is long.
"""

import asyncio
from collections.abc import Sequence
from typing import Generic, TypeVar

from pods.deflate import Deflater, Part
from pods.domain.protocol import encode_rows
from pods.domain.rollout import Rollout
from pods.domain.row import Row

Shown = TypeVar("Shown", Row, Rollout)

# With the longest labels that a row may have, so many take a few milliseconds.
ROWS_PER_TURN = 200


class Picture(Generic[Shown]):
    """`rows`, which may be rollouts, as the inside of a JSON array: so that several fit into one."""

    def __init__(self, rows: Sequence[Shown]) -> None:
        self._rows: Sequence[Shown] = rows
        self._encoded = 0
        self._deflater: Deflater | None = None
        self._part: Part | None = None
        self._making = asyncio.Lock()

    async def part(self) -> Part:
        """The rows, separated by commas."""
        async with self._making:
            while self._part is None:
                self._encode_some()
                await asyncio.sleep(0)
        return self._part

    def _encode_some(self) -> None:
        deflater = self._deflater = self._deflater or Deflater()
        start, self._encoded = self._encoded, self._encoded + ROWS_PER_TURN
        rows = self._rows[start : self._encoded]
        if rows:
            deflater.add((b"," if start else b"") + encode_rows(rows))
        if self._encoded >= len(self._rows):
            self._part = deflater.part()
            self._deflater = None
