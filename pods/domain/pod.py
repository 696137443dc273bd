"""From a Pod object and its printed cells to a Row.

READY, STATUS and RESTARTS are the API server's own cells (its Table form), so that they are right
for every version of it; all else is read from the object. This runs for every pod of every list
and every event, 10,000 at a time: what a pod that is well does not need is not computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pods.domain.apitime import api_time
from pods.domain.health import health
from pods.domain.podobject import ContainerStatus, PodObject, decode_pod
from pods.domain.row import MAX_LABEL_BYTES, Owner, Row
from pods.domain.strings import Pool
from pods.domain.why import why

__all__ = [
    "OwnerRef",
    "PodObject",
    "decode_pod",
    "deployment_from_hash",
    "last_restart",
    "owner_ref",
    "row_of",
]

_shared: Pool[str, str] = Pool(lambda text: text, 20_000)
_owners: Pool[tuple[str, str], Owner] = Pool(lambda name: Owner(*name), 10_000)


class OwnerRef(NamedTuple):
    """The controller that a pod's metadata names: a ReplicaSet for a Deployment's pods."""

    kind: str
    name: str
    uid: str


def row_of(pod: PodObject, ready: str, status: str, restarts_cell: str | int) -> Row:
    """The Row of `pod`.

    `ready`, `status` and `restarts_cell` are the cells that the API server prints; RESTARTS is
    "14", "14 (38s ago)" or, from some versions, an integer. The owner is the pod's own
    controller: who knows its ReplicaSet replaces it by the Deployment.
    """
    metadata, pod_status = pod.metadata, pod.status
    restarts = restarts_cell if isinstance(restarts_cell, int) else _leading_integer(restarts_cell)
    state = health(pod, ready, status)
    labels, labels_cut = _labels[tuple(metadata.labels.items())] if metadata.labels else _NO_LABELS
    return Row(
        metadata.uid,
        _shared[metadata.namespace],
        metadata.name,
        _shared[ready],
        _shared[status],
        restarts,
        last_restart(pod) if restarts else None,
        api_time(metadata.creation_timestamp),
        pod_status.pod_ip or None,
        _shared[pod.spec.node_name] or None,
        _owner(pod),
        state,
        None if state == "running" or state == "done" else why(pod, state, status),
        labels,
        labels_cut,
    )


def owner_ref(pod: PodObject) -> OwnerRef | None:
    """The pod's controller, if it has one."""
    for reference in pod.metadata.owner_references or ():
        if reference.controller:
            return OwnerRef(reference.kind, reference.name, reference.uid)
    return None


def _owner(pod: PodObject) -> Owner | None:
    """The owner for the Row."""
    for reference in pod.metadata.owner_references or ():
        if reference.controller:
            return _owners[reference.kind, reference.name]
    return None


def deployment_from_hash(rs_name: str, labels: Mapping[str, str]) -> str | None:
    """The name of the Deployment of ReplicaSet `rs_name`, judged by names alone.

    The Deployment controller calls its ReplicaSets `<deployment>-<pod-template-hash>` and labels
    their pods with the hash. Used only where the ReplicaSet itself may not be read.
    """
    suffix = "-" + labels.get("pod-template-hash", "")
    name = rs_name.removesuffix(suffix)
    return name if suffix != "-" and name and name != rs_name else None


def last_restart(pod: PodObject) -> str | None:
    """When the restart that RESTARTS speaks of ("14 (38s ago)") happened, or None if not known.

    kubectl's rule (k8s.io/kubernetes/pkg/printers/internalversion, printPod): the latest end of a
    former run among the containers that RESTARTS counts. While the pod initialises those are the
    init containers up to the first that is not through; afterwards the containers and sidecars.
    """
    sidecars = pod.sidecars()
    initializing = False
    ends: list[str] = []
    sidecar_ends: list[str] = []
    for container in pod.status.init_container_statuses or ():
        is_sidecar = container.name in sidecars
        end = _last_end(container)
        ends.append(end)
        if is_sidecar:
            sidecar_ends.append(end)
        if not _is_through(container, is_sidecar):
            initializing = True
            break
    condition = pod.condition("Initialized")
    if not initializing or (condition is not None and condition.status == "True"):
        ends = sidecar_ends + [_last_end(c) for c in pod.status.container_statuses or ()]
    return max(ends, default="") or None


def _is_through(container: ContainerStatus, is_sidecar: bool) -> bool:
    """Whether an init container lets the next one start."""
    terminated = container.state and container.state.terminated
    if terminated and terminated.exit_code == 0:
        return True
    return is_sidecar and container.started is True


def _last_end(container: ContainerStatus) -> str:
    """When the container's former run ended; "" if there was none, or its time makes no sense.

    Times of the API have one form and one zone, so that they compare as strings.
    """
    last = container.last_state
    terminated = last and last.terminated
    return (terminated and api_time(terminated.finished_at)) or ""


def _leading_integer(cell: str) -> int:
    """The number that a RESTARTS cell begins with; 0 where it has none."""
    number = cell.partition(" ")[0]
    return int(number) if number.isascii() and number.isdigit() else 0


def _labels_of(items: tuple[tuple[str, str], ...]) -> tuple[dict[str, str], bool]:
    """The labels for the Row, and whether some were left out to keep within MAX_LABEL_BYTES.

    Keys and values count in UTF-8. Labels are cut in the order of their keys, so that the same labels
    always give the same Row.
    """
    kept: dict[str, str] = {}
    room = MAX_LABEL_BYTES
    for key, value in sorted(items):
        room -= len(key.encode()) + len(value.encode())
        if room < 0:
            return kept, True
        kept[key] = _shared[value]
    return kept, False


_NO_LABELS: tuple[dict[str, str], bool] = {}, False
# Pods of one ReplicaSet have the same labels; those with labels of their own pass through.
_labels: Pool[tuple[tuple[str, str], ...], tuple[dict[str, str], bool]] = Pool(_labels_of, 4_000)
