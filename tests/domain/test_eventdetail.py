"""The events of one pod, in both forms in which clusters write them."""

from typing import Any

import msgspec
import pytest

from pods.domain.eventdetail import MOST_EVENTS, EventDetail, decode_events


def listed(*events: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"kind": "EventList", "items": list(events)})


def test_an_event_of_a_kubelet_tells_how_often_it_happened_and_on_which_node() -> None:
    (told,) = decode_events(
        listed(
            {
                "involvedObject": {"fieldPath": "spec.containers{web}"},
                "type": "Warning",
                "reason": "BackOff",
                "message": "Back-off restarting\nfailed container",
                "count": 7,
                "source": {"component": "kubelet", "host": "node-1"},
                "firstTimestamp": "2026-01-01T00:00:00Z",
                "lastTimestamp": "2026-01-01T01:00:00Z",
            }
        )
    )
    assert told == EventDetail(
        "Warning",
        "BackOff",
        "Back-off restarting failed container",
        "web",
        "kubelet, node-1",
        7,
        "2026-01-01T00:00:00Z",
        "2026-01-01T01:00:00Z",
    )


def test_an_event_of_the_newer_form_has_its_times_and_count_elsewhere() -> None:
    (told,) = decode_events(
        listed(
            {
                "metadata": {"creationTimestamp": "2026-01-01T00:00:01Z"},
                "type": "Normal",
                "reason": "Scheduled",
                "source": None,
                "count": None,
                "eventTime": "2026-01-01T00:00:00.123456Z",
                "series": {"count": 3, "lastObservedTime": "2026-01-01T02:00:00.5Z"},
                "reportingComponent": "default-scheduler",
                "reportingInstance": "default-scheduler-7",
            }
        )
    )
    assert (told.count, told.source) == (3, "default-scheduler")
    assert (told.first or "").startswith("2026-01-01T00:00:00")
    assert (told.last or "").startswith("2026-01-01T02:00:00")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"source": {"host": "node-1"}}, "node-1"),
        ({"reportingInstance": "scheduler-7"}, "scheduler-7"),
        ({"reportingComponent": "scheduler"}, "scheduler"),
        ({}, ""),
    ],
)
def test_an_event_that_names_only_one_of_component_and_instance_has_that_for_its_source(
    written: dict[str, Any], told: str
) -> None:
    assert [one.source for one in decode_events(listed(written))] == [told]


def test_the_newest_come_first_and_the_oldest_of_many_are_left_out() -> None:
    times = [f"2026-01-01T00:{minute // 60:02}:{minute % 60:02}Z" for minute in range(MOST_EVENTS + 20)]
    told = decode_events(listed(*({"lastTimestamp": time} for time in times)))
    assert [one.last for one in told] == sorted(times, reverse=True)[:MOST_EVENTS]


@pytest.mark.parametrize("body", [b'{"kind": "EventList", "items": null}', b'{"kind": "EventList"}'])
def test_no_events_are_none(body: bytes) -> None:
    assert decode_events(body) == ()


def test_an_event_without_anything_is_told_with_what_there_is() -> None:
    assert decode_events(listed({})) == (EventDetail("", "", "", "", "", 1, None, None),)
