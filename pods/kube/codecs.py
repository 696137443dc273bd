"""Codecs: how one list's or watch's answers are read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import msgspec

from pods.domain.details import Detail
from pods.domain.reasons import Reason
from pods.kube.errors import BadAnswer
from pods.kube.wire import Bookmark, BookmarkMeta, ObjectEvent, ObjectList

T = TypeVar("T")


class _Versioned(Protocol):
    """`metadata` of any object."""

    @property
    def resource_version(self) -> str: ...


class _Object(Protocol):
    """Any object, as much of it as is read."""

    @property
    def metadata(self) -> _Versioned: ...


O = TypeVar("O", bound=_Object)  # noqa: E741 (an object, beside the T that is made of it)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. `continue_token` is empty on the last one."""

    items: list[T]
    resource_version: str
    continue_token: str


class Codec(Generic[T]):
    """Reads one list's or watch's answers; a watch needs one of its own (columns come once)."""

    def page(self, body: bytes | memoryview) -> Page[T]:
        """A list's body. Raises msgspec.MsgspecError or BadAnswer."""
        raise NotImplementedError

    def event(self, line: bytes) -> tuple[str, T, str]:
        """An ADDED, MODIFIED or DELETED line: its type, the item, and its resource version."""
        raise NotImplementedError

    def bookmark(self, body: bytes) -> tuple[str, bool]:
        """A bookmark's object: its resource version, and whether it ends a streaming list."""
        raise NotImplementedError


class ObjectCodec(Codec[T], Generic[O, T]):
    """Objects of which `form` is read, whole or as metadata only, made into records by `record`."""

    def __init__(self, form: type[O], record: Callable[[O], T]) -> None:
        self._page = msgspec.json.Decoder(ObjectList[form]).decode  # type: ignore[valid-type]
        self._event = msgspec.json.Decoder(ObjectEvent[form]).decode  # type: ignore[valid-type]
        self._bookmark = msgspec.json.Decoder(Bookmark).decode
        self._record = record

    def page(self, body: bytes | memoryview) -> Page[T]:
        listed: ObjectList[O] = self._page(body)
        if not listed.kind.endswith("List"):
            raise BadAnswer(Reason("bad_answer", {"detail": Detail.NO_LIST}))
        items = [self._record(item) for item in listed.items or ()]
        return Page(items, listed.metadata.resource_version, listed.metadata.continue_)

    def event(self, line: bytes) -> tuple[str, T, str]:
        event: ObjectEvent[O] = self._event(line)
        return event.type, self._record(event.object), event.object.metadata.resource_version

    def bookmark(self, body: bytes) -> tuple[str, bool]:
        return version_and_end(self._bookmark(body).metadata)


def version_and_end(metadata: BookmarkMeta) -> tuple[str, bool]:
    """What a bookmark says."""
    annotations = metadata.annotations
    return metadata.resource_version, annotations is not None and annotations.initial_events_end == "true"
