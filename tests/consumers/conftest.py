"""One portal in front of the real API server, shared by the tests that leave it as they found it."""

from collections.abc import Iterator

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.portal import PortalProcess


@pytest.fixture(scope="session")
def portal(control_plane: ControlPlane) -> Iterator[PortalProcess]:
    """A portal under Daphne."""
    with PortalProcess(control_plane.kubeconfig) as process:
        yield process
