"""What comes over the wire, as msgspec structs: lists, Tables, watch events and bookmarks.

Only the fields that are used; every one has a default, since servers leave out what is empty.
"""

from typing import Any, Generic, TypeVar

import msgspec

from pods.domain.pod import PodObject

T = TypeVar("T")


class ListMeta(msgspec.Struct, rename="camel", gc=False):
    """`metadata` of a list or Table."""

    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class Column(msgspec.Struct, gc=False):
    """A column of a Table."""

    name: str = ""


class TableRow(msgspec.Struct, gc=False):
    """A row of a Table: the cells, and the object beside them."""

    cells: list[Any] = []
    object: PodObject = msgspec.field(default_factory=PodObject)


class Table(msgspec.Struct, rename="camel", gc=False):
    """A page of pods, or the object of one watch event."""

    kind: str = ""
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    column_definitions: list[Column] | None = None
    rows: list[TableRow] | None = None


class TableEvent(msgspec.Struct, gc=False):
    """One watch event."""

    object: Table
    type: str = ""


class Meta(msgspec.Struct, rename="camel", gc=False):
    """`metadata` of an object that was asked for as metadata only."""

    name: str = ""
    uid: str = ""
    resource_version: str = ""


class MetadataObject(msgspec.Struct, gc=False):
    """An object that was asked for as metadata only."""

    metadata: Meta = msgspec.field(default_factory=Meta)


class ObjectList(msgspec.Struct, Generic[T], gc=False):
    """A page of objects."""

    kind: str = ""
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    items: list[T] | None = None


class ObjectEvent(msgspec.Struct, Generic[T], gc=False):
    """One watch event of an object."""

    object: T
    type: str = ""


class Annotations(msgspec.Struct):
    """The one annotation that matters."""

    initial_events_end: str = msgspec.field(default="", name="k8s.io/initial-events-end")


class BookmarkMeta(msgspec.Struct, rename="camel"):
    """A bookmark's metadata."""

    resource_version: str = ""
    annotations: Annotations | None = None


class Bookmark(msgspec.Struct):
    """An object of the watched kind, with a version and hardly more."""

    metadata: BookmarkMeta = msgspec.field(default_factory=BookmarkMeta)


class BookmarkRow(msgspec.Struct):
    """The row that a bookmark has in the Table form."""

    object: Bookmark = msgspec.field(default_factory=Bookmark)


class BookmarkTable(msgspec.Struct, rename="camel"):
    """A bookmark in the Table form."""

    kind: str = ""
    column_definitions: list[Column] | None = None
    rows: list[BookmarkRow] = []
