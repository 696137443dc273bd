"""Workloads: Deployments, StatefulSets, DaemonSets and Jobs, as the portal lists and watches them.

They come whole, and only what their rollout is judged by is read; one record is kept of each.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from pods.domain.rollout import Rollout, RolloutKind, is_rolling, rollout_of
from pods.domain.strings import Pool
from pods.domain.workload import DaemonSet, Deployment, Job, StatefulSet, Workload
from pods.kube.codecs import ObjectCodec
from pods.kube.resource import JSON, Resource

W = TypeVar("W", Deployment, StatefulSet, DaemonSet, Job)


class RolloutRecord(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """What is kept of one workload: its rollout, and the labels of its pods' template.

    `rolling` is whether a Deployment is on its way to its newest ReplicaSet.
    """

    uid: str
    rollout: Rollout
    labels: dict[str, str]
    rolling: bool = False


_labels: Pool[tuple[tuple[str, str], ...], dict[str, str]] = Pool(dict, 2_000)


def _record(found: Workload) -> RolloutRecord:
    labels = found.spec.template.metadata.labels or {}
    return RolloutRecord(
        found.metadata.uid,
        rollout_of(found),
        _labels[tuple(labels.items())],
        isinstance(found, Deployment) and is_rolling(found),
    )


def _codec(form: type[W]) -> Callable[[], ObjectCodec[W, RolloutRecord]]:
    return lambda: ObjectCodec(form, _record)


def _resource(name: str, group: str, form: type[W]) -> Resource[RolloutRecord]:
    return Resource(name, f"/apis/{group}/v1", group, JSON, JSON, (), _codec(form))


WORKLOADS: dict[RolloutKind, Resource[RolloutRecord]] = {
    "Deployment": _resource("deployments", "apps", Deployment),
    "StatefulSet": _resource("statefulsets", "apps", StatefulSet),
    "DaemonSet": _resource("daemonsets", "apps", DaemonSet),
    "Job": _resource("jobs", "batch", Job),
}
