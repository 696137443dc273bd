"""Single objects and whole lists, fetched once: what is asked of the API outside watches."""

import msgspec

from pods.domain.details import Detail
from pods.domain.reasons import Reason
from pods.domain.scope import is_object_name
from pods.kube.body import read_body
from pods.kube.cluster import Cluster
from pods.kube.errors import BadAnswer, Forbidden, NotFound
from pods.kube.listwatch import HEADERS_SECONDS, ListWatch
from pods.kube.resource import (
    METADATA,
    NAMESPACES,
    PODS,
    REPLICASETS,
    ReplicaSetRecord,
    decode_replicaset,
)


async def fetch_replicaset(cluster: Cluster, namespace: str, name: str) -> ReplicaSetRecord:
    """The ReplicaSet `name` of `namespace` (metadata only). Raises KubeError."""
    if not is_object_name(name):
        raise NotFound(Reason("not_found"))
    async with cluster.get(
        f"{REPLICASETS.path(namespace)}/{name}",
        [],
        METADATA,
        verb="get",
        seconds=HEADERS_SECONDS,
        forbidden=REPLICASETS.forbidden("get", namespace),
    ) as response:
        body = await read_body(response)
    try:
        return decode_replicaset(body)
    except msgspec.MsgspecError as error:
        raise BadAnswer(Reason("bad_answer", {"detail": Detail.OBJECT_NO_JSON})) from error


async def list_namespaces(cluster: Cluster) -> set[str]:
    """The names of the cluster's namespaces. Raises KubeError, Forbidden where they may not be listed."""
    names: set[str] = set()
    async with cluster.list_gate:
        async for page in ListWatch(cluster, NAMESPACES, "*").pages():
            names.update(record.name for record in page.items)
    return names


async def may_list_everywhere(cluster: Cluster) -> bool:
    """Whether the portal's account may list pods in all namespaces. Raises KubeError but Forbidden."""
    try:
        await ListWatch(cluster, PODS, "*").present_version()
    except Forbidden:
        return False
    return True
