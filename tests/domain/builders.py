"""Pods for the tests of the domain, written the way the API writes them."""

from __future__ import annotations

from typing import Any

import msgspec

from pods.domain.pod import PodObject, decode_pod

T0 = "2026-01-01T00:00:00Z"
T1 = "2026-01-01T00:01:00Z"
T2 = "2026-01-01T00:02:00Z"
T3 = "2026-01-01T00:03:00Z"


def waiting(reason: str = "", message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


def running(started_at: str = T1) -> dict[str, Any]:
    return {"running": {"startedAt": started_at}}


def terminated(
    code: int = 0,
    reason: str = "",
    signal: int = 0,
    finished_at: str | None = T1,
    message: str = "",
    started_at: str | None = None,
) -> dict[str, Any]:
    end: dict[str, Any] = {"exitCode": code, "reason": reason, "finishedAt": finished_at, "message": message}
    if started_at is not None:
        end["startedAt"] = started_at
    return {"terminated": {**end, "signal": signal} if signal else end}


def container(
    state: dict[str, Any],
    *,
    name: str = "web",
    ready: bool = False,
    last: dict[str, Any] | None = None,
    restarts: int = 0,
    started: bool | None = None,
) -> dict[str, Any]:
    return {
        "name": name,
        "image": "registry.example.com/web:1",
        "ready": ready,
        "started": started,
        "restartCount": restarts,
        "state": state,
        "lastState": last or {},
    }


def condition(kind: str, status: str, reason: str = "", at: str = T0, message: str = "") -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": at}


def pod(
    *containers: dict[str, Any],
    phase: str = "Running",
    conditions: list[dict[str, Any]] | None = None,
    inits: list[dict[str, Any]] | None = None,
    spec: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
    **status: Any,
) -> PodObject:
    """A Pod, by way of its JSON."""
    return decode_pod(
        msgspec.json.encode(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "web-1", "namespace": "shop", "uid": "u-1"} | (metadata or {}),
                "spec": {"nodeName": "node-1"} | (spec or {}),
                "status": {
                    "phase": phase,
                    "conditions": conditions or [],
                    "containerStatuses": list(containers),
                    "initContainerStatuses": inits or [],
                    **status,
                },
            }
        )
    )
