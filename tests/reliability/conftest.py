"""One portal behind proxies for all tests of the upstream's faults."""

from collections.abc import Iterator

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.reliability.stage import Stage, staged


@pytest.fixture(scope="session")
def stage(breakable_control_plane: ControlPlane) -> Iterator[Stage]:
    """Portal, proxies and API server; each test leaves all of them well."""
    with staged(breakable_control_plane) as stage:
        yield stage
