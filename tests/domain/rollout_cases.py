"""Workloads as the API gives them, each with what is to be said of it, and with kubectl's own verdict.

`kubectl` is what `kubectl rollout status` makes of the object: "done", "waits" or "fails"; None where it has
no word for it (Jobs, OnDelete), or where more is known here (what is paused).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.domain.rollout_states import (
    COMPLETE,
    FAILED,
    LATE,
    LOST,
    ON_DELETE,
    OTHERWISE,
    PARTITION,
    POLICY,
    REFUSED,
    ROLLED_OUT,
    ROLLING,
    T0,
    T1,
    T2,
    THREE,
    TIMED_OUT,
    condition,
    daemonset,
    deployment,
    statefulset,
)


class Case(NamedTuple):
    """`name` is the object's; `said` is state, since, code of why, and what to try."""

    name: str
    kind: str
    spec: dict[str, Any]
    status: dict[str, Any]
    state: str
    since: str | None = None
    why: str | None = None
    kubectl: str | None = None
    generation: int = 2


CASES = (
    Case("rolled-out", "Deployment", THREE, deployment(3, 0, 3, ROLLED_OUT), "done", T2, None, "done"),
    Case(
        "none-wanted",
        "Deployment",
        {"replicas": 0},
        deployment(0, 0, 0, ROLLED_OUT),
        "done",
        T2,
        None,
        "done",
    ),
    Case("one-by-default", "Deployment", {}, deployment(1, 0, 1), "done", None, None, "done"),
    Case(
        "not-seen",
        "Deployment",
        THREE,
        deployment(3, 0, 3),
        "progressing",
        None,
        "rollout_unseen",
        "waits",
        3,
    ),
    Case(
        "new-to-come", "Deployment", THREE, deployment(1, 3, 3, ROLLING), "progressing", None, None, "waits"
    ),
    Case("old-to-go", "Deployment", THREE, deployment(3, 1, 3, ROLLING), "progressing", None, None, "waits"),
    Case(
        "not-available", "Deployment", THREE, deployment(3, 0, 2, ROLLING), "progressing", None, None, "waits"
    ),
    Case(
        "lost-pods",
        "Deployment",
        THREE,
        deployment(3, 0, 1, ROLLED_OUT, LOST),
        "progressing",
        T1,
        None,
        "waits",
    ),
    Case(
        "stuck",
        "Deployment",
        THREE,
        deployment(1, 3, 3, TIMED_OUT),
        "stuck",
        T1,
        "rollout_deadline_seconds",
        "fails",
    ),
    Case(
        "stuck-default",
        "Deployment",
        {"replicas": 3},
        deployment(1, 3, 3, TIMED_OUT),
        "stuck",
        T1,
        "rollout_deadline",
        "fails",
    ),
    Case(
        "stuck-by-quota",
        "Deployment",
        THREE,
        deployment(0, 0, 0, TIMED_OUT, REFUSED),
        "stuck",
        T1,
        "quota",
        "fails",
    ),
    Case(
        "refused",
        "Deployment",
        THREE,
        deployment(0, 0, 0, ROLLING, REFUSED),
        "progressing",
        None,
        "quota",
        "waits",
    ),
    Case(
        "refused-otherwise",
        "Deployment",
        THREE,
        deployment(2, 0, 2, ROLLING, OTHERWISE),
        "progressing",
        None,
        "rollout_refused",
        "waits",
    ),
    Case(
        "paused",
        "Deployment",
        {**THREE, "paused": True},
        deployment(1, 2, 3, condition("Progressing", "Unknown", "DeploymentPaused")),
        "paused",
        T1,
    ),
    Case("set-done", "StatefulSet", {"replicas": 3}, statefulset(3, 3, 0), "done", None, None, "done"),
    Case(
        "set-waits", "StatefulSet", {"replicas": 3}, statefulset(2, 3, 0), "progressing", None, None, "waits"
    ),
    Case(
        "set-rolls",
        "StatefulSet",
        {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}},
        statefulset(3, 1, 2),
        "progressing",
        None,
        None,
        "waits",
    ),
    Case(
        "set-not-seen",
        "StatefulSet",
        {"replicas": 3},
        statefulset(3, 3, 0),
        "progressing",
        None,
        "rollout_unseen",
        "waits",
        3,
    ),
    Case(
        "set-partition",
        "StatefulSet",
        PARTITION,
        statefulset(3, 1, 2),
        "done",
        None,
        "rollout_partition",
        "done",
    ),
    Case(
        "set-partition-rolls",
        "StatefulSet",
        PARTITION,
        statefulset(3, 0, 3),
        "progressing",
        None,
        None,
        "waits",
    ),
    Case(
        "set-on-delete",
        "StatefulSet",
        {"replicas": 3, **ON_DELETE},
        statefulset(3, 1, 2),
        "paused",
        None,
        "rollout_on_delete",
    ),
    Case("set-on-delete-done", "StatefulSet", {"replicas": 3, **ON_DELETE}, statefulset(3, 3, 0), "done"),
    Case("daemons-done", "DaemonSet", {}, daemonset(3, 3), "done", None, None, "done"),
    Case("daemons-roll", "DaemonSet", {}, daemonset(1, 3), "progressing", None, None, "waits"),
    Case("daemons-wait", "DaemonSet", {}, daemonset(3, 2), "progressing", None, None, "waits"),
    Case(
        "daemons-not-seen",
        "DaemonSet",
        {},
        daemonset(3, 3),
        "progressing",
        None,
        "rollout_unseen",
        "waits",
        3,
    ),
    Case("daemons-on-delete", "DaemonSet", ON_DELETE, daemonset(1, 3), "paused", None, "rollout_on_delete"),
    Case("daemons-on-delete-short", "DaemonSet", ON_DELETE, daemonset(3, 2), "progressing"),
    Case(
        "job-runs",
        "Job",
        {"completions": 3},
        {"startTime": T0, "active": 2, "succeeded": 1},
        "progressing",
        T0,
    ),
    Case("job-done", "Job", {"completions": 3}, {"startTime": T0, "conditions": [COMPLETE]}, "done", T1),
    Case(
        "job-failed", "Job", {"backoffLimit": 6}, {"conditions": [FAILED]}, "stuck", T1, "job_backoff_limit"
    ),
    Case("job-failed-default", "Job", {}, {"conditions": [FAILED]}, "stuck", T1, "job_backoff"),
    Case(
        "job-late",
        "Job",
        {"activeDeadlineSeconds": 5},
        {"conditions": [LATE]},
        "stuck",
        T1,
        "job_deadline_seconds",
    ),
    Case("job-late-default", "Job", {}, {"conditions": [LATE]}, "stuck", T1, "job_deadline"),
    Case("job-policy", "Job", {}, {"conditions": [POLICY]}, "stuck", T1, "job_failed"),
    Case(
        "job-suspended",
        "Job",
        {"suspend": True},
        {"conditions": [condition("Suspended", "True")]},
        "paused",
        T1,
    ),
)


def manifest(case: Case) -> dict[str, Any]:
    """The object of a case, as an API server gives it but for its defaults."""
    return {
        "metadata": {
            "name": case.name,
            "namespace": "shop",
            "uid": f"uid-{case.name}",
            "generation": case.generation,
            "creationTimestamp": T0,
        },
        "spec": {"template": {"metadata": {"labels": {"app": case.name}}}, **case.spec},
        "status": case.status,
    }
