"""Portals behind a real nginx, whose configuration is the one that docs/proxies.md gives."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.certificates import write_certificates
from tests.cluster.processes import free_port
from tests.nginx import Nginx, portal_site
from tests.portal import PortalProcess
from tests.proxies.person import Person

PREFIX = "/tools/portal"
MAX_SOCKETS = 3


@dataclass(frozen=True)
class Site:
    """A portal and the proxy before it."""

    portal: PortalProcess
    nginx: Nginx


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ca.crt, server.crt and server.key for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("certificates")
    write_certificates(folder)
    return folder


@pytest.fixture(scope="session")
def plain(nginx_program: Path) -> Iterator[Site]:
    """Under HTTP, without a prefix, and without PORTAL_PUBLIC_URL: all that it knows is what arrives."""
    port = free_port()
    environment = {
        "PORTAL_TRUSTED_PROXIES": "127.0.0.1/32",
        "PORTAL_MAX_SOCKETS_PER_PERSON": str(MAX_SOCKETS),
    }
    with PortalProcess(environment=environment) as portal:
        with Nginx(port, portal_site(port, [portal.port])) as nginx:
            yield Site(portal, nginx)


@pytest.fixture(scope="session", params=["daphne", "uvicorn"])
def prefixed(request: pytest.FixtureRequest, nginx_program: Path, certificates: Path) -> Iterator[Site]:
    """Under PREFIX and TLS, which ends at nginx."""
    port = free_port()
    environment = {
        "PORTAL_TRUSTED_PROXIES": "127.0.0.1/32",
        "PORTAL_PUBLIC_URL": f"https://127.0.0.1:{port}{PREFIX}/",
    }
    with PortalProcess(server=request.param, environment=environment) as portal:
        site = prefixed_site(port, portal.port, certificates)
        with Nginx(port, site, secure=True) as nginx:
            yield Site(portal, nginx)


def prefixed_site(port: int, portal: int, certificates: Path) -> str:
    """The configuration for PREFIX and TLS, as docs/proxies.md changes it for that."""
    tls = (certificates / "server.crt", certificates / "server.key")
    changes = {
        "location = /metrics {": f"location = {PREFIX}/metrics {{",
        "location / {": f"location {PREFIX}/ {{",
    }
    return portal_site(port, [portal], changes, tls)


@pytest.fixture
def visitor(prefixed: Site, certificates: Path) -> Person:
    """Somebody new at the prefixed site."""
    trust = ssl.create_default_context(cafile=str(certificates / "ca.crt"))
    return Person(prefixed.nginx.port, prefix=PREFIX, trust=trust)
