"""Details of single pods, asked for when somebody looks at one: one request for all who ask at once."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from pods.domain.eventdetail import EventDetail
from pods.domain.pod import OwnerRef, deployment_from_hash
from pods.domain.poddetail import SeenPod
from pods.domain.reasons import Reason
from pods.domain.row import Owner
from pods.kube.cluster import Cluster
from pods.kube.errors import Forbidden, KubeError, NotFound, TimedOut
from pods.kube.onepod import fetch_owner, fetch_pod, list_events
from pods.recent import Recent
from pods.tasks import end_tasks

if TYPE_CHECKING:
    from pods.clock import Clock

T = TypeVar("T")

# One pod is not asked for more often than this, however many look at it.
DISTANCE_SECONDS = 1.0
# Its events may be so old, and who its owners are: those do not change while the pod is there.
EVENTS_STAND_SECONDS = 2.0
OWNERS_STAND_SECONDS = 60.0
# Who asks for a pod waits no longer than this for either: the request goes on, and its answer stands.
EXTRAS_WAIT_SECONDS = 1.5
# Of so many pods: up to MOST_EVENTS each.
EVENTS_KEPT = 200
# So many requests of one cluster are about events and owners at a time, and so long each may take, its turn
# included: however many pods are looked at, watches and lists have the API server to themselves.
AT_ONCE = 8
TURN_SECONDS = 6.0
# So many pods' last requests are remembered; of others it is not known how long ago they were asked for.
KEPT = 1000

Key = tuple[str, str, str]


class Details:
    """The requests that are under way. Owned by the Runtime, which closes it.

    An answer is never older than its question: who asks while a request is on its way waits for the next.
    """

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._waiting: dict[Key, asyncio.Task[SeenPod]] = {}
        self._begun: dict[Key, float] = {}
        self._tasks: set[asyncio.Task[SeenPod]] = set()
        self._events: Recent[tuple[EventDetail, ...]] = Recent(
            clock, EVENTS_STAND_SECONDS, "pod events", EVENTS_KEPT
        )
        self._owners: Recent[Owner | None] = Recent(clock, OWNERS_STAND_SECONDS, "pod owners")
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))

    async def of(self, cluster: Cluster, namespace: str, pod: str) -> SeenPod:
        """The pod as it is from now on. Raises KubeError."""
        key = (cluster.name, namespace, pod)
        task = self._waiting.get(key)
        if task is None:
            task = asyncio.create_task(self._next(key, cluster, namespace, pod), name="pod detail")
            self._waiting[key] = task
            self._tasks.add(task)
            task.add_done_callback(self._heard)
        return await asyncio.shield(task)

    async def events(self, cluster: Cluster, seen: SeenPod) -> tuple[EventDetail, ...]:
        """What happened to the pod, the newest first, for EVENTS_STAND_SECONDS the same. Raises KubeError."""
        namespace, uid = seen.detail.namespace, seen.detail.uid

        async def ask() -> tuple[EventDetail, ...]:
            return await self._in_turn(cluster, lambda: list_events(cluster, namespace, uid))

        try:
            async with asyncio.timeout(EXTRAS_WAIT_SECONDS):
                return await self._events.of((cluster.name, namespace, uid), ask)
        except TimeoutError as error:
            raise TimedOut(Reason("events_later")) from error

    async def owners(self, cluster: Cluster, seen: SeenPod) -> tuple[Owner, ...]:
        """The pod's controller, and who controls that: told from names where it cannot be read in time."""
        first, namespace = seen.controller, seen.detail.namespace
        if first is None:
            return ()

        async def ask() -> Owner | None:
            try:
                return await self._in_turn(cluster, lambda: fetch_owner(cluster, namespace, first))
            except (Forbidden, NotFound):
                return _by_name(seen, first)

        try:
            async with asyncio.timeout(EXTRAS_WAIT_SECONDS):
                behind = await self._owners.of((cluster.name, namespace, first), ask)
        except (KubeError, TimeoutError):
            behind = _by_name(seen, first)
        own = Owner(first.kind, first.name)
        return (own,) if behind is None else (own, behind)

    async def close(self) -> None:
        """Ends what is under way."""
        await end_tasks(list(self._tasks))  # type: ignore[arg-type]  # whatever they would have given
        await self._events.close()
        await self._owners.close()

    async def _in_turn(self, cluster: Cluster, ask: Callable[[], Awaitable[T]]) -> T:
        """One of AT_ONCE requests. Raises KubeError."""
        try:
            async with asyncio.timeout(TURN_SECONDS), self._turns[cluster.name]:
                return await ask()
        except TimeoutError as error:
            raise TimedOut(Reason("timed_out", {"seconds": int(TURN_SECONDS)})) from error

    async def _next(self, key: Key, cluster: Cluster, namespace: str, pod: str) -> SeenPod:
        """The next request, for all who ask until it begins."""
        try:
            wait = self._begun.get(key, float("-inf")) + DISTANCE_SECONDS - self._clock.monotonic()
            await self._clock.sleep(max(wait, 0.0))
        finally:
            del self._waiting[key]
        self._remember(key)
        return await fetch_pod(cluster, namespace, pod)

    def _remember(self, key: Key) -> None:
        self._begun.pop(key, None)
        self._begun[key] = self._clock.monotonic()
        if len(self._begun) > KEPT:
            del self._begun[next(iter(self._begun))]

    def _heard(self, task: asyncio.Task[SeenPod]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever still waits has it


def _by_name(seen: SeenPod, controller: OwnerRef) -> Owner | None:
    """The Deployment of a ReplicaSet, from its name alone."""
    name = deployment_from_hash(controller.name, seen.labels)
    return Owner("Deployment", name) if controller.kind == "ReplicaSet" and name else None
