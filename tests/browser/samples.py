"""Pods and rollouts that a test speaks of, one of each kind that looks different."""

from typing import Any

from tests.browser.speaker import now, rollout, row


def unwell(number: int, **more: Any) -> dict[str, Any]:
    params = {"container": "web", "restarts": 1234, "exit_code": 137}
    why = {"code": "crash_loop_exit_code", "params": params, "summary": "In English."}
    return row(number, health="failing", status="CrashLoopBackOff", restarts=4, why=why, **more)


def waiting(number: int) -> dict[str, Any]:
    why = {"code": "creating", "params": {}, "summary": "In English."}
    return row(number, health="waiting", status="ContainerCreating", ready="0/1", node=None, ip=None, why=why)


PODS = [
    unwell(1, last_restart="2026-01-01T00:00:00Z"),
    waiting(2),
    row(3),
    row(4, status="Completed", health="done", owner=None, labels={"tier": "web"}),
]


def stuck_rollout() -> dict[str, Any]:
    """Of a Deployment: between two ReplicaSets, with its reason."""
    step = {"code": "next_rollout_deadline", "params": {}, "summary": "See why."}
    why = {"code": "rollout_deadline_seconds", "params": {"seconds": 600}, "summary": "Late."}
    revisions = [
        {"name": "web-def", "revision": 2, "desired": 1, "ready": 0, "current": True},
        {"name": "web-abc", "revision": 1, "desired": 3, "ready": 3, "current": False},
    ]
    told = {**why, "since": None, "details": [], "next": step}
    return rollout("web", updated=1, state="stuck", since=now(), why=told, revisions=revisions)
