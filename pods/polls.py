"""Polls: who asks for the rows again and again, because no socket of theirs opens.

Between two polls nobody is subscribed. Each poll therefore keeps its feeds in use for a while, so that
the next one finds them running and a page that polls costs one upstream watch, as one with a socket does.
"""

import asyncio
from collections.abc import Iterable

from pods.live.hub import Hub, Key, Running

# The next poll comes 5 s after the last one's answer (docs/contract.md); late, after as long again.
KEEP_SECONDS = 10.0


class Polls:
    """The feeds that polls keep in use: one hold each, however many poll. Owned by the Runtime."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._kept: dict[Key, tuple[Running, asyncio.TimerHandle]] = {}

    def keep(self, keys: Iterable[Key]) -> None:
        """Keeps these feeds for KEEP_SECONDS from now. They run: the caller is subscribed to them."""
        for key in keys:
            running = self._hub.acquire(key)
            self._release(key, lingers=True)
            timer = asyncio.get_running_loop().call_later(KEEP_SECONDS, self._release, key, False)
            self._kept[key] = (running, timer)

    def close(self) -> None:
        """Gives all of them back."""
        for key in list(self._kept):
            self._release(key, lingers=False)

    def _release(self, key: Key, lingers: bool) -> None:
        running, timer = self._kept.pop(key, (None, None))
        if running is not None and timer is not None:
            timer.cancel()
            self._hub.release(running, lingers)
