"""What an event adds to a reason: of the present state only, about the right container, in lasting words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pods.domain.health import health
from pods.domain.oneline import lasting
from pods.domain.pod import PodObject
from pods.domain.podevents import PodEvent, explain, told_from
from pods.domain.row import Why
from pods.domain.why import why
from pods.domain.whytexts import SENTENCES
from tests.domain.builders import T1, T2, T3, condition, container, pod, running, waiting
from tests.domain.test_reasons_document import told
from tests.domain.why_cases import CASES

PROBE = "Readiness probe failed: connect: connection refused"


def event(message: str, reason: str = "Unhealthy", about: str = "web", at: str = T2) -> PodEvent:
    return PodEvent("e-1", "shop", "u-1", reason, lasting(message), about, at)


def explained(subject: PodObject, status: str, warned: PodEvent) -> Why:
    found = why(subject, health(subject, "0/1", status), status)
    assert found is not None
    return explain(found, warned, told_from(subject, found))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            "Readiness probe failed: read tcp 10.0.0.1:40312->10.0.0.7:8080: connection reset by peer",
            "Readiness probe failed: read tcp 10.0.0.1:51876->10.0.0.7:8080: connection reset by peer",
        ),
        (
            f'network for sandbox "{"a1" * 32}": no addresses',
            f'network for sandbox "{"b2" * 32}": no addresses',
        ),
        (f"container {'a1' * 32} is gone", f"container {'b2' * 32} is gone"),
    ],
)
def test_the_same_trouble_is_told_in_the_same_words(first: str, second: str) -> None:
    assert lasting(first) == lasting(second) != ""


@pytest.mark.parametrize(("at", "code"), [(T1, "creating"), (T3, "volumes_unmounted")])
def test_volumes_that_were_mounted_meanwhile_are_not_the_reason(at: str, code: str) -> None:
    subject = pod(
        container(waiting("ContainerCreating")),
        phase="Pending",
        conditions=[condition("PodReadyToStartContainers", "True", at=T2)],
    )
    found = explained(subject, "ContainerCreating", event("unmounted", "FailedMount", "", at))
    assert found.code == code


@pytest.mark.parametrize(("about", "code"), [("web", "readiness_probe"), ("log", "readiness")])
def test_a_probe_of_another_container_is_not_the_reason(about: str, code: str) -> None:
    subject = pod(
        container(running(T1)),
        container(running(T1), name="log", ready=True),
        conditions=[condition("Ready", "False", "ContainersNotReady")],
    )
    assert explained(subject, "Running", event(PROBE, about=about)).code == code


def test_an_init_container_that_began_later_has_nothing_to_do_with_it() -> None:
    subject = pod(phase="Pending", inits=[container(running(T2), name="migrate")])
    found = explained(subject, "Init:0/1", event("unmounted", "FailedMount", "", T1))
    assert (found.code, found.details) == ("initializing", ())


@given(
    st.sampled_from(CASES),
    st.sampled_from(["Unhealthy", "FailedMount", "FailedScheduling", "Failed", "NetworkNotReady", "Odd"]),
    st.text()
    | st.sampled_from(["Readiness probe failed: ", "0/0 nodes are available: , ", 'for volume "a": ']),
    st.sampled_from(["", "web"]),
)
def test_whatever_an_event_says_the_reason_stays_one(
    case: object, reason: str, message: str, about: str
) -> None:
    before = told(case)  # type: ignore[arg-type]
    found = explain(before, event(message, reason, about, at=T3), "")
    assert {found.code, *(one.code for one in found.details)} <= SENTENCES.keys()
    assert found.since == before.since
    assert len(found.summary.splitlines()) == 1
