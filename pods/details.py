"""Details of single pods, asked for when somebody looks at one: one request for all who ask at once."""

import asyncio
from typing import TYPE_CHECKING

import msgspec

from pods.domain.details import Detail
from pods.domain.poddetail import PodDetail, decode_detail
from pods.domain.reasons import Reason
from pods.kube.body import read_body
from pods.kube.cluster import Cluster
from pods.kube.errors import BadAnswer
from pods.kube.resource import PODS
from pods.tasks import end_tasks

if TYPE_CHECKING:
    from pods.clock import Clock

HEADERS_SECONDS = 10.0
# One pod is not asked for more often than this, however many look at it.
DISTANCE_SECONDS = 1.0
# So many pods' last requests are remembered; of others it is not known how long ago they were asked for.
KEPT = 1000

Key = tuple[str, str, str]


class Details:
    """The requests that are under way. Owned by the Runtime, which closes it.

    An answer is never older than its question: who asks while a request is on its way waits for the next.
    """

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._waiting: dict[Key, asyncio.Task[PodDetail]] = {}
        self._begun: dict[Key, float] = {}
        self._tasks: set[asyncio.Task[PodDetail]] = set()

    async def of(self, cluster: Cluster, namespace: str, pod: str) -> PodDetail:
        """The pod as it is from now on. Raises KubeError."""
        key = (cluster.name, namespace, pod)
        task = self._waiting.get(key)
        if task is None:
            task = asyncio.create_task(self._next(key, cluster, namespace, pod), name="pod detail")
            self._waiting[key] = task
            self._tasks.add(task)
            task.add_done_callback(self._heard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Ends what is under way."""
        await end_tasks(list(self._tasks))  # type: ignore[arg-type]  # whatever they would have given

    async def _next(self, key: Key, cluster: Cluster, namespace: str, pod: str) -> PodDetail:
        """The next request, for all who ask until it begins."""
        try:
            wait = self._begun.get(key, float("-inf")) + DISTANCE_SECONDS - self._clock.monotonic()
            await self._clock.sleep(max(wait, 0.0))
        finally:
            del self._waiting[key]
        self._remember(key)
        return await _ask(cluster, namespace, pod)

    def _remember(self, key: Key) -> None:
        self._begun.pop(key, None)
        self._begun[key] = self._clock.monotonic()
        if len(self._begun) > KEPT:
            del self._begun[next(iter(self._begun))]

    def _heard(self, task: asyncio.Task[PodDetail]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever still waits has it


async def _ask(cluster: Cluster, namespace: str, pod: str) -> PodDetail:
    try:
        async with cluster.get(
            f"{PODS.path(namespace)}/{pod}",
            [],
            "application/json",
            verb="get",
            seconds=HEADERS_SECONDS,
            forbidden=PODS.forbidden("get", namespace),
        ) as response:
            return decode_detail(await read_body(response))
    except msgspec.MsgspecError as error:
        raise BadAnswer(Reason("bad_answer", {"detail": Detail.OBJECT_NO_JSON})) from error
