"""Writes pods and ReplicaSets to a real API server, and reads what is true there."""

from __future__ import annotations

from typing import Any

import aiohttp

from pods.kube.resource import TABLE

Manifest = dict[str, Any]

_SPEC = {
    "containers": [{"name": "main", "image": "registry.example/app:1"}],
    "terminationGracePeriodSeconds": 0,
}


def pod_manifest(name: str, labels: dict[str, str] | None = None, owner: Manifest | None = None) -> Manifest:
    """A small pod; `owner` is the object (a ReplicaSet) that controls it."""
    metadata: Manifest = {"name": name, "labels": labels or {}}
    if owner is not None:
        metadata["ownerReferences"] = [owner_reference(owner)]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": _SPEC}


def placed(pod: Manifest, node: str, *containers: str) -> Manifest:
    """`pod` on a node, with containers of these names."""
    images = [{"name": name, "image": "registry.example/app:1"} for name in containers or ("main",)]
    return {**pod, "spec": {**pod["spec"], "nodeName": node, "containers": images}}


def owner_reference(owner: Manifest) -> Manifest:
    """The reference to a controller."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }


def running(restarts: int = 0) -> Manifest:
    """The status of a pod whose one container runs."""
    container = {
        "name": "main",
        "image": "registry.example/app:1",
        "imageID": "registry.example/app@sha256:0",
        "ready": True,
        "restartCount": restarts,
        "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
    }
    return {"phase": "Running", "containerStatuses": [container]}


class Writer:
    """Writes to one namespace as the administrator."""

    def __init__(self, session: aiohttp.ClientSession, namespace: str) -> None:
        self.session = session
        self.namespace = namespace
        self.pods = f"/api/v1/namespaces/{namespace}/pods"
        self.replicasets = f"/apis/apps/v1/namespaces/{namespace}/replicasets"

    async def pod(
        self, name: str, labels: dict[str, str] | None = None, owner: Manifest | None = None
    ) -> Manifest:
        """Creates a pod; gives the object."""
        return await self.ask("POST", self.pods, pod_manifest(name, labels, owner))

    async def pod_on(self, node: str, name: str, *containers: str) -> Manifest:
        """Creates a pod on a node; gives the object."""
        return await self.ask("POST", self.pods, placed(pod_manifest(name), node, *containers))

    async def status(self, name: str, status: Manifest) -> None:
        """Patches a pod's status, as kubelet would."""
        await self.ask("PATCH", f"{self.pods}/{name}/status", {"status": status})

    async def patch(self, name: str, body: Manifest) -> None:
        """Patches a pod."""
        await self.ask("PATCH", f"{self.pods}/{name}", body)

    async def delete(self, name: str) -> None:
        """Deletes a pod at once."""
        await self.ask("DELETE", f"{self.pods}/{name}", {"gracePeriodSeconds": 0})

    async def replicaset(self, name: str, deployment: str | None) -> Manifest:
        """Creates a ReplicaSet without replicas that `deployment` controls (None: a standalone one)."""
        labels = {"app": name}
        metadata: Manifest = {"name": name, "labels": labels}
        if deployment is not None:
            owner = {"apiVersion": "apps/v1", "kind": "Deployment"}
            owner["metadata"] = {"name": deployment, "uid": f"uid-of-{deployment}"}  # type: ignore[assignment]
            metadata["ownerReferences"] = [owner_reference(owner)]
        template = {"metadata": {"labels": labels}, "spec": {"containers": _SPEC["containers"]}}
        spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
        body = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec}
        return await self.ask("POST", self.replicasets, body)

    async def truth(self) -> dict[str, tuple[str, ...]]:
        """By uid: name, READY, STATUS and RESTARTS, as the API server prints them now."""
        async with self.session.get(self.pods, headers={"Accept": TABLE}) as response:
            table = await response.json(content_type=None)
        return {
            row["object"]["metadata"]["uid"]: (*row["cells"][:3], str(row["cells"][3]).split(" ")[0])
            for row in table["rows"] or ()
        }

    async def ask(self, method: str, path: str, body: Any = None) -> Manifest:
        """One request, which must succeed."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        async with self.session.request(method, path, json=body, headers={"Content-Type": kind}) as response:
            answer: Manifest = await response.json()
            assert response.status < 300, f"{method} {path}: {answer.get('message')}"
        return answer
