"""Objects, lists and watch events in the form that was asked for (`negotiation.Wanted`).

Shapes are those of Kubernetes 1.37: a Table in a watch has one row, its columns come with the first
event only (a bookmark too, if it is first), and a bookmark's row carries its metadata even where
`includeObject=None`, because the annotation that ends the initial events has to travel somewhere.
"""

from democluster import table
from democluster.kinds import Kind, Object
from democluster.negotiation import Form, Wanted
from democluster.paging import Page
from democluster.status import not_acceptable

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


def typed(kind: Kind, obj: Object) -> Object:
    """The object with its kind and apiVersion in front, as it travels outside a plain list."""
    return {"kind": kind.name, "apiVersion": kind.api_version, **obj}


def bookmark(kind: Kind, revision: int, *, initial_end: bool) -> Object:
    """The nearly empty object of a BOOKMARK event."""
    metadata: Object = {"resourceVersion": str(revision)}
    annotations = dict(kind.annotations)
    if initial_end:
        annotations[INITIAL_EVENTS_END] = "true"
    if annotations:
        metadata["annotations"] = annotations
    return {"metadata": metadata, **kind.empty}


class Shaper:
    """Gives objects of one kind the wanted form; one for each answer, as columns are sent once."""

    def __init__(self, kind: Kind, wanted: Wanted, now: float) -> None:
        self._kind = kind
        self._wanted = wanted
        self._now = now
        self._columns: list[Object] | None = table.columns(kind)

    def at(self, now: float) -> "Shaper":
        """Ages in cells are counted from here on."""
        self._now = now
        return self

    @property
    def can_watch(self) -> bool:
        """The API server ends a watch for lists of metadata at once, without a word."""
        return self._wanted.form is not Form.METADATA_LIST

    def single(self, obj: Object) -> Object:
        form = self._wanted.form
        if form is Form.METADATA_LIST:
            raise not_acceptable(
                "you requested PartialObjectMetadataList, but the requested object is not a list"
                f" (*{self._kind.name})"
            )
        return self.event(obj)

    def listing(self, page: Page) -> Object:
        metadata: Object = {"resourceVersion": str(page.revision)}
        if page.continue_token:
            metadata |= {"continue": page.continue_token, "remainingItemCount": page.remaining}
        form = self._wanted.form
        if form is Form.METADATA:
            requested = f"the requested object is a list (*{self._kind.name}List)"
            raise not_acceptable(f"you requested PartialObjectMetadata, but {requested}")
        if form is Form.TABLE:
            return self._table(metadata, page.items)
        if form is Form.METADATA_LIST:
            items = [self._metadata(obj) for obj in page.items]
            kind, api_version = form.value, self._wanted.api_version
        else:
            items, kind, api_version = page.items, f"{self._kind.name}List", self._kind.api_version
        return {"kind": kind, "apiVersion": api_version, "metadata": metadata, "items": items}

    def event(self, obj: Object) -> Object:
        """The object of a watch event, bookmarks included."""
        if self._wanted.form is Form.TABLE:
            version = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            return self._table(version, [obj])
        return self._metadata(obj) if self._wanted.form is Form.METADATA else typed(self._kind, obj)

    def _table(self, metadata: Object, objects: list[Object]) -> Object:
        columns, self._columns = self._columns, None
        return {
            "kind": "Table",
            "apiVersion": self._wanted.api_version,
            "metadata": metadata,
            "columnDefinitions": columns,
            "rows": [table.row(self._kind, obj, self._carried(obj), self._now) for obj in objects],
        }

    def _carried(self, obj: Object) -> Object | None:
        if self._wanted.include == "Object":
            return typed(self._kind, obj)
        is_bookmark = "name" not in obj["metadata"]
        return self._metadata(obj) if self._wanted.include == "Metadata" or is_bookmark else None

    def _metadata(self, obj: Object) -> Object:
        return {
            "kind": Form.METADATA.value,
            "apiVersion": self._wanted.api_version,
            "metadata": obj["metadata"],
        }
