"""Runtime: what one portal process has running, with a start and an end.

Built by the composition root (k8sportal.asgi) and handed to every request and socket in its scope
as `scope["portal"]`. It belongs to one event loop: the one in which it was started.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from channels.db import database_sync_to_async
from django.db import Error as DatabaseFailure
from django.http import QueryDict

from pods import metrics
from pods.access import AccessTable, Person
from pods.access_watch import AccessWatch
from pods.asked import Asked, Refusal, doubted, read, refusals
from pods.clock import Clock, SystemClock
from pods.clusters import DISCOVERY_SECONDS, Clusters
from pods.details import Details
from pods.domain.row import HEALTHS
from pods.domain.scope import Scope
from pods.domain.viewfilter import ViewFilter
from pods.installation import installation_id
from pods.kube.cluster import Cluster
from pods.live.feed import Counts
from pods.live.fleet import Fleet
from pods.live.hub import Hub, Source
from pods.live.informer import PodInformer
from pods.live.shared import SharedInformer
from pods.polls import Polls
from pods.reaper import Reaper
from pods.scoping import Place, place_all, place_single
from pods.sockets import Sockets
from pods.stalls import Stalls
from pods.tasks import end_tasks, owned_task
from pods.throttle import Throttles
from pods.viewparams import BadParams, read_params

log = structlog.get_logger(__name__)

DISCOVERY_PERIOD_SECONDS = 30.0


@dataclass(frozen=True)
class Limits:
    """The settings that the runtime and its sockets obey (docs/settings.md)."""

    sockets_per_person: int = 200
    sockets_per_address: int = 5000
    messages_per_second: int = 20
    frame_bytes: int = 4096
    linger_seconds: float = 5.0
    wide_scope_at: int = 20


class Runtime:
    """Clusters, hub, rights and sockets of one process. `prepare` is awaited once, before it starts."""

    def __init__(
        self,
        limits: Limits | None = None,
        clock: Clock | None = None,
        prepare: Callable[[], Awaitable[None]] | None = None,
        fleet: Fleet | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.fleet = fleet
        self._prepare = prepare
        self.clock = clock or SystemClock()
        self.draining = False
        self.sockets = Sockets(self.limits.sockets_per_person, self.limits.sockets_per_address)
        self.access_watch = AccessWatch(self.clock)
        self.clusters = Clusters(self.clock, lambda: self.access, lambda name: self.hub.end_cluster(name))
        self.hub = Hub(self.clusters.get, self.clock, self.limits.linger_seconds, self._source)
        self.polls = Polls(self.hub)
        self.details = Details(self.clock)
        self.changes = Throttles(self.limits.messages_per_second, self.clock)
        # How many WebSocket connections the server itself holds; None where it does not tell.
        self.server_sockets: Callable[[], int] | None = None
        self.stalls = Stalls(self.clock)
        self.reaper = Reaper(self)
        self._starting = asyncio.Lock()
        self._refreshing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tasks: list[asyncio.Task[None]] = []
        self._fleet_tasks: list[asyncio.Task[None]] = []

    @property
    def access(self) -> AccessTable:
        """The rights of now."""
        return self.access_watch.table

    async def start(self) -> None:
        """Starts what runs by itself; further calls do nothing. Raises DatabaseError."""
        async with self._starting:
            if self._tasks or self.draining:
                return
            if self._prepare is not None:
                await self._prepare()
            await self.access_watch.load()
            changed = asyncio.Event()
            self.access_watch.listeners.append(changed)
            if self.fleet is not None:
                self.fleet.open(await database_sync_to_async(installation_id)())
                self._fleet_tasks = [owned_task(self.fleet.run(), "fleet")]
            self._tasks = [
                owned_task(self.access_watch.run(), "access watch"),
                owned_task(self._follow_clusters(changed), "clusters follow the rights"),
                owned_task(self._discover(), "namespace discovery"),
                owned_task(self.stalls.run(), "stalls"),
                owned_task(self.reaper.run(), "reaper"),
            ]

    async def stop(self) -> None:
        """Ends everything and waits for it; feeds have something to hand over to the fleet."""
        tasks, self._tasks = self._tasks, []
        await end_tasks(tasks)
        self.polls.close()
        await self.details.close()
        await self.hub.stop()
        await self.clusters.close()
        if self.fleet is not None:
            await end_tasks(self._fleet_tasks)
            await self.fleet.close()

    async def drain(self) -> None:
        """Not ready any more: every viewer is told to come back (1012), then everything ends."""
        self.draining = True
        await self.sockets.restart_all()
        await self.stop()

    def degraded(self) -> list[str]:
        """What does not work as it should: clusters whose API does not answer, the rights, Redis."""
        found = [f"kubernetes:{name}" for name in self.clusters.names() if self.clusters.failure(name)]
        if self.access_watch.failing:
            found.append("rights")
        if self.fleet is not None and self.fleet.link.up is False:
            found.append("redis")
        return found

    async def place(self, person: Person, cluster: str, namespaces: tuple[str, ...]) -> dict[str, Place]:
        """Where each label of a view is served from. Empty where a `*` view has nothing to show."""

        async def wide() -> bool:
            return await self.clusters.may_list_everywhere(cluster)

        if namespaces != ("*",):
            return await place_single(cluster, namespaces, self.limits.wide_scope_at, wide)
        if not self.access.known_namespaces(cluster):
            await self.refresh_namespaces(cluster)
        rule = self.access.rule(person, "pods", cluster)
        names = [info.name for info in self.access.namespaces(person, cluster)]
        place = await place_all(cluster, rule, names, self.limits.wide_scope_at, wide)
        return {} if place is None else {"*": place}

    async def read(self, person: Person, query: QueryDict) -> Asked:
        """The view that an address asks for. Raises BadParams."""
        try:
            return read(read_params(query, self.access.clusters(person)), self.access)
        except BadParams as error:
            if not error.signing_in_may_help:
                raise
        await self.look_again(None)
        return read(read_params(query, self.access.clusters(person)), self.access)

    async def refusals(self, person: Person, asked: Asked) -> dict[str, Refusal]:
        """The namespaces of a view that this person may not see, and why."""
        found = refusals(self.access, person, asked)
        if not found:
            return found
        unknown = any(refusal.status == 404 for refusal in found.values())
        await self.look_again(asked.cluster if unknown else None)
        found = refusals(self.access, person, asked)
        return doubted(found, asked) if self.clusters.failure(asked.cluster) else found

    async def look_again(self, cluster: str | None) -> None:
        """Brings what a refusal would rest on up to date: the rights, and with `cluster` its namespaces.

        Nobody is refused because of a right that was given, or a namespace that was made, a moment ago.
        """
        await self.access_watch.look_since(self.clock.monotonic())
        if cluster is not None and self.clusters.get(cluster) is not None:
            missed_at = self.clock.monotonic()
            async with self._refreshing[cluster]:
                if await self.clusters.discover_since(cluster, missed_at):
                    await self.access_watch.look()

    async def refresh_namespaces(self, cluster: str, older_than: float = DISCOVERY_SECONDS) -> None:
        """Lists the cluster's namespaces if that is `older_than` seconds ago, and takes over what changed.

        Who comes while that is under way waits for it.
        """
        if self.clusters.get(cluster) is None:
            return
        async with self._refreshing[cluster]:
            if await self.clusters.discover(cluster, older_than):
                await self.access_watch.look()

    async def overview(self, person: Person, cluster: str, wait: float = 0.0) -> dict[str, Counts] | None:
        """Pods by namespace and health, for what this person may see; None where nothing is known.

        From the `*` scope where the credentials allow it, kept for the linger beyond this call, else
        from scopes that are watched anyway. Waits up to `wait` seconds for a first list.
        """
        seen = {info.name for info in self.access.namespaces(person, cluster)}
        if await self._counts_everywhere(person, cluster, len(seen)):
            counts = await self._wide_counts(cluster, wait)
            if counts is None:
                return None
            empty: Counts = dict.fromkeys(HEALTHS, 0)
            return {name: counts.get(name, empty) for name in seen}
        found: dict[str, Counts] = {}
        for name in seen:
            feed = self.hub.feed(Scope(cluster, "pods", name))
            if feed is not None and feed.synced:
                found[name] = feed.counts().get(name, dict.fromkeys(HEALTHS, 0))
        return found or None

    def cluster_status(self, cluster: str) -> dict[str, Any] | None:
        """What is wrong with a cluster, as code, parameters and sentence; None where nothing is known of."""
        reason = self.clusters.failure(cluster)
        if reason is None:
            return None
        return {"code": reason.code, "params": reason.params, "reason": reason.sentence}

    def _source(self, cluster: Cluster, namespace: str, clock: Clock) -> Source:
        """What fills one scope's feed: shared with the other processes where there may be any."""
        if self.fleet is None:
            return PodInformer(cluster, namespace, clock)
        return SharedInformer(cluster, namespace, clock, self.fleet)

    async def _counts_everywhere(self, person: Person, cluster: str, seen: int) -> bool:
        unbounded = self.access.rule(person, "pods", cluster).unbounded
        enough = unbounded or seen >= self.limits.wide_scope_at
        return enough and await self.clusters.may_list_everywhere(cluster)

    async def _wide_counts(self, cluster: str, wait: float) -> dict[str, Counts] | None:
        synced = Synced()
        key = Scope(cluster, "pods", "*")
        held = self.hub.subscribe(key, "*", ViewFilter(), None, synced)
        try:
            feed = held.subscription.feed
            await synced.wait_for(feed, wait)
            return feed.counts() if feed.synced else None
        finally:
            held.close()

    async def _follow_clusters(self, changed: asyncio.Event) -> None:
        while True:
            await changed.wait()
            changed.clear()
            await self.clusters.follow()

    async def _discover(self) -> None:
        """Clusters in use are asked for their namespaces now and then."""
        while True:
            await self.clock.sleep(DISCOVERY_PERIOD_SECONDS)
            metrics.forget_idle()
            for name in {feed.cluster for feed in self.hub.feeds()}:
                try:
                    await self.refresh_namespaces(name)
                    if await self.clusters.settle(name):
                        self.access_watch.tell_all()
                except DatabaseFailure:
                    log.warning("namespaces_not_recorded", cluster=name)


class Synced:
    """Waits for a feed's first picture; a viewer that only wants to know that."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """The feed moved."""
        self._woken.set()

    async def wait_for(self, feed: Any, seconds: float) -> None:
        """Returns when `feed` is synced, or after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while not feed.synced:
                    self._woken.clear()
                    await self._woken.wait()
        except TimeoutError:
            return
