"""deploy/kubernetes as kustomize makes objects of it, also for a list of namespaces."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.control_plane import ControlPlane

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
INSTALLATIONS = ("small", "replicated")
NAMESPACE = ACCOUNT = "k8sportal"

Object = dict[str, Any]


def rendered(cluster: ControlPlane, folder: Path) -> str:
    """What `kubectl apply -k` would send, as YAML."""
    command = [str(cluster.kubectl_path), "kustomize", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def objects(text: str) -> list[Object]:
    """The objects of a YAML stream."""
    return [item for item in yaml.safe_load_all(text) if item]


def for_a_list_of_namespaces(cluster: ControlPlane, folder: Path, *namespaces: str) -> str:
    """The small installation with the other component, as docs/install.md tells people to make it."""
    copy = folder / "kubernetes"
    shutil.copytree(FOLDER, copy)
    chosen = copy / "small" / "kustomization.yaml"
    chosen.write_text(chosen.read_text().replace("whole-cluster", "list-of-namespaces"))
    path = copy / "components" / "list-of-namespaces" / "namespaces.yaml"
    binding = path.read_text()
    path.write_text(
        "---\n".join(binding.replace("namespace: default", f"namespace: {name}") for name in namespaces)
    )
    return rendered(cluster, copy / "small")


def apply_strictly(cluster: ControlPlane, text: str) -> list[str]:
    """Server-side apply in which unknown fields and warnings are errors; what was applied."""
    strict = ("--server-side", "--force-conflicts", "--validate=strict", "--warnings-as-errors", "-o", "name")
    return cluster.kubectl("apply", *strict, "-f", "-", input=text).split()


def pods_of(items: list[Object]) -> dict[str, Object]:
    """The pod that each workload's controller would make, by the workload's kind."""
    return {
        item["kind"]: {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"generateName": "try-", "labels": item["spec"]["template"]["metadata"]["labels"]},
            "spec": item["spec"]["template"]["spec"],
        }
        for item in items
        if item["kind"] in ("Deployment", "Job")
    }
