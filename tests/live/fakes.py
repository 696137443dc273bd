"""A Kubernetes API for the reflector without a network: ListWatch is replaced as a whole.

`World` holds objects, versions and the log of changes as etcd does; `FakeListWatch` lists and watches it and
fails as a test tells it to. `FakeCluster` is the real Cluster, except that its probe asks the test.
"""

import asyncio
import copy
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from pods.clock import Clock
from pods.domain.pod import OwnerRef
from pods.domain.podevents import PodEvent
from pods.domain.reasons import Reason
from pods.domain.row import Health, Owner, Row
from pods.kube.cluster import Cluster
from pods.kube.codecs import Page
from pods.kube.errors import Expired, KubeError, StreamRestarted
from pods.kube.listwatch import Event, ListWatch
from pods.kube.probe import Probe
from pods.kube.resource import PodRecord, ReplicaSetRecord, Resource
from pods.kube.source import DemoSource
from pods.kube.workloads import RolloutRecord

T = TypeVar("T", bound=PodRecord | ReplicaSetRecord | PodEvent | RolloutRecord)
Piece = TypeVar("Piece")
# A loop without a pause takes no virtual time: it has to end some other way.
MOST_REQUESTS = 2000

Kind = Literal["ADDED", "MODIFIED", "DELETED"]


def pod(
    uid: str,
    namespace: str = "shop",
    *,
    name: str = "",
    status: str = "Running",
    health: Health = "running",
    labels: dict[str, str] | None = None,
    controller: OwnerRef | None = None,
    padding: int = 0,
) -> PodRecord:
    """A pod as PodTableCodec gives it; `padding` makes its row that many bytes longer."""
    row = Row(
        uid=uid,
        namespace=namespace,
        name=name or f"pod-{uid}",
        ready="1/1",
        status=status,
        restarts=0,
        last_restart=None,
        created="2026-01-01T00:00:00Z",
        ip=None,
        node="n" * padding or None,
        owner=Owner(controller.kind, controller.name) if controller else None,
        health=health,
        why=None,
        labels=labels or {},
    )
    return PodRecord(uid, row, labels or {}, controller)


class Stream(Generic[T]):
    """One open watch, as its server sees it."""

    def __init__(self, namespace: str, version: str | None) -> None:
        self.namespace = namespace
        self.version = version
        self.queue: asyncio.Queue[list[Event[T]] | KubeError | None] = asyncio.Queue()

    def send(self, *events: Event[T]) -> None:
        """Events that come in one piece."""
        self.queue.put_nowait(list(events))

    def fail(self, error: KubeError) -> None:
        self.queue.put_nowait(error)

    def end(self) -> None:
        """A clean end of file."""
        self.queue.put_nowait(None)


class FakeCluster(Cluster):
    """A Cluster whose probe gets `down` for an answer: None is well."""

    def __init__(self, clock: Clock, name: str = "kind") -> None:
        super().__init__(name, DemoSource("http://127.0.0.1:9"), clock)
        self.down: KubeError | None = None
        self.streams: set[Stream[Any]] = set()
        self.probe = Probe(name, clock, self._answer, self.restart_streams)

    def restart_streams(self) -> None:
        super().restart_streams()
        for stream in self.streams:
            stream.fail(StreamRestarted(Reason("reconnecting")))

    async def _answer(self) -> None:
        if self.down is not None:
            raise self.down


class Change(NamedTuple, Generic[T]):
    version: int
    type: Kind
    item: T


class World(Generic[T]):
    """The objects of one resource. Whoever watches hears of changes at once."""

    def __init__(self) -> None:
        self.items: dict[str, T] = {}
        self.version = 100
        self.oldest = 0
        self.log: list[Change[T]] = []
        self.streams: set[Stream[T]] = set()

    def put(self, *items: T) -> None:
        """Writes objects, each a version of its own; watchers get them in one piece."""
        self._write([("MODIFIED" if item.uid in self.items else "ADDED", item) for item in items])

    def delete(self, *uids: str) -> None:
        self._write([("DELETED", self.items[uid]) for uid in uids])

    def replace(self, old: str, new: T) -> None:
        """Deletes one object and makes another, in one piece."""
        self._write([("DELETED", self.items[old]), ("ADDED", new)])

    def compact(self) -> None:
        """Forgets the log: whoever is behind gets 410."""
        self.oldest = self.version

    def bookmark(self, *, initial_end: bool = False) -> Event[T]:
        return Event("BOOKMARK", None, str(self.version), initial_end)

    def since(self, version: int, namespace: str) -> list[Event[T]]:
        if version < self.oldest:
            raise Expired(Reason("expired"))
        return [
            _event(change)
            for change in self.log
            if change.version > version and _within(change.item, namespace)
        ]

    def listed(self, namespace: str) -> list[T]:
        return [copy.copy(item) for item in self.items.values() if _within(item, namespace)]

    def _write(self, changes: Iterable[tuple[Kind, T]]) -> None:
        written: list[Change[T]] = []
        for kind, item in changes:
            self.version += 1
            if kind == "DELETED":
                del self.items[item.uid]
            else:
                self.items[item.uid] = item
            written.append(Change(self.version, kind, item))
        self.log += written
        for stream in self.streams:
            events = [_event(change) for change in written if _within(change.item, stream.namespace)]
            if events:
                stream.send(*events)


class Request(NamedTuple):
    """What was asked, and when. `version` is None but for a watch from one."""

    at: float
    verb: Literal["list", "stream", "watch", "version"]
    version: str | None = None


class FakeListWatch(ListWatch[T]):
    """List and watch of `world`. A test sets what fails.

    `refuse_list` and `refuse_watch` give the error to answer with, or None. `opened` is called with
    each stream before anything is sent on it. `silent` never ends its streaming lists. A page takes
    `list_seconds`. `open` counts generators that are not closed: each is kept, so that only closing ends it.
    """

    def __init__(self, cluster: FakeCluster, resource: Resource[T], namespace: str, world: World[T]) -> None:
        super().__init__(cluster, resource, namespace)
        self.lag = 0.0  # how late everything of a watch comes, in seconds
        self.world = world
        self.requests: list[Request] = []
        self.refuse_list: Callable[[], KubeError | None] = lambda: None
        self.refuse_watch: Callable[[str | None], KubeError | None] = lambda version: None
        self.opened: Callable[[Stream[T]], None] = lambda stream: None
        self.silent = False
        self.list_seconds = 0.0
        self.page_size = 500
        self.break_after_pages: KubeError | None = None
        self.streams: list[Stream[T]] = []
        self.open = 0
        self._kept: list[AsyncGenerator[Any, None]] = []

    @property
    def stream(self) -> Stream[T]:
        """The newest watch."""
        return self.streams[-1]

    def asked(self, since: float = float("-inf")) -> list[str]:
        """The verbs of the requests so far, in order."""
        return [request.verb for request in self.requests if request.at >= since]

    def pages(self) -> AsyncGenerator[Page[T], None]:
        return self._keep(self._pages())

    def watch(self, resource_version: str | None) -> AsyncGenerator[list[Event[T]], None]:
        return self._keep(self._watch(resource_version))

    async def present_version(self) -> str:
        self._note("version", None)
        self._raise(self.refuse_list())
        return str(self.world.version)

    def _keep(self, generator: AsyncGenerator[Piece, None]) -> AsyncGenerator[Piece, None]:
        self._kept.append(generator)
        return generator

    async def _pages(self) -> AsyncGenerator[Page[T], None]:
        self.open += 1
        try:
            self._note("list", None)
            self._raise(self.refuse_list())
            items, version = self.world.listed(self.namespace), str(self.world.version)
            starts = range(0, max(len(items), 1), self.page_size)
            for start in starts:
                if start and self.break_after_pages is not None:
                    error, self.break_after_pages = self.break_after_pages, None
                    raise error
                await asyncio.sleep(self.list_seconds)
                more = "more" if start != starts[-1] else ""
                yield Page(items[start : start + self.page_size], version, more)
        finally:
            self.open -= 1

    async def _watch(self, resource_version: str | None) -> AsyncGenerator[list[Event[T]], None]:
        self.open += 1
        stream: Stream[T] = Stream(self.namespace, resource_version)
        try:
            self._note("watch" if resource_version else "stream", resource_version)
            self._raise(self.refuse_watch(resource_version))
            first = self._first(resource_version)
            self.streams.append(stream)
            self.world.streams.add(stream)
            self.cluster.streams.add(stream)  # type: ignore[attr-defined]  # a FakeCluster
            self.opened(stream)
            yield []
            if first:
                await asyncio.sleep(self.lag)
                yield first
            while (found := await stream.queue.get()) is not None:
                if isinstance(found, KubeError):
                    raise found
                await asyncio.sleep(self.lag)
                yield found
        finally:
            self.open -= 1
            self.world.streams.discard(stream)
            self.cluster.streams.discard(stream)  # type: ignore[attr-defined]

    def _first(self, version: str | None) -> list[Event[T]]:
        if version is not None:
            return self.world.since(int(version), self.namespace)
        added: list[Event[T]] = [
            Event("ADDED", item, str(self.world.version)) for item in self.world.listed(self.namespace)
        ]
        return added if self.silent else [*added, self.world.bookmark(initial_end=True)]

    def _note(self, verb: Literal["list", "stream", "watch", "version"], version: str | None) -> None:
        if len(self.requests) >= MOST_REQUESTS:
            raise RuntimeError("asks without end")
        self.requests.append(Request(self.cluster.clock.monotonic(), verb, version))

    def _raise(self, error: KubeError | None) -> None:
        if error is not None:
            raise error


def _event(change: Change[T]) -> Event[T]:
    return Event(change.type, copy.copy(change.item), str(change.version))


def _within(item: PodRecord | ReplicaSetRecord | PodEvent | RolloutRecord, namespace: str) -> bool:
    if isinstance(item, RolloutRecord):
        of = item.rollout.namespace
    else:
        of = item.row.namespace if isinstance(item, PodRecord) else item.namespace
    return namespace in ("*", of)
