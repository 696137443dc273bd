"""Events: the warnings about pods, as the portal lists and watches them.

API servers keep events apart. They are not in the watch cache, so that an idle watch has no bookmarks and is
silent for as long as nothing happens; and they may live in an etcd of their own, so that their versions do
not compare with those of other resources (`Resource.apart`).
"""

import msgspec

from pods.domain.apitime import api_time
from pods.domain.oneline import lasting, one_line, without_layers
from pods.domain.podevents import PodEvent
from pods.domain.reasons import Reason
from pods.kube.codecs import Codec, Page
from pods.kube.errors import BadAnswer
from pods.kube.resource import JSON, Resource
from pods.kube.wire import Bookmark, ListMeta

# Chosen by the server: most events are of type Normal, and many are not about pods.
WANTED = "type=Warning,involvedObject.kind=Pod"


class _Meta(msgspec.Struct, rename="camel", gc=False):
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None


class _Involved(msgspec.Struct, rename="camel", gc=False):
    kind: str = ""
    uid: str = ""
    field_path: str = ""


class _Series(msgspec.Struct, rename="camel", gc=False):
    last_observed_time: str | None = None


class _Event(msgspec.Struct, rename="camel", gc=False):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    involved_object: _Involved = msgspec.field(default_factory=_Involved)
    reason: str = ""
    message: str = ""
    type: str = ""
    last_timestamp: str | None = None
    event_time: str | None = None
    series: _Series | None = None


class _EventList(msgspec.Struct, gc=False):
    kind: str = ""
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    items: list[_Event] | None = None


class _WatchEvent(msgspec.Struct, gc=False):
    object: _Event
    type: str = ""


class EventCodec(Codec[PodEvent]):
    """Core events, made into what is kept of them."""

    def __init__(self) -> None:
        self._page = msgspec.json.Decoder(_EventList).decode
        self._event = msgspec.json.Decoder(_WatchEvent).decode
        self._bookmark = msgspec.json.Decoder(Bookmark).decode

    def page(self, body: bytes | memoryview) -> Page[PodEvent]:
        listed = self._page(body)
        if not listed.kind.endswith("List"):
            raise BadAnswer(Reason("bad_answer", {"detail": "a list was expected"}))
        items = [pod_event(item) for item in listed.items or ()]
        return Page(items, listed.metadata.resource_version, listed.metadata.continue_)

    def event(self, line: bytes) -> tuple[str, PodEvent, str]:
        event = self._event(line)
        return event.type, pod_event(event.object), event.object.metadata.resource_version

    def bookmark(self, body: bytes) -> tuple[str, bool]:
        return self._bookmark(body).metadata.resource_version, False


def pod_event(event: _Event) -> PodEvent:
    """What is kept of `event`. One that is no warning about a pod has no pod, and is not looked at."""
    about = event.involved_object
    is_wanted = event.type == "Warning" and about.kind == "Pod"
    return PodEvent(
        event.metadata.uid,
        event.metadata.namespace,
        about.uid if is_wanted else "",
        one_line(event.reason),
        lasting(without_layers(event.message)),
        _container(about.field_path),
        _last(event),
    )


def _container(field_path: str) -> str:
    """The container in `spec.containers{web}`; "" where the event is about the pod as a whole."""
    return field_path.partition("{")[2].partition("}")[0]


def _last(event: _Event) -> str:
    """When it happened last; where it is written depends on who writes it."""
    repeated = event.series.last_observed_time if event.series is not None else None
    times = (repeated, event.last_timestamp, event.event_time, event.metadata.creation_timestamp)
    return next((time for text in times if (time := api_time(text))), "")


EVENTS: Resource[PodEvent] = Resource(
    "events", "/api/v1", "", JSON, JSON, (("fieldSelector", WANTED),), EventCodec, apart=True
)
