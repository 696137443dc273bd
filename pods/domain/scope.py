"""Scope: what one upstream watch covers, and the names that may stand in it."""

import re
from typing import NamedTuple

ALL_NAMESPACES = "*"

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_DNS_SUBDOMAIN_PART = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_DNS_SUBDOMAIN = re.compile(rf"{_DNS_SUBDOMAIN_PART}(\.{_DNS_SUBDOMAIN_PART})*")


class Scope(NamedTuple):
    """A cluster (by name), a resource (`pods`, `replicasets`), and a namespace or `*`."""

    cluster: str
    resource: str
    namespace: str


def is_namespace_name(name: str) -> bool:
    """Whether `name` can be a namespace: an RFC 1123 label of at most 63 characters.

    Checked before any name goes into a URL: a namespace called `..` would become the path of
    all namespaces.
    """
    return _DNS_LABEL.fullmatch(name) is not None


def is_object_name(name: str) -> bool:
    """Whether `name` can name a pod or Deployment: an RFC 1123 subdomain, at most 253 characters."""
    return len(name) <= 253 and _DNS_SUBDOMAIN.fullmatch(name) is not None


def url_name(cluster: str) -> str:
    """A cluster's name as it stands in URLs: each character outside `A-Za-z0-9._-` becomes `-`."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", cluster)
