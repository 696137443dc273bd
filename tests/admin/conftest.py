"""A signed-in superuser's browser, and a demo cluster to connect to."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client

from k8sportal import demo


@pytest.fixture
def browser(db: None) -> Client:
    client = Client()
    client.force_login(
        User.objects.create_superuser("root"), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


@pytest.fixture(scope="module")
def demo_url() -> Iterator[str]:
    """The address of a real demo cluster, as a process."""
    with demo.running() as process:
        yield demo.address(process)
