"""Fixtures for all tests: a real control plane, fresh namespaces, and the check that nothing leaks.

`make test-quick` deselects the marker `cluster`, which every test that uses these fixtures gets by itself.
"""

import asyncio
import inspect
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest
import pytest_asyncio

from tests.cluster import programs
from tests.cluster.build import BuildError, available, ensure
from tests.cluster.control_plane import ControlPlane
from tests.deploy.rights import audit_arguments
from tests.kube.client_certificate import write_authority
from tests.leaks import Held
from tools.chromium import find_chromium
from tools.debian import find_installed

TESTS = Path(__file__).resolve().parent
# Folders whose files take longest.
SLOWEST_FIRST = ("reliability", "replicas", "consumers", "deploy", "proxies")
BROWSER_TESTS = TESTS / "browser"
CLUSTER_FIXTURES = frozenset(
    {"control_plane", "full_control_plane", "breakable_control_plane", "audited_control_plane"}
)
SIMULATED_NODES = 3

LEAK_DEADLINE_SECONDS = 3.0

# How long an example takes is the machine's doing.
hypothesis.settings.register_profile("k8sportal", deadline=None)
hypothesis.settings.load_profile("k8sportal")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that need a control plane or a browser, so that they can be run apart.

    Those that take longest come first: workers take whole files, and the last one should be short.
    """
    items.sort(key=_rank)
    for item in items:
        if BROWSER_TESTS in item.path.parents:
            item.add_marker(pytest.mark.browser)
        if CLUSTER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.cluster)


def _rank(item: pytest.Item) -> int:
    folder = item.path.relative_to(TESTS).parts[0] if TESTS in item.path.parents else ""
    return SLOWEST_FIRST.index(folder) if folder in SLOWEST_FIRST else len(SLOWEST_FIRST)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With CI=true a skipped test is a failure: there, everything must be able to run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _cannot_run(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """A Chromium that starts on this machine."""
    found = find_chromium()
    return found or _cannot_run("No Chromium that starts. `make test` gets one where that is possible.")


@pytest.fixture(scope="session")
def nginx_program() -> Path:
    """An nginx, for tests.nginx."""
    return _installed("nginx")


@pytest.fixture(scope="session")
def haproxy_program() -> Path:
    """An HAProxy."""
    return _installed("haproxy")


def _installed(program: str) -> Path:
    return find_installed(program) or _cannot_run(
        f"No {program}. `make test` installs it where that is possible."
    )


def _control_plane(needs: frozenset[str], nodes: int, *arguments: str) -> Iterator[ControlPlane]:
    if not available(needs):
        try:
            ensure(needs)
        except BuildError as error:
            _cannot_run(str(error))
    with ControlPlane(nodes=nodes, apiserver_arguments=arguments) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """etcd and kube-apiserver, shared by all tests: use a `namespace` of your own, and break nothing."""
    yield from _control_plane(programs.SMALL, nodes=0)


@pytest.fixture(scope="session")
def full_control_plane() -> Iterator[ControlPlane]:
    """With controller-manager, scheduler and simulated nodes, shared by all tests."""
    yield from _control_plane(programs.FULL, SIMULATED_NODES)


@pytest.fixture(scope="session")
def client_authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate authority whose client certificates `breakable_control_plane` takes."""
    return write_authority(tmp_path_factory.mktemp("client-authority"))


@pytest.fixture(scope="session")
def breakable_control_plane(client_authority: Path) -> Iterator[ControlPlane]:
    """A control plane that tests may kill, freeze and restore; each leaves it running."""
    yield from _control_plane(programs.SMALL, 0, f"--client-ca-file={client_authority}")


@pytest.fixture(scope="session")
def audit_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the API server of `audited_control_plane` writes each request."""
    return tmp_path_factory.mktemp("audit") / "audit.log"


@pytest.fixture(scope="session")
def audited_control_plane(audit_log: Path) -> Iterator[ControlPlane]:
    """A control plane that writes an audit log, and refuses streaming lists as older servers do."""
    arguments = (*audit_arguments(audit_log.parent), "--feature-gates=WatchList=false")
    yield from _control_plane(programs.SMALL, 0, *arguments)


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
