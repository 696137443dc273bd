"""`/livez`, `/readyz`, `/metrics` and the error pages."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, AsyncRequestFactory, Client
from django.urls import path
from pytest_django import Settings

from k8sportal import __version__
from k8sportal.application import WithRuntime
from k8sportal.proxies import ForwardedHeaders
from k8sportal.urls import urlpatterns as real
from pods.health_views import database_problem, readyz
from pods.runtime import Runtime as PortalRuntime


@dataclass
class Runtime:
    """What the probes ask the runtime."""

    draining: bool = False
    reasons: list[str] = field(default_factory=list)

    def degraded(self) -> list[str]:
        return self.reasons


async def ready(runtime: Runtime, address: str = "127.0.0.1") -> tuple[int, str, list[str]]:
    request = AsyncRequestFactory().get("/readyz")
    request.META["REMOTE_ADDR"] = address
    request.scope = {**request.scope, "portal": runtime}
    response = await readyz(request)
    body = json.loads(response.content)
    assert body["version"] == __version__
    return response.status_code, body["status"], body["reasons"]


async def test_alive_under_any_host() -> None:
    response = await AsyncClient().get("/livez", headers={"host": "10.1.2.3:8000"})
    assert (response.status_code, response.json()) == (200, {"status": "ok", "version": __version__})


@pytest.mark.django_db(transaction=True)
async def test_ready_degraded_and_draining() -> None:
    assert await ready(Runtime()) == (200, "ok", [])
    assert await ready(Runtime(reasons=["cluster prod"])) == (200, "degraded", ["cluster prod"])
    assert await ready(Runtime(draining=True)) == (503, "unavailable", ["draining"])


@pytest.mark.django_db(transaction=True)
async def test_only_who_may_read_the_metrics_learns_which_cluster_is_degraded() -> None:
    runtime = Runtime(reasons=["kubernetes:prod", "kubernetes:test"])
    assert await ready(runtime) == (200, "degraded", ["kubernetes:prod", "kubernetes:test"])
    assert await ready(runtime, "192.0.2.1") == (200, "degraded", ["kubernetes"])


@pytest.mark.django_db(transaction=True)
def test_not_ready_while_a_migration_is_missing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'pods'")
    try:
        assert database_problem() == "migrations"
    finally:
        call_command("migrate", "pods", fake=True, verbosity=0)
    assert database_problem() is None


@pytest.mark.parametrize(
    ("address", "status"), [("127.0.0.1", 200), ("::1", 200), ("192.0.2.1", 403), ("", 403)]
)
def test_metrics_are_for_those_who_may_read_them(address: str, status: int) -> None:
    response = Client(REMOTE_ADDR=address).get("/metrics", headers={"x-forwarded-for": "127.0.0.1"})
    assert response.status_code == status
    assert (b"# HELP" in response.content) is (status == 200)


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret detail")


urlpatterns = [*real, path("fail/", fail)]


@pytest.mark.urls(__name__)
def test_an_error_page_shows_no_detail(db: None) -> None:
    response = Client(raise_request_exception=False).get("/fail/")
    assert response.status_code == 500
    assert b"secret detail" not in response.content
    assert b"Traceback" not in response.content
    assert b"<html" in response.content


def test_a_foreign_host_is_refused_on_pages(settings: Settings) -> None:
    response = Client().get("/login/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert b"Traceback" not in response.content


@pytest.mark.parametrize("prefix", ["", "/tools/portal"])
async def test_probes_wait_for_no_database_whatever_the_prefix(prefix: str) -> None:
    asked: list[str] = []

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        asked.append(scope["path"])

    async def unreadable() -> None:
        asked.append("the database")

    portal = PortalRuntime(prepare=unreadable)
    served = ForwardedHeaders(WithRuntime(application, portal), (), prefix)
    for probe in ("/livez", "/readyz", "/metrics"):
        await served({"type": "http", "path": probe}, None, None)
        assert asked.pop() == f"{prefix}{probe}"
        assert asked == []
