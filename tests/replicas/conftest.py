"""A fleet of two for the tests that break nothing but Redis, and put it back."""

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
    """A portal under each server, with one database and Redis."""
    with Fleet(control_plane.kubeconfig, redis) as running:
        yield running
