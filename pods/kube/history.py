"""History: whether a cluster still is where it was seen, or was restored from an older backup.

A watch that is resumed at a version which the server has not reached yet is answered with 200 and
silence (seen with Kubernetes 1.37): the rows would be old, and called live. Versions are numbers that
only grow, in one etcd; a cluster whose present version lies below one that was seen of it has gone back.

The present version comes from a consistent read, which no API server of several answers from behind.
What this cannot see: a cluster that went back and has been written to until it is beyond what was seen.
Where resources live in etcds of their own, it may take a cluster for restored that is not: that costs
lists, and is never wrong.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from pods.clock import Clock
from pods.kube.errors import KubeError

log = structlog.get_logger(__name__)

# Longer than that is no version: 64 bits have 20 digits.
MAX_DIGITS = 20


class History:
    """The newest version seen of one cluster. `restored` is called when the cluster lies behind it.

    Not thread-safe: one event loop owns it.
    """

    def __init__(self, name: str, clock: Clock, restored: Callable[[], None]) -> None:
        self._name = name
        self._clock = clock
        self._restored = restored
        self._newest = 0
        self._one_asks = asyncio.Lock()
        self._confirmed_at = float("-inf")
        self._failed_at = float("-inf")
        self._failure: KubeError | None = None

    def seen(self, version: str) -> None:
        """Takes note of a version that the cluster gave. What is not a number cannot be compared."""
        self._newest = max(self._newest, _number(version))

    def forget(self) -> None:
        """Another cluster goes by this name from now on."""
        self._newest = 0

    async def confirm(self, since: float, ask: Callable[[], Awaitable[str]]) -> None:
        """Returns when the cluster was compared with what was seen, at or after `since` (monotonic seconds).

        `ask` gives its present version. All who wait share one request, and its failure. Raises KubeError.
        """
        called_at = self._clock.monotonic()
        async with self._one_asks:
            if self._confirmed_at >= since:
                return
            if self._failure is not None and self._failed_at >= called_at:
                raise self._failure
            await self._compare(ask)

    async def _compare(self, ask: Callable[[], Awaitable[str]]) -> None:
        # Taken before the request: what others see while it is under way may well be newer than its answer.
        asked_at, newest = self._clock.monotonic(), self._newest
        try:
            version = await ask()
        except KubeError as error:
            self._failure, self._failed_at = error, self._clock.monotonic()
            raise
        self._confirmed_at, self._failure = asked_at, None
        present = _number(version)
        if 0 < present < newest:
            log.warning("cluster_restored", cluster=self._name, seen=newest, present=present)
            self._newest = present
            self._restored()


def _number(version: str) -> int:
    is_number = version.isascii() and version.isdecimal() and len(version) <= MAX_DIGITS
    return int(version) if is_number else 0
