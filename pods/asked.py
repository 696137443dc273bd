"""What a request or socket asked for, and what of it this person may have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pods.access import AccessTable, Person
from pods.domain.protocol import CloseCode
from pods.domain.row import ParamValue
from pods.domain.viewfilter import ViewFilter
from pods.viewparams import ViewParams


@dataclass(frozen=True)
class Refusal:
    """A code of protocol.ERROR_SENTENCES with parameters, as close code and HTTP status too."""

    code: str
    params: Mapping[str, ParamValue]
    close_code: CloseCode
    status: int


@dataclass(frozen=True)
class Asked:
    """A view that makes sense: the cluster by its name, namespaces or `*`, and the filter.

    `called` is the cluster as it was asked for: the only name of it that a refusal may say.
    """

    cluster: str
    called: str
    namespaces: tuple[str, ...]
    filter: ViewFilter
    verb: ClassVar[str] = "pods"

    @property
    def what(self) -> str:
        """What of the namespaces is looked at, for operators: the filter ("" for none)."""
        return self.filter.key()


def read(params: ViewParams, access: AccessTable) -> Asked:
    """The view that checked parameters ask for; an unknown cluster keeps the name it was asked by."""
    cluster = access.cluster(params.cluster)
    return Asked(
        cluster.name if cluster is not None else params.cluster,
        params.cluster,
        params.namespaces,
        ViewFilter.parse(params.deployment, params.selector),
    )


def refusals(access: AccessTable, person: Person, asked: Asked) -> dict[str, Refusal]:
    """The namespaces of a view that this person may not see, each with the reason."""
    found = {name: _refusal(access, person, asked, name) for name in asked.namespaces}
    return {name: refusal for name, refusal in found.items() if refusal is not None}


def doubted(found: Mapping[str, Refusal], asked: Asked) -> dict[str, Refusal]:
    """`found` by a portal whom the cluster does not answer: what is not known to it may well exist."""
    return {
        name: Refusal(
            "not_answering",
            {"namespace": name, "cluster": asked.called},
            CloseCode.TRY_AGAIN_LATER,
            503,
        )
        if refusal.status == 404
        else refusal
        for name, refusal in found.items()
    }


def _refusal(access: AccessTable, person: Person, asked: Asked, namespace: str) -> Refusal | None:
    """Why this person may not see `namespace` of the cluster; None where they may.

    Whether a cluster or namespace exists is told only to those who may see all; to others it is "not
    allowed", in the same words for one that exists and one that does not.
    """
    cluster = asked.cluster
    decision = access.may(person, asked.verb, cluster, namespace)
    if decision.allowed:
        return None
    match decision.code:
        case "not_signed_in":
            return Refusal("not_signed_in", {}, CloseCode.NOT_SIGNED_IN, 401)
        case "unknown_cluster":
            return Refusal("not_found", {"name": cluster}, CloseCode.NOT_FOUND, 404)
        case "unknown_namespace":
            return Refusal("not_found", {"name": f"{cluster}/{namespace}"}, CloseCode.NOT_FOUND, 404)
    params: dict[str, ParamValue] = {"namespace": namespace, "cluster": asked.called}
    code = "logs_forbidden" if asked.verb == "logs" else "forbidden"
    return Refusal(code, params, CloseCode.FORBIDDEN, 403)
