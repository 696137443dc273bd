"""Fixtures for all tests: a real control plane, fresh namespaces, and the check that nothing leaks.

`make test-quick` deselects the marker `cluster`, which every test that uses these fixtures gets by itself.
"""

import asyncio
import inspect
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.cluster import programs
from tests.cluster.build import BuildError, available, ensure
from tests.cluster.control_plane import ControlPlane
from tests.leaks import Held

CLUSTER_FIXTURES = frozenset({"control_plane", "full_control_plane"})
SIMULATED_NODES = 3

LEAK_DEADLINE_SECONDS = 3.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks every test that needs a control plane, so that it can be left out by `-m 'not cluster'`."""
    for item in items:
        if CLUSTER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.cluster)


def _control_plane(needs: frozenset[str], nodes: int) -> Iterator[ControlPlane]:
    if not available(needs):
        try:
            ensure(needs)
        except BuildError as error:
            if os.environ.get("CI") == "true":
                pytest.fail(str(error))
            pytest.skip(str(error))
    with ControlPlane(nodes=nodes) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """etcd and kube-apiserver, shared by all tests: use a `namespace` of your own, and break nothing."""
    yield from _control_plane(programs.SMALL, nodes=0)


@pytest.fixture(scope="session")
def full_control_plane() -> Iterator[ControlPlane]:
    """With controller-manager, scheduler and simulated nodes, shared by all tests."""
    yield from _control_plane(programs.FULL, SIMULATED_NODES)


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> str:
    """A fresh namespace of the control plane that the test uses."""
    full = "full_control_plane" in request.fixturenames
    cluster: ControlPlane = request.getfixturevalue("full_control_plane" if full else "control_plane")
    return cluster.create_namespace(f"test-{secrets.token_hex(4)}")


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> None:
    """Every async test must end the tasks, threads and sockets that it made; see `_nothing_left`."""
    if inspect.iscoroutinefunction(getattr(request.node, "function", None)):
        request.getfixturevalue("_nothing_left")


@pytest_asyncio.fixture
async def _nothing_left() -> AsyncIterator[None]:
    """Fails a test that leaves something behind; closing takes a moment, hence the deadline."""
    before = Held.now()
    yield
    deadline = time.monotonic() + LEAK_DEADLINE_SECONDS
    while left := Held.now().beyond(before):
        if time.monotonic() > deadline:
            pytest.fail("The test left behind: " + "; ".join(left))
        await asyncio.sleep(0.02)
