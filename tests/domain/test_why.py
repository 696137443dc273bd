"""Why a pod is not well: which rule answers, and what becomes of the cluster's own words."""

from __future__ import annotations

from typing import Any

import pytest

from pods.domain import selectors
from pods.domain.health import health
from pods.domain.pod import PodObject
from pods.domain.why import why
from pods.domain.whytexts import SENTENCES
from tests.domain.builders import T1, T2, condition, container, pod, running, terminated, waiting

NOT_READY = condition("Ready", "False", "ContainersNotReady")
UNSCHEDULABLE = condition("PodScheduled", "False", "Unschedulable", message="a scheduler of our own is full.")
GATED = condition("PodScheduled", "False", "SchedulingGated")
NO_NODE = {"nodeName": ""}


@pytest.mark.parametrize(
    ("code", "params", "status", "subject"),
    [
        (
            "evicted",
            {"message": "The node was low on resource: memory"},
            "Evicted",
            pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory. "),
        ),
        ("deadline", {}, "DeadlineExceeded", pod(phase="Failed", reason="DeadlineExceeded")),
        ("preempted", {"message": "Preempting"}, "Preempting", pod(phase="Failed", reason="Preempting")),
        (
            "node_shutdown",
            {"message": "x"},
            "Terminated",
            pod(phase="Failed", reason="Terminated", message="x"),
        ),
        (
            "not_admitted",
            {"reason": "OutOfcpu", "message": "no cpu"},
            "OutOfcpu",
            pod(phase="Failed", reason="OutOfcpu", message="no cpu"),
        ),
        ("failed", {"reason": "Odd", "message": "Odd"}, "Odd", pod(phase="Failed", reason="Odd")),
        ("node_lost", {"node": "node-1"}, "Unknown", pod(reason="NodeLost")),
        ("node_lost", {"node": "node-1"}, "Running", pod(phase="Unknown")),
        (
            "terminating",
            {"since": T1, "grace": 60},
            "Terminating",
            pod(metadata={"deletionTimestamp": T2, "deletionGracePeriodSeconds": 60}),
        ),
        (
            "finalizers",
            {"since": T1, "finalizers": "example.com/a, example.com/b"},
            "Terminating",
            pod(
                container(terminated(0)),
                metadata={
                    "deletionTimestamp": T2,
                    "deletionGracePeriodSeconds": 60,
                    "finalizers": ["example.com/a", "example.com/b"],
                },
            ),
        ),
        (
            "terminating",
            {"since": T1, "grace": 60},
            "Terminating",
            pod(
                container(running()),
                metadata={
                    "deletionTimestamp": T2,
                    "deletionGracePeriodSeconds": 60,
                    "finalizers": ["example.com/a"],
                },
            ),
        ),
        (
            "scheduling_gated",
            {"gates": "a, b"},
            "SchedulingGated",
            pod(
                phase="Pending",
                conditions=[GATED],
                spec={**NO_NODE, "schedulingGates": [{"name": "a"}, {"name": "b"}]},
            ),
        ),
        (
            "unschedulable",
            {"message": "a scheduler of our own is full"},
            "Pending",
            pod(phase="Pending", conditions=[UNSCHEDULABLE], spec=NO_NODE),
        ),
        ("not_scheduled", {}, "Pending", pod(phase="Pending", spec=NO_NODE)),
        (
            "image_pull",
            {"image": "registry.example.com/web:1", "container": "web", "message": "odd"},
            "ImagePullBackOff",
            pod(container(waiting("ImagePullBackOff", "odd")), phase="Pending"),
        ),
        (
            "image_name_invalid",
            {"image": "registry.example.com/web:1", "container": "web"},
            "InvalidImageName",
            pod(container(waiting("InvalidImageName")), phase="Pending"),
        ),
        (
            "config_missing",
            {"container": "web", "message": "odd"},
            "CreateContainerConfigError",
            pod(container(waiting("CreateContainerConfigError", "odd")), phase="Pending"),
        ),
        (
            "start_failed",
            {"container": "web", "reason": "RunContainerError", "message": "exec: no such file"},
            "RunContainerError",
            pod(container(waiting("RunContainerError", "exec: no such file"))),
        ),
        (
            "out_of_memory",
            {"container": "web"},
            "OOMKilled",
            pod(container(terminated(137, "OOMKilled"))),
        ),
        (
            "out_of_memory",
            {"container": "web"},
            "CrashLoopBackOff",
            pod(container(waiting("CrashLoopBackOff"), last=terminated(137, "OOMKilled"))),
        ),
        (
            "status_unknown",
            {"container": "web"},
            "ContainerStatusUnknown",
            pod(container(terminated(137, "ContainerStatusUnknown")), phase="Failed"),
        ),
        (
            "crash_loop_exit_code",
            {"container": "web", "restarts": 7, "exit_code": 2},
            "CrashLoopBackOff",
            pod(container(waiting("CrashLoopBackOff"), last=terminated(2, "Error"), restarts=7)),
        ),
        (
            "crash_loop_signal",
            {"container": "web", "restarts": 7, "signal": "SIGSEGV"},
            "CrashLoopBackOff",
            pod(container(waiting("CrashLoopBackOff"), last=terminated(139, "Error"), restarts=7)),
        ),
        (
            "crash_loop",
            {"container": "web", "restarts": 0},
            "CrashLoopBackOff",
            pod(container(waiting("CrashLoopBackOff"))),
        ),
        (
            "restarted_exit_code",
            {"container": "web", "exit_code": 1},
            "Running",
            pod(container(running(), last=terminated(1)), conditions=[NOT_READY]),
        ),
        (
            "restarted_signal",
            {"container": "web", "signal": "SIGKILL"},
            "Running",
            pod(container(running(), last=terminated(137)), conditions=[NOT_READY]),
        ),
        (
            "exit_code",
            {"container": "migrate", "exit_code": 3},
            "Init:Error",
            pod(phase="Pending", inits=[container(terminated(3, "Error"), name="migrate")]),
        ),
        (
            "exit_code_message",
            {"container": "web", "exit_code": 3, "message": "no database"},
            "Error",
            pod(container(terminated(3, "Error", message="no\n database\n"))),
        ),
        (
            "signal",
            {"container": "web", "signal": "SIGTERM"},
            "Error",
            pod(container(terminated(143, "Error"))),
        ),
        (
            "signal",
            {"container": "web", "signal": "SIG33"},
            "Signal:33",
            pod(container(terminated(161, signal=33))),
        ),
        (
            "readiness_lost",
            {"containers": "web"},
            "Running",
            pod(container(running(T1)), conditions=[condition("Ready", "False", "ContainersNotReady", T2)]),
        ),
        (
            "readiness",
            {"containers": "web, log"},
            "Running",
            pod(container(running()), container(running(), name="log"), conditions=[NOT_READY]),
        ),
        (
            "readiness_gates",
            {"gates": "example.com/lb"},
            "Running",
            pod(
                container(running(), ready=True),
                conditions=[
                    condition("Ready", "False", "ReadinessGatesNotReady"),
                    condition("example.com/dns", "True"),
                ],
                spec={
                    "readinessGates": [
                        {"conditionType": "example.com/lb"},
                        {"conditionType": "example.com/dns"},
                    ]
                },
            ),
        ),
        (
            "ended",
            {"container": "log"},
            "NotReady",
            pod(container(running(), ready=True), container(terminated(0, "Completed"), name="log")),
        ),
        (
            "initializing",
            {"container": "second", "done": 1, "total": 3},
            "Init:1/3",
            pod(phase="Pending", inits=[container(terminated(0)), container(running(), name="second")]),
        ),
        (
            "creating",
            {},
            "ContainerCreating",
            pod(container(waiting("ContainerCreating")), phase="Pending"),
        ),
        ("unknown", {"status": "Levitating"}, "Levitating", pod(phase="Pending")),
    ],
)
def test_why(code: str, params: dict[str, Any], status: str, subject: PodObject) -> None:
    ready = f"0/{len(subject.status.container_statuses or ()) or 1}"
    if all(c.ready for c in subject.status.container_statuses or ()):
        ready = "1/1"
    found = why(subject, health(subject, ready, status), status)
    assert found is not None
    assert (found.code, found.params) == (code, params)
    assert "{" not in found.summary
    assert ".." not in found.summary


def test_codes_are_unique_among_the_domains_sentences() -> None:
    assert not SENTENCES.keys() & selectors.SENTENCES.keys()


def test_a_pod_that_is_well_has_no_why() -> None:
    assert why(pod(), "running", "Running") is None
    assert why(pod(phase="Succeeded"), "done", "Completed") is None


def test_the_container_that_status_speaks_of_is_named() -> None:
    subject = pod(container(terminated(1, "Error")), container(waiting("ImagePullBackOff"), name="log"))
    found = why(subject, "failing", "ImagePullBackOff")
    assert found is not None
    assert (found.code, found.params["container"]) == ("image_pull", "log")


def test_an_init_container_that_is_through_is_not_named() -> None:
    subject = pod(
        container(waiting("CrashLoopBackOff")),
        inits=[container(terminated(0), name="init", last=terminated(1))],
    )
    found = why(subject, "failing", "CrashLoopBackOff")
    assert found is not None
    assert found.params["container"] == "web"


def test_an_init_container_that_is_through_is_no_reason_for_not_being_ready() -> None:
    subject = pod(
        container(running(), ready=True),
        inits=[container(terminated(0), name="init")],
        conditions=[condition("Ready", "False", "ReadinessGatesNotReady")],
        spec={"readinessGates": [{"conditionType": "example.com/lb"}]},
    )
    found = why(subject, "waiting", "Running")
    assert found is not None
    assert found.code == "readiness_gates"


def test_long_lists_of_names_are_cut() -> None:
    subject = pod(*[container(running(), name=f"c{i}") for i in range(20)], conditions=[NOT_READY])
    found = why(subject, "waiting", "Running")
    assert found is not None
    assert found.params["containers"] == "c0, c1, c2, c3, c4, …"
