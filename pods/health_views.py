"""`/livez`, `/readyz` and `/metrics`: what probes and Prometheus ask.

Alive is a process that answers. Ready is one that should get traffic: not draining, its database
there and migrated. A Kubernetes API or Redis that is gone does not make it unready: the pages are
the place where people learn about it, and restarting the portal would not bring it back.
"""

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from k8sportal.proxies import is_within, request_address


@require_safe
async def livez(request: HttpRequest) -> JsonResponse:
    """200 for as long as the event loop answers."""
    return JsonResponse({"status": "ok"})


@require_safe
async def readyz(request: ASGIRequest) -> JsonResponse:
    """200 `ok` or `degraded` with what is, or 503 `unavailable` with why."""
    runtime = request.scope["portal"]
    reasons = ["draining"] if runtime.draining else []
    problem = await sync_to_async(database_problem)()
    if problem:
        reasons.append(problem)
    if reasons:
        return JsonResponse({"status": "unavailable", "reasons": reasons}, status=503)
    degraded = list(runtime.degraded())
    return JsonResponse({"status": "degraded" if degraded else "ok", "reasons": degraded})


def database_problem() -> str | None:
    """`database` where it cannot be asked, `migrations` where some are missing, or None."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "database"
    return "migrations" if missing else None


@require_safe
async def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for the networks in PORTAL_METRICS_FROM."""
    if not is_within(request_address(request), settings.PORTAL_METRICS_FROM):
        return HttpResponse("Not for this address.\n", status=403, content_type="text/plain; charset=utf-8")
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
