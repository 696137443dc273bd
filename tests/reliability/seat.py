"""A viewer that may leave and come back to what it held, as a browser does with `resume`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import quote

from tests.consumers.viewer import Viewer
from tests.reliability.stage import Theatre
from tests.reliability.watching import Cells, Watched

LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Look:
    """What is looked at: namespaces by letter or `*`, the filter, and the API server's selector for it."""

    namespaces: str
    filter: str = ""
    truth: str = ""
    context: str = "test"


LOOKS = (
    Look("a"),
    Look("a", "&deployment=web", "app=web"),
    Look("b", "&selector=" + quote("tier=x"), "tier=x"),
    Look("abc", "&selector=" + quote("tier!=y"), "tier!=y"),
    Look("*"),
    Look("ab", "&deployment=api&selector=" + quote("tier in (x,y)"), "app=api,tier in (x,y)", "paged"),
)


class Seat:
    """One look of a run; `names` are its namespaces by letter. Rows outlive the sockets."""

    def __init__(self, stage: Theatre, look: Look, names: Mapping[str, str]) -> None:
        self.look = look
        self.viewers: list[Viewer] = []
        wide = look.namespaces == "*"
        self.namespaces = list(names.values()) if wide else [names[letter] for letter in look.namespaces]
        self._labels = ["*"] if wide else self.namespaces
        self._stage = stage
        self._open: AsyncExitStack | None = None

    def __str__(self) -> str:
        return f"The viewer of {self.look} ({', '.join(self._labels)})"

    async def join(self) -> None:
        """Comes (back) with the rows and tokens that it left with; nothing where it is there."""
        if self._open is not None:
            return
        left = self.viewers[-1] if self.viewers else None
        tokens = [left.tokens[label] for label in self._labels if label in left.tokens] if left else []
        more = self.look.filter + "".join(f"&resume={quote(token)}" for token in tokens)
        self._open = AsyncExitStack()
        labels = "&namespace=".join(self._labels)
        viewer = await self._open.enter_async_context(self._stage.viewing(self.look.context, labels, more))
        if left is not None:
            viewer.rows = {label: dict(rows) for label, rows in left.rows.items()}
            viewer.tokens = dict(left.tokens)
        self.viewers.append(viewer)

    async def leave(self) -> None:
        """Closes the socket, if there is one."""
        opened, self._open = self._open, None
        if opened is not None:
            await opened.aclose()

    async def arrive(self, deadline: float) -> None:
        """Comes for the first time, and waits until all is live.

        Again where it is refused: the portal cannot know a new namespace while its cluster is out of reach.
        """
        await self.join()
        while self.lost() or not self.is_live():
            assert time.monotonic() < deadline, f"{self} is not live: {self.states()}"
            if self.lost():
                await self.leave()
                self.viewers.clear()
                await self.join()
            await self.news()

    def is_live(self) -> bool:
        """Whether all its namespaces are said to be live now."""
        return all(watched.states()[-1:] and watched.states()[-1][1] == "live" for watched in self._watched())

    def states(self) -> list[str]:
        """What is said of its namespaces now."""
        return [str(watched.states()[-1:]) for watched in self._watched()]

    def lost(self) -> bool:
        """Whether its socket was closed by the portal."""
        return self.viewers[-1].closed_at is not None

    def shown(self) -> dict[str, Cells]:
        """The rows of the run's own namespaces."""
        found: dict[str, Cells] = {}
        for watched in self._watched():
            rows = self.viewers[-1].rows.get(watched.label, {})
            own = {uid for uid, row in rows.items() if row["namespace"] in self.namespaces}
            found |= {uid: cells for uid, cells in watched.cells().items() if uid in own}
        return found

    async def stays(self) -> bool:
        """Whether the socket holds, as it must, or is rightly replaced by another."""
        return not self.lost()

    async def news(self) -> None:
        """Waits a moment for more to come."""
        await asyncio.sleep(LOOK_SECONDS)

    def _watched(self) -> list[Watched]:
        return [Watched(self.viewers[-1], label) for label in self._labels]
