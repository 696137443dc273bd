"""What happened to one pod, as its page lists it: its events of all types, the newest first."""

import msgspec

from pods.domain.apitime import api_time
from pods.domain.oneline import one_line

# So many are told; an API server keeps events for an hour by default.
MOST_EVENTS = 100
# As long as the API lets a message be.
MAX_EVENT_MESSAGE = 1024


class _Partial(msgspec.Struct, gc=False, rename="camel"):
    """As pods.domain.podobject has it."""


class _Meta(_Partial):
    creation_timestamp: str | None = None


class _Involved(_Partial):
    field_path: str = ""


class _Source(_Partial):
    component: str = ""
    host: str = ""


class _Series(_Partial):
    count: int = 0
    last_observed_time: str | None = None


class _Event(_Partial):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    involved_object: _Involved = msgspec.field(default_factory=_Involved)
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int | None = None
    source: _Source | None = None
    series: _Series | None = None
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    reporting_component: str = ""
    reporting_instance: str = ""


class _EventList(msgspec.Struct, gc=False):
    items: list[_Event] | None = None


class EventDetail(msgspec.Struct, frozen=True):
    """One event: how often it happened, first and last, and who tells of it (`source`).

    `type` is "Normal" or "Warning". `container` is "" where it is about the pod as a whole.
    """

    type: str
    reason: str
    message: str
    container: str
    source: str
    count: int
    first: str | None
    last: str | None


_decode = msgspec.json.Decoder(_EventList).decode


def decode_events(body: bytes) -> tuple[EventDetail, ...]:
    """The newest MOST_EVENTS of an EventList in JSON. Raises msgspec.MsgspecError."""
    told = [_detail(event) for event in _decode(body).items or ()]
    return tuple(sorted(told, key=lambda one: one.last or "", reverse=True)[:MOST_EVENTS])


def _detail(event: _Event) -> EventDetail:
    """An event; where its times, its count and its source are written depends on who writes it."""
    series, source = event.series or _Series(), event.source or _Source()
    made = event.metadata.creation_timestamp
    return EventDetail(
        one_line(event.type),
        one_line(event.reason),
        one_line(event.message, MAX_EVENT_MESSAGE),
        event.involved_object.field_path.partition("{")[2].partition("}")[0],
        _source(source.component or event.reporting_component, source.host or event.reporting_instance),
        max(series.count, event.count or 1),
        _first_of(event.first_timestamp, event.event_time, made),
        _first_of(series.last_observed_time, event.last_timestamp, event.event_time, made),
    )


def _source(component: str, host: str) -> str:
    """The component, and the host where that is not the component's own name; either alone where it is."""
    named = component and host.startswith(component)
    return one_line(", ".join(part for part in (component, "" if named else host) if part))


def _first_of(*times: str | None) -> str | None:
    """The first that is a time."""
    return next((time for text in times if (time := api_time(text))), None)
