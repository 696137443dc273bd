"""KnownVersion: the version from which a scope's watch goes on, for as long as it can be trusted.

After a broken connection what answers next may be another cluster, or the same one restored from a
backup. Then the version that was seen is worth nothing, and only a list tells what is there.
"""

from collections.abc import Awaitable, Callable

from pods.clock import Clock
from pods.kube.cluster import Cluster
from pods.kube.errors import Forbidden

# API servers forget what is older than 5 minutes, and a cluster that was restored may after so long have
# come up to the version that was seen of it.
FORGOTTEN_SECONDS = 300.0
# A flow that broke sooner than this had not been restored: it is the same break that goes on.
SETTLED_SECONDS = 1.0


class KnownVersion:
    """`value` is None where the next connection has to begin with a list.

    Versions of a resource that is kept `apart` are compared with nothing. They are trusted for as long as the
    others of the cluster are: should its own etcd alone go back, its watch is silent for a while.
    """

    def __init__(self, cluster: Cluster, clock: Clock, apart: bool = False) -> None:
        self.value: str | None = None
        self._cluster = cluster
        self._clock = clock
        self._apart = apart
        self._generation = -1
        self._outages = cluster.probe.outages
        self._doubted_at: float | None = None

    def moved_to(self, version: str) -> None:
        """The server gave a list, an event or a bookmark of this version."""
        if version:
            self.value = version
        if version and not self._apart:
            self._cluster.history.seen(version)

    def forget(self) -> None:
        """The server does not hold it any more, or never did."""
        self.value = None

    def doubt(self, flowed: float) -> None:
        """The connection broke, after a flow of so many seconds."""
        if self._doubted_at is None or flowed >= SETTLED_SECONDS:
            self._doubted_at = self._clock.monotonic()

    async def check(self, right_at: float | None, ask: Callable[[], Awaitable[str]]) -> None:
        """Before a connection: forgets the version where the cluster is another, or older, than what gave it.

        What is held was last known to be right at `right_at` (monotonic seconds), if ever. `ask` gives the
        cluster's version now, and is called only after a break, once for all scopes. Raises KubeError.
        """
        if self._outages != self._cluster.probe.outages:
            self._outages = self._cluster.probe.outages
            self._doubted_at = self._cluster.probe.recovered_at
        if self.value is not None and self._doubted_at is not None:
            await self._compare(right_at or self._doubted_at, self._doubted_at, ask)
        if self._generation != self._cluster.generation:
            self._generation = self._cluster.generation
            self.value = None

    async def _compare(self, right_at: float, since: float, ask: Callable[[], Awaitable[str]]) -> None:
        if self._clock.monotonic() - right_at > FORGOTTEN_SECONDS:
            self.value = None
            return
        if self._apart:
            return
        try:
            await self._cluster.history.confirm(since, ask)
        except Forbidden:  # it cannot be compared; a streaming list may still be allowed
            self.value = None
