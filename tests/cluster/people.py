"""The users of the test cluster, named by the rights they hold, and the Roles that give them those.

Nobody but `admin` holds any right until `ControlPlane.grant(user, namespace)` applies the user's rules.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any

ADMIN = "admin"

Rule = tuple[str, str, tuple[str, ...]]
"""API group, resource, verbs."""

_READ = ("get", "list", "watch")
_ROWS: tuple[Rule, ...] = (("", "pods", _READ), ("", "events", _READ), ("apps", "replicasets", _READ))
_ROLLOUTS: tuple[Rule, ...] = (
    ("apps", "deployments", _READ),
    ("apps", "statefulsets", _READ),
    ("apps", "daemonsets", _READ),
    ("batch", "jobs", _READ),
)


@dataclass(frozen=True)
class Rights:
    """Rules inside one namespace, and rules for the whole cluster."""

    in_namespace: tuple[Rule, ...] = ()
    in_cluster: tuple[Rule, ...] = ()


RIGHTS: dict[str, Rights] = {
    "reader": Rights(in_cluster=(*_ROWS, *_ROLLOUTS, ("", "namespaces", _READ))),
    "one-namespace": Rights(in_namespace=(*_ROWS, *_ROLLOUTS)),
    "no-rollouts": Rights(in_namespace=_ROWS),
    "no-events": Rights(in_namespace=(("", "pods", _READ), ("apps", "replicasets", _READ), *_ROLLOUTS)),
    "only-pods": Rights(in_namespace=(("", "pods", _READ),)),
    "no-replicasets": Rights(in_cluster=(("", "pods", _READ), ("", "namespaces", _READ))),
    "list-only": Rights(
        in_namespace=tuple((group, resource, ("get", "list")) for group, resource, _ in (*_ROWS, *_ROLLOUTS))
    ),
    "nobody": Rights(),
}


@dataclass
class TokenFile:
    """Static bearer tokens, made up for each control plane (the API server's `--token-auth-file`)."""

    users: tuple[str, ...]
    tokens: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.tokens = {user: secrets.token_urlsafe(24) for user in (ADMIN, *self.users)}

    def text(self) -> str:
        """The file: token, user, uid and groups, one user a line."""
        lines = []
        for user, token in self.tokens.items():
            groups = ',"system:masters"' if user == ADMIN else ""
            lines.append(f"{token},{user},{user}{groups}\n")
        return "".join(lines)


def role_objects(user: str, namespace: str) -> list[dict[str, Any]]:
    """The Roles and bindings that give `user` its rights, as Kubernetes objects."""
    rights = RIGHTS[user]
    objects: list[dict[str, Any]] = []
    if rights.in_namespace:
        objects += _role_and_binding("Role", user, rights.in_namespace, namespace)
    if rights.in_cluster:
        objects += _role_and_binding("ClusterRole", user, rights.in_cluster, None)
    return objects


def _role_and_binding(
    kind: str, user: str, rules: tuple[Rule, ...], namespace: str | None
) -> list[dict[str, Any]]:
    group = "rbac.authorization.k8s.io"
    metadata = {"name": user} | ({"namespace": namespace} if namespace else {})
    return [
        {
            "apiVersion": f"{group}/v1",
            "kind": kind,
            "metadata": metadata,
            "rules": [{"apiGroups": [g], "resources": [r], "verbs": list(verbs)} for g, r, verbs in rules],
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": kind, "name": user},
            "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
        },
    ]
