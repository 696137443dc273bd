"""The command lines and configuration of a control plane's programs."""

import base64
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.cluster.processes import free_port

SMALL = frozenset({"etcd", "kube-apiserver", "kubectl"})
FULL = SMALL | {"kube-controller-manager", "kube-scheduler", "kwok"}

STAGES = Path(__file__).resolve().parent / "stages.yaml"
LOGS = Path(__file__).resolve().parent / "container.log"


def etcd(program: Path, folder: Path, port: int) -> list[str]:
    """etcd without fsync: the data is thrown away."""
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}"
    return [
        str(program),
        f"--data-dir={folder}/etcd",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def apiserver(program: Path, folder: Path, port: int, etcd_port: int, extra: Iterable[str]) -> list[str]:
    """kube-apiserver with RBAC and static tokens.

    `ServiceAccount` would refuse pods until the controller-manager has made an account in their
    namespace; `TaintNodesByCondition` would hold pods back until a node's first heartbeat is judged.
    """
    return [
        str(program),
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--tls-cert-file={folder}/server.crt",
        f"--tls-private-key-file={folder}/server.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-signing-key-file={folder}/service-account.key",
        f"--service-account-key-file={folder}/service-account.key",
        f"--token-auth-file={folder}/tokens.csv",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
        "--endpoint-reconciler-type=none",
        *extra,
    ]


def rest(paths: dict[str, Path], folder: Path) -> dict[str, list[str]]:
    """The commands of the controller-manager, the scheduler and kwok, by program name."""
    kubeconfig_argument = f"--kubeconfig={folder}/admin.kubeconfig"
    common = [kubeconfig_argument, "--leader-elect=false", "--bind-address=127.0.0.1"]
    kwok_port = free_port()
    (folder / "kwok.yaml").write_text(
        STAGES.read_text()
        + "---\n"
        + "apiVersion: kwok.x-k8s.io/v1alpha1\nkind: ClusterLogs\nmetadata: {name: logs}\n"
        + f"spec: {{logs: [{{logsFile: '{LOGS}'}}]}}\n"
    )
    return {
        "kube-controller-manager": [
            str(paths["kube-controller-manager"]),
            *common,
            f"--secure-port={free_port()}",
            f"--service-account-private-key-file={folder}/service-account.key",
        ],
        "kube-scheduler": [str(paths["kube-scheduler"]), *common, f"--secure-port={free_port()}"],
        "kwok": [
            str(paths["kwok"]),
            kubeconfig_argument,
            "--manage-all-nodes",
            "--node-ip=127.0.0.1",
            f"--node-port={kwok_port}",
            f"--server-address=127.0.0.1:{kwok_port}",
            f"--tls-cert-file={folder}/server.crt",
            f"--tls-private-key-file={folder}/server.key",
            "--node-lease-duration-seconds=40",
            f"--config={folder}/kwok.yaml",
        ],
    }


def kubeconfig(
    folder: Path, server: str, token: str, user: str, context: str, namespace: str
) -> dict[str, Any]:
    """A kubeconfig with one context, as an object (JSON is YAML)."""
    authority = base64.b64encode((folder / "ca.crt").read_bytes()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [
            {"name": context, "cluster": {"server": server, "certificate-authority-data": authority}}
        ],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [
            {"name": context, "context": {"cluster": context, "user": user, "namespace": namespace}}
        ],
    }


def node(number: int) -> dict[str, Any]:
    """A simulated node with room for many pods."""
    name = f"node-{number}"
    room = {"cpu": "64", "memory": "256Gi", "pods": "10000"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "type": "kwok"},
        },
        "status": {"allocatable": room, "capacity": room},
    }


def tls_context(authority: Path) -> ssl.SSLContext:
    """Trusts this certificate authority only."""
    return ssl.create_default_context(cafile=str(authority))
