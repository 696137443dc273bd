"""A turnstile for new connections: however many come at once, few begin in one turn of the event loop.

A handshake and the first steps of its application cost some milliseconds, and a server that finds a
thousand connections waiting would see to all of them before anybody else gets a turn.
"""

import asyncio
from collections import deque
from collections.abc import Callable

PER_TURN = 4


class Turnstile:
    """Bounded by the connections that the process may have; each is in it until its turn comes."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], object]] = deque()

    def enter(self, begin: Callable[[], object]) -> None:
        """Has `begin` called when it is its turn. It must do nothing where the connection is gone by then."""
        self._waiting.append(begin)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        for _ in range(min(PER_TURN, len(self._waiting))):
            self._waiting.popleft()()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._turn)
