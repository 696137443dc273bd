"""What an account of the test cluster may do, and what it did: the API server's review and audit log."""

import json
from pathlib import Path
from typing import Any

from tests.cluster.control_plane import ControlPlane
from tests.cluster.http import ApiAnswer, ApiError, JsonClient

Right = tuple[str, str, str]
"""Verb, API group, resource."""

POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}


def audit_arguments(folder: Path) -> tuple[str, ...]:
    """The API server's arguments to write `audit.log` into `folder`."""
    policy = folder / "policy.json"
    policy.write_text(json.dumps(POLICY))
    return (f"--audit-policy-file={policy}", f"--audit-log-path={folder / 'audit.log'}")


class Account:
    """A service account with a token of its own, as its pods would have it."""

    def __init__(self, cluster: ControlPlane, namespace: str, name: str) -> None:
        self.user = f"system:serviceaccount:{namespace}:{name}"
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        answer = cluster.api("POST", path, {"spec": {"expirationSeconds": 3600}})
        self.token: str = answer.json()["status"]["token"]
        self._cluster = cluster
        self._namespace = namespace

    def may(self, namespace: str) -> set[Right]:
        """What the API server says it may do in a namespace, beyond what every account may."""
        status = self._rules(namespace).json()["status"]
        return {
            (verb, group, resource)
            for rule in status["resourceRules"]
            for verb in rule["verbs"]
            for group in rule["apiGroups"]
            for resource in rule["resources"]
            if not group.endswith("k8s.io")  # reviews of itself
        }

    def is_refused(self) -> bool:
        """Whether the API server knows the token no more."""
        try:
            self._rules(self._namespace)
        except ApiError as error:
            return error.status == 401
        return False

    def _rules(self, namespace: str) -> ApiAnswer:
        client = JsonClient(self._cluster.url, self.token, self._cluster.folder / "ca.crt")
        path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        return client.request("POST", path, {"spec": {"namespace": namespace}})

    def kubeconfig(self, folder: Path, namespace: str) -> Path:
        """A kubeconfig with this token and nothing else."""
        content = json.loads(self._cluster.kubeconfig_for("admin", namespace=namespace).read_text())
        content["users"][0]["user"] = {"token": self.token}
        path = folder / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text(json.dumps(content))
        return path

    def mount(self, folder: Path) -> None:
        """Puts into a folder what the kubelet mounts into the account's pods."""
        (folder / "ca.crt").write_bytes((self._cluster.folder / "ca.crt").read_bytes())
        (folder / "namespace").write_text(self._namespace)
        (folder / "token").write_text(self.token)


def requests_of(account: Account, log: Path, *, allowed: bool) -> set[Right]:
    """What the account asked for and was given, or was refused, by the audit log."""
    found = set()
    for line in log.read_text().splitlines():
        event: dict[str, Any] = json.loads(line)
        what = event.get("objectRef", {})
        if event["user"]["username"] != account.user or not what.get("resource"):
            continue
        decision = event["annotations"]["authorization.k8s.io/decision"]
        if what.get("apiGroup", "").endswith("k8s.io"):
            continue
        if (decision == "allow") == allowed:
            resource = "/".join(filter(None, (what["resource"], what.get("subresource"))))
            found.add((event["verb"], what.get("apiGroup", ""), resource))
    return found
