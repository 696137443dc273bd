"""Kubeconfigs for tests: the control plane's own, with another user, cluster or context in it."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

from pods.kube.source import KubeconfigSource
from tests.cluster.control_plane import ControlPlane


def kubeconfig(
    folder: Path,
    control_plane: ControlPlane,
    user: dict[str, Any] | None,
    cluster: dict[str, Any] | None = None,
    context: str = "test",
) -> KubeconfigSource:
    """Writes a kubeconfig with `user` (None: none) and additions to the cluster."""
    content = json.loads(control_plane.kubeconfig.read_text())
    if user is None:
        del content["contexts"][0]["context"]["user"]
        content["users"] = []
    else:
        content["users"][0]["user"] = user
    content["clusters"][0]["cluster"] |= cluster or {}
    content["contexts"][0]["name"] = content["current-context"] = context
    path = folder / "kubeconfig"
    path.write_text(json.dumps(content))
    return KubeconfigSource(str(path), context)


def plugin(folder: Path, script: str, **fields: Any) -> dict[str, Any]:
    """A user whose credentials come from a plugin: a shell script in the kubeconfig's folder."""
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(stat.S_IRWXU)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "./plugin", **fields}}


def credential(**status: Any) -> str:
    """A shell command that prints an ExecCredential."""
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    return f"printf %s '{json.dumps(answer)}'"
