"""Health: the table, what it leaves to readiness, and its documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pods.domain.health import TABLE, health
from pods.domain.pod import PodObject
from pods.domain.row import HEALTHS
from tests.domain.builders import T1, T2, condition, container, pod, running, terminated, waiting

DOCS = Path(__file__).parents[2] / "docs" / "health.md"

READY = condition("Ready", "True")
NOT_READY = condition("Ready", "False", "ContainersNotReady")
CRASHED = terminated(1, "Error")


def test_the_documented_table_is_the_table() -> None:
    section = DOCS.read_text().split("## The table")[1].split("##")[0]
    documented: dict[str, str] = {}
    for line in section.splitlines():
        if match := re.fullmatch(r"\| (`.*`) \| (.*) \|", line):
            names = re.findall(r"`([^`]+)`", match.group(1))
            assert not documented.keys() & names
            documented |= dict.fromkeys(names, match.group(2))
    assert documented == TABLE


def test_the_documented_healths_are_the_healths() -> None:
    section = DOCS.read_text().split("## The rule")[0]
    assert tuple(re.findall(r"^\| (\w+) \| it ", section, re.MULTILINE)) == HEALTHS


@pytest.mark.parametrize(
    ("expected", "ready", "status", "subject"),
    [
        # Phases that decide alone, whatever the cells say
        ("failing", "0/1", "Completed", pod(phase="Failed")),
        ("failing", "0/1", "Evicted", pod(phase="Failed", reason="Evicted")),
        ("failing", "1/1", "Running", pod(phase="Unknown")),
        ("done", "0/1", "Completed", pod(phase="Succeeded")),
        ("done", "0/1", "Terminating", pod(phase="Succeeded")),
        # Running
        ("running", "1/1", "Running", pod(container(running(), ready=True), conditions=[READY])),
        ("running", "1/1", "Running", pod(container(running(), ready=True))),
        ("waiting", "0/1", "Running", pod(container(running()), conditions=[NOT_READY])),
        ("waiting", "0/1", "Running", pod(container(running()), conditions=[READY])),
        ("failing", "0/1", "Running", pod(container(running(), last=CRASHED), conditions=[NOT_READY])),
        ("waiting", "0/1", "Running", pod(container(running(), last=terminated(0)), conditions=[NOT_READY])),
        (
            "failing",
            "0/1",
            "Running",
            pod(container(running(T1)), conditions=[condition("Ready", "False", "ContainersNotReady", T2)]),
        ),
        (
            "waiting",
            "0/1",
            "Running",
            pod(container(running(T1)), conditions=[condition("Ready", "False", "ContainersNotReady", T1)]),
        ),
        (
            "waiting",
            "1/1",
            "Running",
            pod(
                container(running(T1), ready=True),
                conditions=[condition("Ready", "False", "ReadinessGatesNotReady", T2)],
            ),
        ),
        (
            "failing",
            "1/1",
            "Running",
            pod(container(running(), ready=True), conditions=[condition("Ready", "False", "NodeNotReady")]),
        ),
        (
            "failing",
            "1/2",
            "Running",
            pod(container(running(), ready=True), container(waiting("ErrImagePull")), conditions=[NOT_READY]),
        ),
        # On the way
        ("waiting", "0/1", "Pending", pod(phase="Pending")),
        ("waiting", "0/1", "SchedulingGated", pod(phase="Pending")),
        (
            "waiting",
            "0/1",
            "ContainerCreating",
            pod(container(waiting("ContainerCreating")), phase="Pending"),
        ),
        (
            "failing",
            "0/2",
            "ContainerCreating",
            pod(container(waiting("ContainerCreating")), container(waiting("ImagePullBackOff"), name="b")),
        ),
        ("waiting", "0/1", "Init:0/1", pod(phase="Pending", inits=[container(running())])),
        ("failing", "0/1", "Init:0/1", pod(phase="Pending", inits=[container(running(), last=CRASHED)])),
        (
            "waiting",
            "0/1",
            "PodInitializing",
            pod(container(waiting("PodInitializing")), inits=[container(terminated(0), last=CRASHED)]),
        ),
        # Failing by name
        ("failing", "0/1", "CrashLoopBackOff", pod(container(waiting("CrashLoopBackOff")))),
        ("failing", "0/1", "Init:CrashLoopBackOff", pod(phase="Pending")),
        ("failing", "1/2", "Init:CrashLoopBackOff", pod(container(running(), ready=True))),
        ("failing", "0/1", "Init:Error", pod(phase="Pending")),
        ("failing", "0/1", "ImagePullBackOff", pod(phase="Pending")),
        ("failing", "0/1", "ExitCode:3", pod(container(terminated(3)))),
        ("failing", "0/1", "Init:ExitCode:3", pod(inits=[container(terminated(3))])),
        ("failing", "0/1", "Signal:9", pod(container(terminated(137, signal=9)))),
        # The end
        ("waiting", "1/1", "Terminating", pod(container(running(), ready=True), conditions=[READY])),
        ("failing", "1/1", "Terminating", pod(conditions=[condition("Ready", "False", "NodeNotReady")])),
        ("failing", "1/1", "Unknown", pod(reason="NodeLost")),
        ("failing", "0/1", "NodeLost", pod(reason="NodeLost")),
        ("waiting", "0/1", "Completed", pod(container(terminated(0, "Completed")))),
        (
            "failing",
            "0/2",
            "Completed",
            pod(container(terminated(0, "Completed")), container(waiting("CrashLoopBackOff"), name="b")),
        ),
        ("waiting", "1/2", "NotReady", pod(container(running(), ready=True), container(terminated(0)))),
        # A STATUS that nobody knows
        ("running", "1/1", "Levitating", pod(container(running(), ready=True), conditions=[READY])),
        ("waiting", "0/1", "Levitating", pod(container(running()), conditions=[NOT_READY])),
        ("waiting", "1/1", "Levitating", pod(phase="Pending")),
        ("failing", "0/1", "Levitating", pod(container(terminated(2, "Levitating")))),
    ],
)
def test_health(expected: str, ready: str, status: str, subject: PodObject) -> None:
    assert health(subject, ready, status) == expected


def test_a_crash_loop_is_failing_in_each_of_its_moments() -> None:
    moments = [
        ("Error", container(terminated(1, "Error"), restarts=3)),
        ("CrashLoopBackOff", container(waiting("CrashLoopBackOff"), last=CRASHED, restarts=3)),
        ("Running", container(running(), last=CRASHED, restarts=4)),
    ]
    for status, state in moments:
        assert health(pod(state, conditions=[NOT_READY]), "0/1", status) == "failing"


@given(
    st.sampled_from(["", "Pending", "Running", "Succeeded", "Failed", "Unknown", "Odd"]),
    st.sampled_from([*TABLE, "Init:0/1", "Init:Error", "", "odd"]),
    st.sampled_from(["0/1", "1/1", "", "1"]),
    st.lists(st.sampled_from([running(), waiting("X"), terminated(1), {}]), max_size=3),
)
def test_every_pod_has_a_health(phase: str, status: str, ready: str, states: list[dict[str, object]]) -> None:
    subject = pod(*[container(state) for state in states], phase=phase)
    assert health(subject, ready, status) in HEALTHS
