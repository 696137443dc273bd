"""One pod as somebody looks at it: the pod itself, its events, and who is behind its controller."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from pods.domain.details import Detail
from pods.domain.eventdetail import EventDetail, decode_events
from pods.domain.pod import OwnerRef
from pods.domain.poddetail import SeenPod, decode_seen
from pods.domain.podobject import Metadata
from pods.domain.reasons import Reason
from pods.domain.row import Owner
from pods.domain.scope import is_object_name
from pods.kube.body import read_body
from pods.kube.client import Query
from pods.kube.cluster import Cluster
from pods.kube.errors import BadAnswer, NotFound
from pods.kube.events import EVENTS
from pods.kube.resource import (
    JSON,
    METADATA,
    PODS,
    REPLICASETS,
    Resource,
    controller,
)
from pods.kube.workloads import WORKLOADS

T = TypeVar("T")

HEADERS_SECONDS = 10.0
# The API server does not sort them, so that more are asked for than are told.
EVENTS_ASKED = 500


class _Owned(msgspec.Struct, gc=False):
    """An object of which the metadata alone was asked for."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)


_decode_owned = msgspec.json.Decoder(_Owned).decode

# What is made by others: a ReplicaSet by a Deployment, a Job by a CronJob.
_CONTROLLED: dict[str, Resource[Any]] = {"ReplicaSet": REPLICASETS, "Job": WORKLOADS["Job"]}


async def fetch_pod(cluster: Cluster, namespace: str, name: str) -> SeenPod:
    """The pod as it is now. Raises KubeError."""
    return await _get(cluster, PODS, namespace, name, JSON, decode_seen)


async def fetch_owner(cluster: Cluster, namespace: str, owned: OwnerRef) -> Owner | None:
    """Who controls a pod's controller; None where nobody does, or it is of a kind that stands alone.

    Raises KubeError; NotFound also where another object bears the name by now.
    """
    resource = _CONTROLLED.get(owned.kind)
    if resource is None:
        return None
    found = (await _get(cluster, resource, namespace, owned.name, METADATA, _decode_owned)).metadata
    if found.uid != owned.uid:
        raise NotFound(Reason("not_found"))
    return controller(found.owner_references)


async def list_events(cluster: Cluster, namespace: str, pod_uid: str) -> tuple[EventDetail, ...]:
    """What happened to the pod, the newest first. Raises KubeError."""
    query = [("fieldSelector", f"involvedObject.uid={pod_uid}"), ("limit", str(EVENTS_ASKED))]
    forbidden = EVENTS.forbidden("list", namespace)
    body = await _body(cluster, EVENTS.path(namespace), query, JSON, "list", forbidden)
    return _decoded(body, decode_events)


async def _get(
    cluster: Cluster,
    resource: Resource[Any],
    namespace: str,
    name: str,
    accept: str,
    decode: Callable[[bytes], T],
) -> T:
    """One object by its name."""
    if not is_object_name(name):
        raise NotFound(Reason("not_found"))
    path = f"{resource.path(namespace)}/{name}"
    body = await _body(cluster, path, [], accept, "get", resource.forbidden("get", namespace))
    return _decoded(body, decode)


async def _body(
    cluster: Cluster, path: str, query: Query, accept: str, verb: str, forbidden: Reason
) -> bytes:
    async with cluster.get(
        path, query, accept, verb=verb, seconds=HEADERS_SECONDS, forbidden=forbidden
    ) as response:
        return await read_body(response)


def _decoded(body: bytes, decode: Callable[[bytes], T]) -> T:
    try:
        return decode(body)
    except msgspec.MsgspecError as error:
        raise BadAnswer(Reason("bad_answer", {"detail": Detail.OBJECT_NO_JSON})) from error
