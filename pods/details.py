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
# An answer serves all who ask within this time: a thousand pages ask when their pod changes.
FRESH_SECONDS = 1.0
# Answers that are kept at once; one more waits for nobody, and is asked for by itself.
KEPT = 1000

Key = tuple[str, str, str]


class Details:
    """The requests under way, and the answers of the last second. Owned by the Runtime, which closes it."""

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._asked: dict[Key, tuple[float, asyncio.Task[PodDetail]]] = {}

    async def of(self, cluster: Cluster, namespace: str, pod: str) -> PodDetail:
        """The pod as it is, or was within the last second. Raises KubeError."""
        now = self._clock.monotonic()
        self._forget(now)
        key = (cluster.name, namespace, pod)
        _, task = self._asked.get(key, (0.0, None))
        if task is None:
            task = asyncio.create_task(_ask(cluster, namespace, pod), name="pod detail")
            task.add_done_callback(_heard)
            self._asked[key] = (now, task)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Ends what is under way."""
        tasks = [task for _, task in self._asked.values()]
        self._asked.clear()
        await end_tasks(tasks)  # type: ignore[arg-type]  # whatever they would have given

    def _forget(self, now: float) -> None:
        """Answers older than a second, and beyond what is kept the oldest."""
        for key, (asked_at, task) in list(self._asked.items()):
            old = now - asked_at >= FRESH_SECONDS or len(self._asked) >= KEPT
            if task.done() and old:
                del self._asked[key]


def _heard(task: asyncio.Task[PodDetail]) -> None:
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
