"""One portal for each server in front of the real API server, and people who are signed in to it.

Nobody sees anything there without a grant. The engineer's group may see `test-*`, which every
`namespace` of the tests matches.
"""

import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from pytest_django import Settings

from pods.models import Cluster, Namespace
from pods.runtime import Limits, Runtime
from tests.cluster.control_plane import ControlPlane
from tests.cluster.processes import free_port
from tests.consumers.browser import Browser
from tests.consumers.desk import Desk
from tests.consumers.viewer import Viewer, viewing
from tests.portal import ADMIN_PASSWORD, PortalProcess

MAX_SOCKETS = 60
# Long enough for a busy machine to come back within it, short enough to wait for.
LINGER_SECONDS = 2
PASSWORD = "a pass phrase of some length"

View = Callable[..., AbstractAsyncContextManager[Viewer]]


@pytest.fixture(scope="session", params=["daphne", "uvicorn"])
def portal(request: pytest.FixtureRequest, control_plane: ControlPlane) -> Iterator[PortalProcess]:
    """A portal under each server."""
    environment = {
        "PORTAL_ANONYMOUS_READ": "0",
        "PORTAL_MAX_SOCKETS_PER_PERSON": str(MAX_SOCKETS),
        "PORTAL_LINGER_SECONDS": str(LINGER_SECONDS),
    }
    with PortalProcess(control_plane.kubeconfig, request.param, environment) as process:
        yield process


@pytest.fixture(scope="session")
def desk(portal: PortalProcess) -> Iterator[Desk]:
    """The administrator's desk of that portal."""
    with Desk(portal) as opened:
        yield opened


@pytest.fixture(scope="session")
def engineer(portal: PortalProcess, desk: Desk) -> Browser:
    """Signed in, with a grant on `test-*`."""
    desk.person("engineer", PASSWORD, "engineers")
    desk.grant("engineers", "test-*")
    browser = Browser(portal).sign_in("engineer", PASSWORD)
    path = "/api/v1/pods?cluster=test&namespace=test-absent"
    portal.wait_until(lambda: browser.get(path).status == 200, 5, "the grant has taken effect")
    return browser


@pytest.fixture(scope="session")
def admin(portal: PortalProcess) -> Browser:
    """Signed in as the superuser."""
    return Browser(portal).sign_in("admin", ADMIN_PASSWORD)


@pytest.fixture
def view(portal: PortalProcess, engineer: Browser) -> View:
    """Opens a viewer: `view("cluster=…&namespace=…")`, the engineer's or `browser`'s (None: nobody's)."""

    def open_(query: str, browser: Browser | None = engineer, **more: Any) -> Any:
        url = portal.ws(f"/ws/pods/?{query}")
        return viewing(url, browser.cookie if browser else None, **more)

    return open_


@pytest.fixture(scope="session")
def dead_cluster(portal: PortalProcess, desk: Desk, engineer: Browser) -> str:
    """A cluster at an address where nobody listens; the engineer may see `test-*` there."""
    return _add_cluster(portal, desk, engineer, "dead-cluster", free_port())


@pytest.fixture(scope="session")
def silent_cluster(portal: PortalProcess, desk: Desk, engineer: Browser) -> Iterator[str]:
    """A cluster that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        yield _add_cluster(portal, desk, engineer, "silent-cluster", listening.getsockname()[1])


def _add_cluster(portal: PortalProcess, desk: Desk, engineer: Browser, name: str, port: int) -> str:
    code = 'Cluster.objects.get_or_create(name=name, kind="server", server=server)'
    desk.run(code, name=name, server=f"http://127.0.0.1:{port}")
    desk.grant("engineers", "test-*", name)
    portal.wait_until(lambda: name in engineer.get("/").body.decode(), 10, f"{name} is known")
    return name


@pytest_asyncio.fixture
async def runtime(
    transactional_db: None, settings: Settings, control_plane: ControlPlane
) -> AsyncIterator[Runtime]:
    """A runtime of its own, with the real API server behind it; it must end with nothing left."""
    settings.PORTAL_ANONYMOUS_READ = True
    await sync_to_async(_enter)(str(control_plane.kubeconfig))
    made = Runtime(Limits(linger_seconds=0.1))
    await made.start()
    yield made
    await made.stop()


def _enter(kubeconfig: str) -> None:
    cluster = Cluster.objects.create(
        name="test", kind="kubeconfig", kubeconfig_paths=kubeconfig, context="test"
    )
    Namespace.objects.create(cluster=cluster, name="default")
