"""The composition root: the runtime, and what a request or socket passes through.

Imported when Django is set up (k8sportal.asgi).
"""

import asyncio
from contextlib import nullcontext
from typing import Any

import structlog
from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.db import Error as DatabaseFailure
from django.urls import get_resolver

from k8sportal import __version__
from k8sportal.fleet import configured_fleet
from k8sportal.middleware import PROBE_PATHS
from k8sportal.proxies import ForwardedHeaders
from k8sportal.startup import refuse
from pods.metrics import BUILD_INFO, SOCKETS
from pods.origin import OwnOrigin
from pods.outside import SourceClashError, sync_sources
from pods.routing import websocket_routes
from pods.runtime import Limits, Runtime
from pods.sources import configured_sources
from pods.unavailable import Unavailable

log = structlog.get_logger(__name__)

START_SECONDS = 10.0
RETRY_SECONDS = 2.0


class WithRuntime:
    """ASGI middleware: gives every scope the runtime, which starts with the first one.

    Daphne has no start-up event, so the first request or socket is the first moment inside the loop.
    """

    def __init__(self, application: Any, runtime: Runtime) -> None:
        self.application = application
        self.runtime = runtime
        self._not_before = float("-inf")

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Passes the scope on, with `portal` in it.

        Probes wait for nothing: they are how one learns that the database cannot be read.
        """
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if path not in PROBE_PATHS:
            await self._start()
        with SOCKETS.track_inprogress() if scope["type"] == "websocket" else nullcontext():
            await self.application({**scope, "portal": self.runtime}, receive, send)

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._not_before:
            return
        try:
            async with asyncio.timeout(START_SECONDS):
                await self.runtime.start()
        except (DatabaseFailure, TimeoutError):
            self._not_before = loop.time() + RETRY_SECONDS
            log.warning("not_started", why="the database cannot be read, or lacks migrations")


def enter_sources() -> None:
    """Enters the environment's clusters in the database; refuses to start where names clash."""
    found = configured_sources()
    refuse(found.errors)
    try:
        sync_sources(found.clusters)
    except SourceClashError as error:
        refuse(error.errors)


def build(runtime: Runtime) -> Any:
    """The whole application round `runtime`."""
    # Here, and not at the first request: there every viewer would wait for these imports.
    get_resolver().url_patterns  # noqa: B018 (a property that imports the views)
    sockets = OwnOrigin(
        Unavailable(AuthMiddlewareStack(websocket_routes)),
        hosts=settings.ALLOWED_HOSTS,
        trusted=settings.CSRF_TRUSTED_ORIGINS,
    )
    protocols = ProtocolTypeRouter({"http": ASGIHandler(), "websocket": sockets})
    return ForwardedHeaders(
        WithRuntime(protocols, runtime), settings.PORTAL_TRUSTED_PROXIES, settings.PORTAL_PATH_PREFIX
    )


runtime = Runtime(
    Limits(
        sockets_per_person=settings.PORTAL_MAX_SOCKETS_PER_PERSON,
        sockets_per_address=settings.PORTAL_MAX_SOCKETS_PER_ADDRESS,
        messages_per_second=settings.PORTAL_MAX_MESSAGES_PER_SECOND,
        frame_bytes=settings.PORTAL_MAX_FRAME_BYTES,
        linger_seconds=settings.PORTAL_LINGER_SECONDS,
        wide_scope_at=settings.PORTAL_WIDE_SCOPE_AT,
    ),
    prepare=database_sync_to_async(enter_sources),
    fleet=configured_fleet(),
)
application = build(runtime)
BUILD_INFO.labels(__version__).set(1)
