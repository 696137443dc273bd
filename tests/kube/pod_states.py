"""Pod states for the parity test, and the words they are written in.

A state is what decides READY, STATUS and RESTARTS: the spec a pod is created with, statuses that it
goes through, and whether it is being deleted meanwhile. Containers never run: the statuses are
written to the API server as a kubelet would. `pod_corners` chooses them by hand, `pod_generator` from a
seed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Status = dict[str, Any]

FINALIZER = "example.com/held-by-a-test"


@dataclass(frozen=True)
class PodState:
    """A pod of `containers` and `inits` (name -> whether it is a sidecar), and its `statuses` in turn.

    It is deleted before its status number `deleted_before`, and held by a finalizer from then on.
    """

    statuses: tuple[Status, ...]
    containers: tuple[str, ...] = ("a",)
    inits: dict[str, bool] = field(default_factory=dict)
    gates: tuple[str, ...] = ()
    readiness_gates: tuple[str, ...] = ()
    deleted_before: int | None = None

    def manifest(self, name: str) -> dict[str, Any]:
        """The Pod to create. One with scheduling gates has no node yet."""
        inits = [
            {"name": init, "image": "init:1"} | ({"restartPolicy": "Always"} if sidecar else {})
            for init, sidecar in self.inits.items()
        ]
        spec: dict[str, Any] = {
            "containers": [{"name": container, "image": "main:1"} for container in self.containers],
            "initContainers": inits,
            "readinessGates": [{"conditionType": gate} for gate in self.readiness_gates],
            "terminationGracePeriodSeconds": 5,
        }
        if self.gates:
            spec["schedulingGates"] = [{"name": gate} for gate in self.gates]
        else:
            spec["nodeName"] = "a-node"
        metadata: dict[str, Any] = {"name": name}
        if self.deleted_before is not None:
            metadata["finalizers"] = [FINALIZER]
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


class Times:
    """Moments so many days and a half ago: their age in days is the same all through a test."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def ago(self, days: int) -> str:
        """RFC 3339, in UTC."""
        return (self._now - timedelta(days=days, hours=12)).strftime("%Y-%m-%dT%H:%M:%SZ")


def waiting(reason: str = "") -> Status:
    return {"waiting": {"reason": reason, "message": "a message"}}


def running(started_at: str | None = None) -> Status:
    return {"running": {"startedAt": started_at}}


def ended(code: int = 0, reason: str = "", signal: int = 0, at: str | None = None) -> Status:
    return {"terminated": {"exitCode": code, "reason": reason, "signal": signal, "finishedAt": at}}


def container(
    name: str,
    state: Status,
    *,
    ready: bool = False,
    restarts: int = 0,
    last: Status | None = None,
    started: bool | None = None,
) -> Status:
    """An entry of containerStatuses or initContainerStatuses."""
    return {
        "name": name,
        "image": "main:1",
        "imageID": "",
        "ready": ready,
        "restartCount": restarts,
        "started": started,
        "state": state,
        "lastState": last or {},
    }


def condition(kind: str, status: str, reason: str = "") -> Status:
    return {"type": kind, "status": status, "reason": reason}


def status(
    *containers: Status,
    phase: str = "Running",
    inits: tuple[Status, ...] = (),
    conditions: str = "",
    **more: Any,
) -> Status:
    """A pod's status. `conditions` is written as "Ready PodScheduled=False:Unschedulable"."""
    listed = []
    for word in conditions.split():
        kind, _, value = word.partition("=")
        truth, _, reason = value.partition(":")
        listed.append(condition(kind, truth or "True", reason))
    return {
        "phase": phase,
        "containerStatuses": list(containers),
        "initContainerStatuses": list(inits),
        "conditions": listed,
        **more,
    }
