"""Where a cluster's address and credentials come from, as plain values without secrets."""

from dataclasses import dataclass


@dataclass(frozen=True)
class KubeconfigSource:
    """A context of kubeconfig files (`paths` as in `KUBECONFIG`, joined by the path separator)."""

    paths: str
    context: str


@dataclass(frozen=True)
class InClusterSource:
    """The service account that Kubernetes mounts into the portal's own pod."""


@dataclass(frozen=True)
class ServerSource:
    """A server's address, a CA file or CA text, and the file that holds a bearer token.

    `token_file` is a path on the portal's host: the token itself is never stored.
    """

    server: str
    ca_file: str = ""
    ca_data: str = ""
    token_file: str = ""
    insecure_skip_tls_verify: bool = False


@dataclass(frozen=True)
class DemoSource:
    """The embedded demo cluster, plain HTTP on loopback (or wherever `PORTAL_DEMO_URL` says)."""

    url: str


ClusterSource = KubeconfigSource | InClusterSource | ServerSource | DemoSource
