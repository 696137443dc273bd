"""Pods written to the real API server."""

import asyncio
import uuid
from typing import Any

from tests.cluster.control_plane import ControlPlane

Object = dict[str, Any]


def pod(name: str, labels: dict[str, str] | None = None, replicaset: Object | None = None) -> Object:
    """A pod of one container, of a ReplicaSet where one is given."""
    metadata: Object = {"name": name, "labels": labels or {}}
    if replicaset is not None:
        metadata["ownerReferences"] = [_controller("ReplicaSet", replicaset)]
    return {"metadata": metadata, "spec": {"containers": [{"name": "main", "image": "example/app:1"}]}}


def create(cluster: ControlPlane, namespace: str, *names: str, labels: dict[str, str] | None = None) -> None:
    """Creates pods."""
    for name in names:
        cluster.api("POST", f"/api/v1/namespaces/{namespace}/pods", pod(name, labels))


def delete(cluster: ControlPlane, namespace: str, name: str) -> None:
    """Deletes a pod at once."""
    cluster.api("DELETE", f"/api/v1/namespaces/{namespace}/pods/{name}", {"gracePeriodSeconds": 0})


def run(cluster: ControlPlane, namespace: str, name: str) -> None:
    """Has a pod run and be ready, as a kubelet says it."""
    container = {"name": "main", "image": "example/app:1", "imageID": "", "ready": True, "restartCount": 0}
    status = {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [{**container, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}],
    }
    cluster.api("PATCH", f"/api/v1/namespaces/{namespace}/pods/{name}/status", {"status": status})


def label(cluster: ControlPlane, namespace: str, name: str, **labels: str | None) -> None:
    """Sets labels of a pod; None takes one away."""
    cluster.api("PATCH", f"/api/v1/namespaces/{namespace}/pods/{name}", {"metadata": {"labels": labels}})


def create_deployment_pod(cluster: ControlPlane, namespace: str, deployment: str, name: str) -> None:
    """A pod of a ReplicaSet of `deployment`; the Deployment itself need not be there."""
    owner = {"metadata": {"name": deployment, "uid": str(uuid.uuid4())}}
    labels = {"app": deployment, "pod-template-hash": "abc"}
    replicaset = cluster.api(
        "POST",
        f"/apis/apps/v1/namespaces/{namespace}/replicasets",
        {
            "metadata": {
                "name": f"{deployment}-abc",
                "labels": labels,
                "ownerReferences": [_controller("Deployment", owner)],
            },
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod("")["spec"]},
            },
        },
    ).json()
    cluster.api("POST", f"/api/v1/namespaces/{namespace}/pods", pod(name, labels, replicaset))


async def create_many(cluster: ControlPlane, namespace: str, count: int) -> None:
    """Creates pods with as many labels as a row shows, so that each row is about 4 kB."""
    labels = {f"label-{number}": "x" * 63 for number in range(50)}
    async with cluster.admin_session() as session:

        async def post(number: int) -> None:
            body = pod(f"pod-{number:04}", labels)
            async with session.post(f"/api/v1/namespaces/{namespace}/pods", json=body) as answer:
                assert answer.status == 201

        await asyncio.gather(*map(post, range(count)))


def _controller(kind: str, owner: Object) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
