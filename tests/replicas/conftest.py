"""A fleet of three. Whoever breaks Redis or a portal puts it back."""

from collections.abc import Iterator

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.redis import RedisServer
from tests.replicas.fleet import Fleet


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A Valkey server with a password. Whoever breaks it puts it back."""
    with RedisServer(password="p@ss/word") as server:
        yield server


@pytest.fixture(scope="session")
def fleet(control_plane: ControlPlane, redis: RedisServer) -> Iterator[Fleet]:
    """Portals under each server, with one database and Redis."""
    with Fleet(control_plane.kubeconfig, redis, count=3) as running:
        yield running
