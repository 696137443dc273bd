"""Checking a connection step by step, for the admin: what works, and the first thing that does not."""

import msgspec

from pods.domain.details import Detail
from pods.domain.reasons import Reason
from pods.domain.row import ParamValue
from pods.domain.sentences import N_, render
from pods.kube.body import read_body
from pods.kube.cluster import Cluster
from pods.kube.errors import BadAnswer, KubeError
from pods.kube.listwatch import HEADERS_SECONDS
from pods.kube.objects import list_namespaces, may_list_everywhere
from pods.kube.source import ClusterSource

SENTENCES: dict[str, str] = {
    "answers": N_("The Kubernetes API answers."),
    "namespaces": N_("{count} namespaces can be listed."),
    "namespaces_not_listed": N_("Namespaces may not be listed: enter those to show by hand."),
    "pods_everywhere": N_("Pods can be listed in all namespaces."),
    "pods_by_namespace": N_("Pods may not be listed in all namespaces at once: each is watched by itself."),
}


class Finding(msgspec.Struct, frozen=True):
    """One step's outcome: a code with parameters, the English sentence, and whether it is well."""

    code: str
    params: dict[str, ParamValue]
    sentence: str
    ok: bool


class _Version(msgspec.Struct, rename="camel"):
    """What `/version` of every API server holds, among other things."""

    git_version: str


async def check_connection(source: ClusterSource) -> list[Finding]:
    """Tries `source` with requests of its own; never raises for what the cluster or its credentials do."""
    cluster = Cluster("check", source)
    findings: list[Finding] = []
    try:
        await _answers(cluster)
        findings.append(_finding("answers", True))
        findings.append(await _namespaces(cluster))
        everywhere = await may_list_everywhere(cluster)
        findings.append(_finding("pods_everywhere" if everywhere else "pods_by_namespace", True))
    except KubeError as error:
        reason = error.reason
        findings.append(Finding(reason.code, reason.params, reason.sentence, False))
    finally:
        await cluster.close()
    return findings


async def _answers(cluster: Cluster) -> None:
    forbidden = Reason("forbidden", {"verb": "get", "verbs": "get", "resource": "/version", "where": "/"})
    async with cluster.get(
        "/version", [], "application/json", verb="get", seconds=HEADERS_SECONDS, forbidden=forbidden
    ) as response:
        body = await read_body(response)
    try:
        msgspec.json.decode(body, type=_Version)
    except msgspec.MsgspecError as error:
        raise BadAnswer(Reason("bad_answer", {"detail": Detail.VERSION_NO_JSON})) from error


async def _namespaces(cluster: Cluster) -> Finding:
    try:
        names = await list_namespaces(cluster)
    except KubeError as error:
        if error.reason.code != "forbidden":
            raise
        return _finding("namespaces_not_listed", True)
    return _finding("namespaces", True, {"count": len(names)})


def _finding(code: str, ok: bool, params: dict[str, ParamValue] | None = None) -> Finding:
    values = params or {}
    return Finding(code, values, render(SENTENCES[code], values), ok)
