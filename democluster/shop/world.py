"""Simulated time: scripts that wait, chance, and the store into which everything is written."""

import heapq
import random
import uuid
from collections.abc import Iterator

from democluster.ages import timestamp
from democluster.store import Store

# A script yields seconds to wait.
Script = Iterator[float]

# The alphabet of Kubernetes' generated names: no vowels, so that no words come out.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_SHORTEST_WAIT = 0.02


class Process:
    """A running script; `stop()` ends it wherever it waits (or at its next wait)."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.alive = True

    def step(self) -> float | None:
        """Run to the next wait; gives its length, None at the script's end."""
        wait = next(self._script, None) if self.alive else None
        if wait is None:
            self.alive = False
        return wait if self.alive else None

    def stop(self) -> None:
        # The script is not closed: it may be the one that is running. Without a due time it is forgotten.
        self.alive = False


class World:
    """Time, chance and the store. `speed` divides every wait; timestamps stay those of the clock."""

    def __init__(self, store: Store, seed: int, now: float, speed: float = 1.0) -> None:
        self.store = store
        self.now = now
        self.random = random.Random(seed)
        self._speed = speed
        self._due: list[tuple[float, int, Process]] = []
        self._count = 0

    def spawn(self, script: Script, delay: float = 0.0) -> Process:
        """Start a script after `delay` seconds."""
        process = Process(script)
        self._push(self.now + delay / self._speed, process)
        return process

    def advance(self, until: float) -> None:
        """Let everything happen that is due up to `until` (Unix seconds)."""
        while self._due and self._due[0][0] <= until:
            due, _, process = heapq.heappop(self._due)
            self.now = max(self.now, due)
            wait = process.step()
            if wait is not None:
                self._push(self.now + max(wait, _SHORTEST_WAIT) / self._speed, process)
        self.now = max(self.now, until)

    def next_due(self) -> float | None:
        return self._due[0][0] if self._due else None

    def pending(self) -> int:
        """How many scripts wait, for tests of boundedness."""
        return len(self._due)

    def until_next(self, period: float) -> float:
        """The wait until the clock reads a multiple of `period` seconds (of the shop's time)."""
        scaled = period / self._speed
        return (scaled - self.now % scaled) * self._speed

    def between(self, low: float, high: float) -> float:
        return self.random.uniform(low, high)

    def stamp(self, seconds_ago: float = 0.0) -> str:
        """The present, or a moment before it, as RFC 3339."""
        return timestamp(self.now - seconds_ago)

    def uid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def hex(self, digits: int) -> str:
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def suffix(self, length: int) -> str:
        """A generated name's ending, as Kubernetes makes them."""
        return "".join(self.random.choices(_ALPHABET, k=length))

    def _push(self, due: float, process: Process) -> None:
        self._count += 1
        heapq.heappush(self._due, (due, self._count, process))
