"""The clusters that this process talks to: made on first use, changed and ended as the admin says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from channels.db import database_sync_to_async

from pods.access import AccessTable
from pods.clock import Clock
from pods.domain.reasons import Reason
from pods.kube.cluster import Cluster
from pods.kube.errors import Forbidden, KubeError
from pods.kube.objects import list_namespaces, may_list_everywhere
from pods.outside import record_namespaces

log = structlog.get_logger(__name__)

DISCOVERY_SECONDS = 10.0
# Somebody asks for a namespace that is not known: it may have been made this moment.
MISSED_SECONDS = 1.0
WIDE_SECONDS = 300.0
# A cluster that has not answered by then is not waited for: the feeds say what is wrong with it, and
# a viewer must hear from the portal within 5 s of opening.
ANSWER_SECONDS = 2.0
_UNANSWERED = Reason("timed_out", {"seconds": int(ANSWER_SECONDS)})


@dataclass
class _Connected:
    cluster: Cluster
    discovered_at: float = float("-inf")
    wide_at: float = float("-inf")
    wide_asked_at: float = float("-inf")
    # Until the cluster has said no: where it cannot be asked, the feed of everything says why.
    wide: bool = True
    guessed: bool | None = None
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    failure: Reason | None = field(default=None)


class Clusters:
    """Cluster objects by name.

    `table` gives the rights of now, where their sources stand; `ended` is told of a cluster that is gone.
    """

    def __init__(self, clock: Clock, table: Callable[[], AccessTable], ended: Callable[[str], None]) -> None:
        self._clock = clock
        self._ended = ended
        self._table = table
        self._connected: dict[str, _Connected] = {}

    def get(self, name: str) -> Cluster | None:
        """The cluster of this name, connected on first use; None where it is not configured or is off."""
        connected = self._get(name)
        return connected.cluster if connected is not None else None

    async def follow(self) -> None:
        """Takes over changed sources, and closes clusters that are gone."""
        for name, connected in list(self._connected.items()):
            info = self._table().cluster(name)
            if info is None or info.source is None or not info.enabled:
                del self._connected[name]
                self._ended(name)
                await connected.cluster.close()
            elif info.source != connected.cluster.source:
                log.info("cluster_reconfigured", cluster=name)
                connected.discovered_at = connected.wide_at = connected.wide_asked_at = float("-inf")
                await connected.cluster.reconfigure(info.source)

    async def discover_since(self, name: str, moment: float) -> bool:
        """Lists the cluster's namespaces unless that was done at or after `moment` (monotonic seconds).

        However many ask for names that are not known, it lists once in MISSED_SECONDS; they wait for that.
        """
        connected = self._get(name)
        if connected is None or connected.discovered_at >= moment:
            return False
        await self._clock.sleep(max(connected.discovered_at + MISSED_SECONDS - self._clock.monotonic(), 0.0))
        return await self.discover(name, 0.0)

    async def discover(self, name: str, older_than: float = DISCOVERY_SECONDS) -> bool:
        """Lists the cluster's namespaces if that is `older_than` seconds ago; gives whether they came.

        Then they are written down, by this process or, a moment before, by another: the rights tell.
        Where they may not be listed, or the cluster does not answer in time, what is known stays as it is.
        """
        connected = self._get(name)
        now = self._clock.monotonic()
        if connected is None or now - connected.discovered_at < older_than:
            return False
        names = await self._names(connected)
        # When it was asked for: what was made meanwhile may be missing. Not where this was cancelled:
        # whoever asked has left, and the next one in line asks anew.
        connected.discovered_at = now
        if names is None:
            return False
        await database_sync_to_async(record_namespaces)(name, names)
        return True

    async def may_list_everywhere(self, name: str) -> bool:
        """Whether the credentials may list pods in all namespaces; asked again after 5 minutes.

        While the cluster does not answer, what it said last holds, or yes; see `settle`.
        """
        connected = self._get(name)
        if connected is None:
            return False
        async with connected.asking:
            now = self._clock.monotonic()
            asked_lately = now - connected.wide_asked_at < DISCOVERY_SECONDS
            if now - connected.wide_at >= WIDE_SECONDS and not asked_lately:
                await self._ask_wide(connected)
        if connected.wide_at < connected.wide_asked_at:
            connected.guessed = connected.wide
        return connected.wide

    async def settle(self, name: str) -> bool:
        """Asks again where `may_list_everywhere` had no answer; whether what it gave then was wrong."""
        connected = self._connected.get(name)
        if connected is None or connected.guessed is None:
            return False
        guessed, connected.guessed = connected.guessed, None
        return await self.may_list_everywhere(name) != guessed

    async def _names(self, connected: _Connected) -> set[str] | None:
        """The cluster's namespaces; None where they may not be listed, or do not come in time."""
        failure: Reason | None = None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                names = await list_namespaces(connected.cluster)
                connected.failure = None
                return names
        except Forbidden:
            pass
        except TimeoutError:
            failure = _UNANSWERED
        except KubeError as error:
            failure = error.reason
        connected.failure = failure
        return None

    async def _ask_wide(self, connected: _Connected) -> None:
        asked_at = self._clock.monotonic()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                connected.wide = await may_list_everywhere(connected.cluster)
            connected.wide_at = asked_at
        except TimeoutError:
            connected.failure = _UNANSWERED
        except KubeError as error:
            connected.failure = error.reason
        connected.wide_asked_at = asked_at

    def failure(self, name: str) -> Reason | None:
        """What the last request of the portal's own to this cluster failed of."""
        connected = self._connected.get(name)
        if connected is None:
            return None
        probe = connected.cluster.probe.failure
        return probe.reason if probe is not None else connected.failure

    def connected(self) -> list[Cluster]:
        """The Cluster objects of those."""
        return [connected.cluster for connected in self._connected.values()]

    def names(self) -> list[str]:
        """The clusters that are connected."""
        return list(self._connected)

    async def close(self) -> None:
        """Closes all."""
        for connected in list(self._connected.values()):
            await connected.cluster.close()
        self._connected.clear()

    def _get(self, name: str) -> _Connected | None:
        connected = self._connected.get(name)
        if connected is None:
            info = self._table().cluster(name)
            if info is None or info.source is None or not info.enabled:
                return None
            connected = self._connected[name] = _Connected(Cluster(name, info.source, self._clock))
        return connected
