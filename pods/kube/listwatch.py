"""ListWatch: list and watch of one resource in one namespace, as batches of decoded events.

The transport of the reflector, replaced as a whole where a test wants to be the server. It knows
HTTP, deadlines and the wire; when to list, to watch and to wait is the reflector's.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import aiohttp
import msgspec

from pods.domain.details import Detail
from pods.domain.reasons import Reason
from pods.kube.body import Body, read_body
from pods.kube.client import Query, connection_error
from pods.kube.cluster import Cluster
from pods.kube.codecs import Codec, Page
from pods.kube.errors import BadAnswer, KubeError, Mute, StreamRestarted
from pods.kube.resource import METADATA_LIST, Resource
from pods.kube.status import event_error
from pods.kube.watchlog import WatchRecord
from pods.kube.wire import MetadataObject, ObjectList

T = TypeVar("T")

PAGE_SIZE = 500
HEADERS_SECONDS = 10.0
# A consistent read may wait for the watch cache; the server itself gives up after 3 s, a loaded one later.
LIST_HEADERS_SECONDS = 30.0
# client-go: minWatchTimeout is 5 minutes, drawn up to twice that, so that watches do not all end together.
MIN_WATCH_SECONDS = 300
# Bookmarks come about every 60 s.
MUTE_SECONDS = 74.0
# Where there are none, silence tells nothing until the server should have ended the watch.
END_SECONDS = 30.0
# Until the first picture is complete, silence of this length means that its end is not going to come.
INITIAL_IDLE_SECONDS = 5.0
# A server sends a long first list object by object: waking for each costs more than reading it.
GATHER_FROM_BYTES = 256 * 1024
GATHER_SECONDS = 0.01
# An object of etcd is at most 1.5 MB by default; a Table event holds one.
MAX_LINE_BYTES = 16 * 1024 * 1024

_CHANGES = (b'{"type":"ADDED"', b'{"type":"MODIFIED"', b'{"type":"DELETED"')


@dataclass(frozen=True)
class Event(Generic[T]):
    """One change. A bookmark has no item; `initial_end` marks the one that ends a streaming list."""

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    item: T | None
    resource_version: str
    initial_end: bool = False


class InitialEventsMissing(KubeError):
    """The server took `sendInitialEvents` and never sent the bookmark that ends them."""


class _Envelope(msgspec.Struct):
    object: msgspec.Raw
    type: str = ""


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_list = msgspec.json.Decoder(ObjectList[MetadataObject]).decode


class ListWatch(Generic[T]):
    """List and watch of `resource` in `namespace` (or `*`) of `cluster`."""

    def __init__(self, cluster: Cluster, resource: Resource[T], namespace: str) -> None:
        self.cluster = cluster
        self.resource = resource
        self.namespace = namespace

    async def pages(self) -> AsyncGenerator[Page[T], None]:
        """The pages of a consistent list, PAGE_SIZE items each. Raises KubeError."""
        codec = self.resource.codec()
        body = Body()
        continue_token = ""
        while True:
            page = await self._page(codec, body, continue_token)
            yield page
            continue_token = page.continue_token
            if not continue_token:
                return

    async def present_version(self) -> str:
        """The cluster's version now, by a consistent read of one object's metadata. Raises KubeError."""
        async with self.cluster.get(
            self.resource.path(self.namespace),
            [("limit", "1")],
            METADATA_LIST,
            verb="list",
            seconds=HEADERS_SECONDS,
            forbidden=self._forbidden("list"),
        ) as response:
            body = await read_body(response)
        try:
            return _decode_list(body).metadata.resource_version
        except msgspec.MsgspecError as error:
            raise BadAnswer(Reason("bad_answer", {"detail": Detail.LIST_NO_JSON})) from error

    async def watch(self, resource_version: str | None) -> AsyncGenerator[list[Event[T]], None]:
        """Opens a watch and gives its events, in batches as they arrive; the first batch is empty.

        With None it is a streaming list: the current objects as ADDED, then the bookmark with
        `initial_end`. Ends when the server ends it cleanly; raises KubeError otherwise, and
        InitialEventsMissing where a streaming list falls silent before its end. Leaving the
        generator (close it) ends the watch at the server.
        """
        lasts = int(MIN_WATCH_SECONDS * (1 + random.random()))
        query = self._watch_query(resource_version, lasts)
        idle = lasts + END_SECONDS if self.resource.apart else MUTE_SECONDS
        async with (
            self._recorded() as record,
            self.cluster.get(
                self.resource.path(self.namespace),
                query,
                self.resource.watch_accept,
                verb="watch",
                seconds=HEADERS_SECONDS if resource_version is not None else LIST_HEADERS_SECONDS,
                forbidden=self._forbidden("watch"),
            ) as response,
        ):
            opened_at = self.cluster.clock.monotonic()
            record.opened(resource_version)
            yield []
            async for batch in self._events(response, opened_at, idle, initial=resource_version is None):
                record.took(len(batch), batch[-1].resource_version)
                yield batch

    @asynccontextmanager
    async def _recorded(self) -> AsyncIterator[WatchRecord]:
        """Counts the watch against the cluster's limit while it is open, and writes its two log lines."""
        record = WatchRecord(self.cluster.name, self.resource.name, self.namespace, self.cluster.clock)
        try:
            with self.cluster.holds(record):
                yield record
        except BaseException as error:
            record.ended(error)
            raise
        else:
            record.ended(None)

    async def _page(self, codec: Codec[T], body: Body, continue_token: str) -> Page[T]:
        query: Query = [*self.resource.query, ("limit", str(PAGE_SIZE))]
        if continue_token:
            query.append(("continue", continue_token))
        async with self.cluster.get(
            self.resource.path(self.namespace),
            query,
            self.resource.list_accept,
            verb="list",
            seconds=LIST_HEADERS_SECONDS,
            forbidden=self._forbidden("list"),
            encoding="gzip",
        ) as response:
            await body.read(response)
        try:
            with body.content() as content:
                return codec.page(content)
        except msgspec.MsgspecError as error:
            raise BadAnswer(Reason("bad_answer", {"detail": Detail.LIST_NO_JSON})) from error

    def _watch_query(self, resource_version: str | None, seconds: int) -> Query:
        query: Query = [
            *self.resource.query,
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", str(seconds)),
        ]
        if resource_version is None:
            return [*query, ("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan")]
        return [*query, ("resourceVersion", resource_version)]

    def _forbidden(self, verb: str) -> Reason:
        return self.resource.forbidden(verb, self.namespace)

    async def _events(
        self, response: aiohttp.ClientResponse, opened_at: float, idle: float, initial: bool
    ) -> AsyncIterator[list[Event[T]]]:
        codec = self.resource.codec()
        rest = b""
        received = 0
        while True:
            chunk = await self._chunk(response, opened_at, INITIAL_IDLE_SECONDS if initial else idle, initial)
            if not chunk:
                if rest.strip():
                    raise BadAnswer(Reason("bad_answer", {"detail": Detail.EVENT_CUT_OFF}))
                return
            # Joined after the split: a chunk holds megabytes, and each copy of it shows.
            lines = chunk.split(b"\n")
            lines[0] = rest + lines[0]
            rest = lines.pop()
            if len(rest) > MAX_LINE_BYTES:
                raise BadAnswer(Reason("bad_answer", {"detail": Detail.EVENT_TOO_LARGE}))
            if lines:
                batch, failure = self._batch(codec, lines)
                initial = initial and not any(event.initial_end for event in batch)
                if batch:
                    yield batch
                if failure is not None:
                    raise failure
            received += len(chunk)
            if initial and received > GATHER_FROM_BYTES:
                await asyncio.sleep(GATHER_SECONDS)

    def _batch(self, codec: Codec[T], lines: list[bytes]) -> tuple[list[Event[T]], KubeError | None]:
        """The events of `lines`, up to the first that is none, with what is wrong with that."""
        batch: list[Event[T]] = []
        try:
            batch.extend(self._event(codec, line) for line in lines if line)
        except KubeError as error:
            return batch, error
        return batch, None

    async def _chunk(
        self, response: aiohttp.ClientResponse, opened_at: float, seconds: float, initial: bool
    ) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                chunk = await response.content.readany()
        except TimeoutError as error:
            if initial:
                raise InitialEventsMissing(Reason("reconnecting")) from error
            raise Mute(Reason("mute", {"seconds": int(seconds)})) from error
        except (aiohttp.ClientError, OSError) as error:
            self._raise_if_cut(opened_at, error)
            raise connection_error(error) from error
        if not chunk:
            self._raise_if_cut(opened_at, None)
        return chunk

    def _raise_if_cut(self, opened_at: float, error: Exception | None) -> None:
        if self.cluster.cut_at >= opened_at:
            raise StreamRestarted(Reason("reconnecting")) from error

    def _event(self, codec: Codec[T], line: bytes) -> Event[T]:
        try:
            if line.startswith(_CHANGES):
                return _change(codec, line)
            envelope = _decode_envelope(line)
            if envelope.type == "BOOKMARK":
                version, end = codec.bookmark(bytes(envelope.object))
                return Event("BOOKMARK", None, version, end)
            if envelope.type == "ERROR":
                raise event_error(bytes(envelope.object), self._forbidden("watch"))
            return _change(codec, line)
        except msgspec.MsgspecError as error:
            raise BadAnswer(Reason("bad_answer", {"detail": Detail.EVENT_NO_JSON})) from error


def _change(codec: Codec[T], line: bytes) -> Event[T]:
    kind, item, resource_version = codec.event(line)
    if kind not in ("ADDED", "MODIFIED", "DELETED"):
        raise BadAnswer(Reason("bad_answer", {"detail": Detail.EVENT_UNKNOWN}))
    return Event(kind, item, resource_version)  # type: ignore[arg-type]  # narrowed by the line above
