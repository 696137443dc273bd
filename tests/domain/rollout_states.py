"""Statuses of workloads, as their controllers write them."""

from __future__ import annotations

from typing import Any

T0, T1, T2 = (f"2026-01-01T00:0{minute}:00Z" for minute in range(3))
QUOTA = 'pods "web-1-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2'


def condition(
    kind: str, status: str, reason: str = "", message: str = "", updated: str = T2
) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": T1,
        "lastUpdateTime": updated,
    }


def deployment(updated: int, old: int, available: int, *conditions: dict[str, Any]) -> dict[str, Any]:
    return {
        "observedGeneration": 2,
        "replicas": updated + old,
        "updatedReplicas": updated,
        "readyReplicas": available,
        "availableReplicas": available,
        "conditions": list(conditions),
    }


def statefulset(ready: int, updated: int, current: int) -> dict[str, Any]:
    return {
        "observedGeneration": 2,
        "replicas": 3,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "updatedReplicas": updated,
        "currentReplicas": current,
        "currentRevision": "web-old",
        "updateRevision": "web-new",
    }


def daemonset(updated: int, available: int) -> dict[str, Any]:
    return {
        "observedGeneration": 2,
        "desiredNumberScheduled": 3,
        "updatedNumberScheduled": updated,
        "numberReady": available,
        "numberAvailable": available,
    }


THREE = {"replicas": 3, "progressDeadlineSeconds": 600}
ROLLED_OUT = condition("Progressing", "True", "NewReplicaSetAvailable")
ROLLING = condition("Progressing", "True", "ReplicaSetUpdated")
TIMED_OUT = condition("Progressing", "False", "ProgressDeadlineExceeded")
REFUSED = condition("ReplicaFailure", "True", "FailedCreate", QUOTA)
OTHERWISE = condition(
    "ReplicaFailure", "True", "FailedCreate", 'admission webhook "x" denied the request: no'
)
LOST = condition("Available", "False", "MinimumReplicasUnavailable")
PARTITION = {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}}
ON_DELETE = {"updateStrategy": {"type": "OnDelete"}}
FAILED = condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
LATE = condition("Failed", "True", "DeadlineExceeded", "Job was active longer than specified deadline")
POLICY = condition("Failed", "True", "PodFailurePolicy", "Container main exited with code 3.")
COMPLETE = condition("Complete", "True")
