"""The fixtures of the Compose tests, which only `make test-compose` collects: they need Docker."""

import os
import secrets
from collections.abc import Iterator

import pytest

from tests.compose.docker import IMAGE, Stack, stack

collect_ignore_glob = [] if "COMPOSE_TESTS" in os.environ else ["test_*.py"]


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A fresh clone whose image is built. Each test brings it up as it needs it."""
    with stack(tmp_path_factory.mktemp("clone"), f"k8sportal-test-{secrets.token_hex(4)}") as made:
        made.build()
        yield made


@pytest.fixture(scope="session")
def image(fresh: Stack) -> str:
    """The portal's image."""
    return IMAGE
