"""Many objects at once: written straight into etcd, where the API server finds them as if it had.

Creating 20,000 pods through the API takes a minute of the API server's time; this takes seconds. The
API server stores protobuf, and reads JSON as well.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from tests.cluster.control_plane import ControlPlane
from tests.cluster.http import JsonClient

# etcd takes 128 operations and 1.5 MiB at once: 100 objects may have 12 kB each.
OPERATIONS_AT_ONCE = 100
CREATED = "2026-01-01T00:00:00Z"

Objects = Iterable[tuple[str, dict[str, Any]]]


class Etcd:
    """The etcd of a control plane."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self._client = JsonClient(f"http://127.0.0.1:{control_plane.etcd_port}")

    def put_namespaces(self, names: Iterable[str]) -> None:
        """Creates namespaces."""
        self.put((f"/registry/namespaces/{name}", _namespace(name)) for name in names)

    def put_pods(self, names: Mapping[str, Iterable[str]], created: str = CREATED) -> None:
        """Creates small pods that no node has taken, by namespace, as if at `created` (RFC 3339)."""
        self.put(
            (f"/registry/pods/{namespace}/{name}", _pod(namespace, name, created))
            for namespace, pods in names.items()
            for name in pods
        )

    def delete_pod(self, namespace: str, name: str) -> None:
        """Removes a pod, as if an API server had."""
        key = _text(f"/registry/pods/{namespace}/{name}")
        self._client.request("POST", "/v3/kv/deleterange", {"key": key})

    def put(self, objects: Objects) -> None:
        """Writes objects by their keys, in few large transactions."""
        operations: list[dict[str, Any]] = []
        for key, value in objects:
            put = {"key": _text(key), "value": _text(json.dumps(value))}
            operations.append({"requestPut": put})
            if len(operations) == OPERATIONS_AT_ONCE:
                self._client.request("POST", "/v3/kv/txn", {"success": operations})
                operations = []
        if operations:
            self._client.request("POST", "/v3/kv/txn", {"success": operations})


def _text(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _metadata(name: str, created: str = CREATED) -> dict[str, Any]:
    return {"name": name, "uid": str(uuid.uuid4()), "creationTimestamp": created}


def _namespace(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": _metadata(name) | {"labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def _pod(namespace: str, name: str, created: str) -> dict[str, Any]:
    container = {
        "name": "main",
        "image": "registry.example/app:1",
        "imagePullPolicy": "IfNotPresent",
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "resources": {},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(name, created) | {"namespace": namespace, "labels": {"app": "many"}},
        "spec": {
            "containers": [container],
            "restartPolicy": "Always",
            "dnsPolicy": "ClusterFirst",
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "terminationGracePeriodSeconds": 0,
        },
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    }
