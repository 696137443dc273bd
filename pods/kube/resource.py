"""The resources the portal lists and watches, each with the form it asks for and how that is read.

Pods come as the API server's own Table with the object beside the cells, so that READY, STATUS and
RESTARTS are right for every server version. Namespaces come as metadata only. ReplicaSets come whole: beside
their owner, how many pods they have tells how far a rollout is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from pods.domain.details import Detail
from pods.domain.pod import OwnerRef, owner_ref, row_of
from pods.domain.podevents import PodEvent, told_from
from pods.domain.podobject import OwnerReference
from pods.domain.reasons import Reason
from pods.domain.rollout import SetState, set_state
from pods.domain.row import Owner, Row, Why
from pods.domain.scope import ALL_NAMESPACES, is_namespace_name
from pods.domain.workload import ReplicaSet
from pods.kube.codecs import Codec, ObjectCodec, Page, version_and_end
from pods.kube.errors import BadAnswer, NotFound
from pods.kube.wire import (
    BookmarkMeta,
    BookmarkTable,
    MetadataObject,
    Table,
    TableEvent,
    TableRow,
)

T = TypeVar("T")


JSON = "application/json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"


# Longer than that is no version: 64 bits have 20 digits.
MAX_VERSION_DIGITS = 20


def version_number(version: str) -> int:
    """A resourceVersion as a number; 0 where it is none. Larger is newer, within one cluster's history."""
    is_number = version.isascii() and version.isdecimal() and len(version) <= MAX_VERSION_DIGITS
    return int(version) if is_number else 0


class PodRecord(msgspec.Struct, gc=False, omit_defaults=True):
    """What is kept of one pod: its row, all its labels (rows may cut them), and its controller.

    `version` is its resourceVersion as a number, by which two states of it compare; 0 where it is none.
    Of a pod that is not well, `told_from` is from when on events count. `event` is the one that the row's
    `why` tells of, and `plain` what that is without it; None where it tells of none.
    """

    uid: str
    row: Row
    labels: dict[str, str]
    controller: OwnerRef | None
    version: int = 0
    told_from: str = ""
    plain: Why | None = None
    event: PodEvent | None = None


class ReplicaSetRecord(msgspec.Struct, gc=False, frozen=True):
    """What is kept of one ReplicaSet: who controls it (its Deployment), or None.

    `owner_uid` is that one's uid, and `state` how many pods it has; without them it tells of no rollout.
    """

    uid: str
    namespace: str
    name: str
    owner: Owner | None
    owner_uid: str = ""
    state: SetState | None = None


class NamespaceRecord(msgspec.Struct, gc=False, frozen=True):
    """A namespace's name."""

    uid: str
    name: str


class PodTableCodec(Codec[PodRecord]):
    """Tables of pods, with `includeObject=Object`."""

    def __init__(self) -> None:
        self._page = msgspec.json.Decoder(Table).decode
        self._event = msgspec.json.Decoder(TableEvent).decode
        self._bookmark = msgspec.json.Decoder(BookmarkTable).decode
        self._ready = self._status = self._restarts = -1

    def page(self, body: bytes | memoryview) -> Page[PodRecord]:
        table = self._page(body)
        self._learn_columns(table)
        return Page(
            [self._record(row) for row in table.rows or ()],
            table.metadata.resource_version,
            table.metadata.continue_,
        )

    def event(self, line: bytes) -> tuple[str, PodRecord, str]:
        event = self._event(line)
        self._learn_columns(event.object)
        rows = event.object.rows
        if not rows:
            raise BadAnswer(Reason("bad_answer", {"detail": Detail.EVENT_WITHOUT_ROW}))
        return event.type, self._record(rows[0]), rows[0].object.metadata.resource_version

    def bookmark(self, body: bytes) -> tuple[str, bool]:
        """Columns come with the first event, and in an empty namespace that is a bookmark."""
        table = self._bookmark(body)
        self._learn_columns(table)
        return version_and_end(table.rows[0].object.metadata if table.rows else BookmarkMeta())

    def _learn_columns(self, table: Table | BookmarkTable) -> None:
        if table.kind != "Table":
            raise BadAnswer(Reason("bad_answer", {"detail": Detail.NO_TABLE}))
        if not table.column_definitions:
            return
        names = [column.name for column in table.column_definitions]
        try:
            self._ready, self._status, self._restarts = map(names.index, ("Ready", "Status", "Restarts"))
        except ValueError as error:
            raise BadAnswer(Reason("bad_answer", {"detail": Detail.TABLE_COLUMN})) from error

    def _record(self, row: TableRow) -> PodRecord:
        pod, cells = row.object, row.cells
        if self._ready < 0 or len(cells) <= max(self._ready, self._status, self._restarts):
            raise BadAnswer(Reason("bad_answer", {"detail": Detail.TABLE_COLUMN}))
        made = row_of(pod, cells[self._ready], cells[self._status], cells[self._restarts])
        labels = (pod.metadata.labels or {}) if made.labels_cut else made.labels
        version = version_number(pod.metadata.resource_version)
        since = told_from(pod, made.why) if made.why is not None else ""
        return PodRecord(pod.metadata.uid, made, labels, owner_ref(pod), version, since)


@dataclass(frozen=True)
class Resource(Generic[T]):
    """A resource: its name (as in RBAC and metrics), its API group's path, and how to ask for and read it.

    One that API servers keep `apart` has no bookmarks while its watch is idle, and versions of its own.
    """

    name: str
    api: str
    group: str
    list_accept: str
    watch_accept: str
    query: tuple[tuple[str, str], ...]
    codec: Callable[[], Codec[T]]
    apart: bool = False

    def path(self, namespace: str) -> str:
        """The path of the collection in `namespace`, or in all where it is `*`.

        Raises NotFound for what cannot be a namespace: `..` would be the path of all of them.
        """
        if namespace == ALL_NAMESPACES:
            return f"{self.api}/{self.name}"
        if not is_namespace_name(namespace):
            raise NotFound(Reason("not_found"))
        return f"{self.api}/namespaces/{namespace}/{self.name}"

    def forbidden(self, verbs: str, namespace: str) -> Reason:
        """The reason to give for a 403: `verbs` as in a Role, joined by a comma."""
        where = "all namespaces" if namespace == "*" else f"namespace {namespace}"
        return Reason(
            "forbidden",
            {
                "verb": verbs.split(",")[0],
                "verbs": verbs.replace(",", ", "),
                "resource": self.name,
                "group": self.group,
                "namespace": namespace,
                "where": where,
            },
        )


def _replicaset(found: ReplicaSet) -> ReplicaSetRecord:
    metadata = found.metadata
    owner = controller(metadata.owner_references)
    uid = next((one.uid for one in metadata.owner_references or () if one.controller), "")
    return ReplicaSetRecord(metadata.uid, metadata.namespace, metadata.name, owner, uid, set_state(found))


_decode_replicaset = msgspec.json.Decoder(ReplicaSet).decode


def decode_replicaset(body: bytes) -> ReplicaSetRecord:
    """One ReplicaSet, of which the metadata alone was asked for. Raises msgspec.MsgspecError."""
    return msgspec.structs.replace(_replicaset(_decode_replicaset(body)), state=None)


def controller(references: list[OwnerReference] | None) -> Owner | None:
    """The owner that controls the object (`controller: true`), as kind and name."""
    for reference in references or ():
        if reference.controller:
            return Owner(reference.kind, reference.name)
    return None


PODS: Resource[PodRecord] = Resource(
    "pods", "/api/v1", "", TABLE, TABLE, (("includeObject", "Object"),), PodTableCodec
)
REPLICASETS: Resource[ReplicaSetRecord] = Resource(
    "replicasets", "/apis/apps/v1", "apps", JSON, JSON, (), lambda: ObjectCodec(ReplicaSet, _replicaset)
)
NAMESPACES: Resource[NamespaceRecord] = Resource(
    "namespaces",
    "/api/v1",
    "",
    METADATA_LIST,
    METADATA,
    (),
    lambda: ObjectCodec(
        MetadataObject, lambda found: NamespaceRecord(found.metadata.uid, found.metadata.name)
    ),
)
