"""Workloads as their codecs give them, and filters of views, each said again for pods and rollouts."""

from collections.abc import Callable
from typing import Any

import msgspec

from pods.domain.rollout import Rollout, RolloutKind, RolloutState
from pods.domain.viewfilter import ViewFilter
from pods.kube.workloads import RolloutRecord


def rollout(
    uid: str,
    namespace: str = "shop",
    *,
    kind: RolloutKind = "Deployment",
    name: str = "",
    ready: int = 3,
    state: RolloutState = "progressing",
    since: str | None = None,
    labels: dict[str, str] | None = None,
) -> RolloutRecord:
    """A workload as its codec gives it."""
    made = Rollout(uid, namespace, kind, name or f"{kind}-{uid}", None, 3, 3, ready, ready, state, since)
    return RolloutRecord(uid, made, labels or {})


def as_json(told: RolloutRecord) -> dict[str, Any]:
    """The rollout as it is sent."""
    sent: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(told.rollout))
    return sent


def some_rollout(namespace: str, replicaset: str, slot: int, variant: int) -> RolloutRecord:
    """Of a Deployment whose pods there may be, or of a DaemonSet."""
    kind: RolloutKind = "DaemonSet" if slot % 4 == 2 else "Deployment"
    labels = {"tier": "x" if variant % 2 else "y"}
    name = replicaset.rpartition("-")[0]
    return rollout(f"rollout-{slot}", namespace, kind=kind, name=name, ready=variant, labels=labels)


def _is_web(told: RolloutRecord) -> bool:
    return (told.rollout.kind, told.rollout.name) == ("Deployment", "web")


FILTERS: tuple[tuple[ViewFilter, Callable[[dict[str, Any]], bool], Callable[[RolloutRecord], bool]], ...] = (
    (ViewFilter(), lambda row: True, lambda told: True),
    (
        ViewFilter.parse("web"),
        lambda row: row["owner"] == {"kind": "Deployment", "name": "web"},
        lambda told: _is_web(told),
    ),
    (
        ViewFilter.parse("", "tier=x"),
        lambda row: row["labels"].get("tier") == "x",
        lambda told: told.labels["tier"] == "x",
    ),
    (
        ViewFilter.parse("web", "tier!=x"),
        lambda row: (
            row["owner"] == {"kind": "Deployment", "name": "web"} and row["labels"].get("tier") != "x"
        ),
        lambda told: _is_web(told) and told.labels["tier"] != "x",
    ),
)


def finished(number: int, namespace: str = "shop") -> RolloutRecord:
    """A Job that ended `number` seconds after midnight."""
    ended = f"2026-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
    return rollout(f"job-{number}", namespace, kind="Job", state="done", since=ended)
