"""`/livez`, `/readyz` and `/metrics`: what probes and Prometheus ask.

Alive is a process that answers. Ready is one that should get traffic: not draining, its database
there and migrated. A Kubernetes API or Redis that is gone does not make it unready: the pages are
the place where people learn about it, and restarting the portal would not bring it back.
"""

import asyncio
from functools import cache
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from k8sportal import __version__
from k8sportal.proxies import is_within, request_address
from pods import census
from pods.metrics import READY

if TYPE_CHECKING:
    from pods.runtime import Runtime

DATABASE_SECONDS = 3.0


@require_safe
async def livez(request: HttpRequest) -> JsonResponse:
    """200 for as long as the event loop answers."""
    return JsonResponse({"status": "ok", "version": __version__})


@require_safe
async def readyz(request: ASGIRequest) -> JsonResponse:
    """200 `ok` or `degraded` with what is, or 503 `unavailable` with why.

    A probe needs no name of a cluster, and whoever may not see it must not learn it here: names are
    for the networks in PORTAL_METRICS_FROM, as in the metrics.
    """
    runtime = request.scope["portal"]
    reasons = await _not_ready(runtime)
    if reasons:
        return _readiness("unavailable", reasons, 503)
    degraded = list(runtime.degraded())
    if not is_within(request_address(request), settings.PORTAL_METRICS_FROM):
        degraded = sorted({reason.split(":")[0] for reason in degraded})
    return _readiness("degraded" if degraded else "ok", degraded)


def _readiness(status: str, reasons: list[str], code: int = 200) -> JsonResponse:
    return JsonResponse({"status": status, "reasons": reasons, "version": __version__}, status=code)


async def _not_ready(runtime: "Runtime") -> list[str]:
    """Why this process should get no traffic; empty where it should."""
    problem = await _database_problem_in_time()
    return [*(["draining"] if runtime.draining else []), *([problem] if problem else [])]


async def _database_problem_in_time() -> str | None:
    """As `database_problem`; a database that does not answer in time is gone."""
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            return await sync_to_async(_asked_in_a_thread, thread_sensitive=False)()
    except TimeoutError:
        return "database"


def _asked_in_a_thread() -> str | None:
    """As `database_problem`; the connection is closed, since nobody else tidies up in that thread."""
    try:
        return database_problem()
    finally:
        connection.close()


def database_problem() -> str | None:
    """`database` where it cannot be asked, `migrations` where some are missing, or None."""
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    except DatabaseError:
        return "database"
    return None if _known_migrations() <= applied.keys() else "migrations"


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """This release's migrations, by application and name. Reading them costs too much for a probe."""
    return frozenset(MigrationLoader(None).disk_migrations)


@require_safe
async def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for the networks in PORTAL_METRICS_FROM."""
    if not is_within(request_address(request), settings.PORTAL_METRICS_FROM):
        return HttpResponse("Not for this address.\n", status=403, content_type="text/plain; charset=utf-8")
    portal = getattr(request, "scope", {}).get("portal")
    if portal is not None:  # None where only pages run
        await census.show(portal)
        READY.set(not await _not_ready(portal))
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
