"""Which names may stand in the database: one set of rules for the admin and the commands.

Every name here ends up in a URL of the portal or of a Kubernetes API server, so what is not
plainly a name is refused (a namespace called `..` would be the path of all namespaces).
"""

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from pods.domain.scope import is_namespace_name, url_name

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

VERBS = ("pods", "logs")

_PATTERN = re.compile(r"[a-z0-9*?\[\]!-]{1,63}")


def validate_namespace(name: str) -> None:
    """An RFC 1123 label."""
    if not is_namespace_name(name):
        raise ValidationError(
            _(
                "“%(name)s” cannot be a namespace: use up to 63 lower-case letters, digits and hyphens, "
                "beginning and ending with a letter or digit (RFC 1123)."
            ),
            code="namespace",
            params={"name": name},
        )


def validate_namespace_pattern(pattern: str) -> None:
    """A namespace, or a glob over namespaces: `*`, `?`, `[abc]`, `[!abc]`."""
    if not any(sign in pattern for sign in "*?["):
        validate_namespace(pattern)
    elif not _PATTERN.fullmatch(pattern) or not _brackets_close(pattern):
        raise ValidationError(
            _("“%(pattern)s” is no pattern of namespaces: use small letters, digits, hyphens, *, ? and […]."),
            code="pattern",
            params={"pattern": pattern},
        )


def _brackets_close(pattern: str) -> bool:
    """Whether what remains without its complete `[…]` holds no bracket or `!`."""
    return not set("[]!") & set(re.sub(r"\[!?[a-z0-9-]+\]", "", pattern))


def validate_cluster_name(name: str) -> None:
    """Anything printable that is not only dots in an address (context names hold `/`, `:` and `@`)."""
    if not name.strip() or name != name.strip() or not name.isprintable() or not url_name(name).strip("."):
        raise ValidationError(
            _("“%(name)s” cannot be the name of a cluster: use printable text that is not only dots."),
            code="cluster",
            params={"name": name},
        )


def validate_server(url: str) -> None:
    """`https://host[:port][/path]`, or http, without credentials in it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = None
    if not usable or parts.username or parts.password or parts.query or parts.fragment:
        raise ValidationError(
            _("“%(url)s” is not the address of a server: use one such as https://10.0.0.1:6443."),
            code="server",
            params={"url": url},
        )


def validate_verbs(verbs: object) -> None:
    """A list of at least one known right, none twice."""
    known = isinstance(verbs, Sequence) and not isinstance(verbs, str) and verbs
    if not known or len(set(verbs)) != len(verbs) or not set(verbs) <= set(VERBS):  # type: ignore[call-overload,arg-type]
        raise ValidationError(
            _("Name at least one of these rights: %(verbs)s."),
            code="verbs",
            params={"verbs": ", ".join(VERBS)},
        )


class Source(Protocol):
    """The fields of a cluster that say where it is."""

    kind: str
    kubeconfig_paths: str
    context: str
    server: str
    ca_file: str
    ca_data: str
    token_file: str
    insecure_skip_tls_verify: bool


def source_errors(cluster: Source) -> "dict[str, StrOrPromise]":
    """What is missing or contradictory in a cluster's source, by field; empty where nothing is.

    Whether the files and the server are there is another question: "check the connection" tells.
    """
    if cluster.kind == "kubeconfig":
        return _missing(cluster, "kubeconfig_paths", "context") | _not_absolute(cluster, "kubeconfig_paths")
    if cluster.kind != "server":
        return {}
    errors = _missing(cluster, "server") | _not_absolute(cluster, "ca_file", "token_file")
    if cluster.ca_data and not cluster.ca_data.lstrip().startswith("-----BEGIN CERTIFICATE-----"):
        errors["ca_data"] = _("This is not a certificate in PEM form (-----BEGIN CERTIFICATE-----).")
    if "PRIVATE KEY" in cluster.ca_data:
        errors["ca_data"] = _(
            "There is a private key in it. Give the certificate alone: no secret is stored."
        )
    if cluster.ca_file and cluster.ca_data:
        errors["ca_data"] = _("Give the CA as a file or as text, not both.")
    if cluster.insecure_skip_tls_verify and (cluster.ca_file or cluster.ca_data):
        errors["insecure_skip_tls_verify"] = _("With a CA the server's certificate is verified: choose one.")
    return errors


def _missing(cluster: Source, *fields: str) -> "dict[str, StrOrPromise]":
    return {field: _("This source needs it.") for field in fields if not getattr(cluster, field)}


def _not_absolute(cluster: Source, *fields: str) -> "dict[str, StrOrPromise]":
    return {
        field: _("Name a file on the portal's host by its absolute path. Its content is never stored.")
        for field in fields
        for path in getattr(cluster, field).split(os.pathsep)
        if path and not path.startswith("/")
    }
