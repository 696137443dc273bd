"""`/api/v1/pods/<cluster>/<namespace>/<pod>`: what the page of one pod shows beyond its row."""

import asyncio
from typing import Any

import structlog
from django.db import Error as DatabaseFailure
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from pods.api import ApiRefused, answer_error, answer_json, asked_of, person_behind, runtime_of
from pods.details import Details
from pods.domain.poddetail import SeenPod
from pods.domain.scope import is_object_name
from pods.kube.cluster import Cluster
from pods.kube.errors import KubeError, NotFound

log = structlog.get_logger(__name__)


@never_cache
@require_GET
async def pod_detail(request: HttpRequest, cluster: str, namespace: str, pod: str) -> HttpResponse:
    """`{"pod", "owners", "events", "events_lack", "logs"}`; 404 where there is no such pod."""
    try:
        return await _answer(request, cluster, namespace, pod)
    except ApiRefused as refused:
        return answer_error(refused)
    except DatabaseFailure:
        log.exception("api_without_database")
        return answer_error(ApiRefused(503, "unavailable"))


async def _answer(request: HttpRequest, cluster: str, namespace: str, pod: str) -> HttpResponse:
    runtime, person = runtime_of(request), await person_behind(request)
    query = QueryDict(mutable=True)
    query.update({"cluster": cluster, "namespace": namespace})
    asked = await asked_of(runtime, person, query)
    if namespace == "*" or not is_object_name(pod):
        raise ApiRefused(404, "no_such_pod", {"name": pod})
    for refused in (await runtime.refusals(person, asked)).values():
        raise ApiRefused(refused.status, refused.code, dict(refused.params))
    connected = runtime.clusters.get(asked.cluster)
    if connected is None:
        raise ApiRefused(503, "not_configured", {"cluster": asked.cluster})
    try:
        seen = await runtime.details.of(connected, namespace, pod)
    except NotFound as error:
        raise ApiRefused(404, "no_such_pod", {"name": pod}) from error
    except KubeError as error:
        raise ApiRefused(503, "not_told", {"reason": error.reason.sentence}) from error
    may_read_logs = runtime.access.may(person, "logs", asked.cluster, namespace).allowed
    told, owners = await asyncio.gather(
        _events(runtime.details, connected, seen), runtime.details.owners(connected, seen)
    )
    return answer_json(request, {"pod": seen.detail, "owners": owners, **told, "logs": may_read_logs})


async def _events(details: Details, cluster: Cluster, seen: SeenPod) -> dict[str, Any]:
    """The pod's events, or why there are none to tell: the rest is told all the same."""
    try:
        return {"events": await details.events(cluster, seen), "events_lack": None}
    except KubeError as error:
        reason = error.reason
        lack = {"code": reason.code, "params": reason.params, "reason": reason.sentence}
        return {"events": None, "events_lack": lack}
