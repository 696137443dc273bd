"""The middleware: one that is synchronous only costs every request two changes of thread, and its end."""

import pytest
from django.conf import settings
from django.utils.module_loading import import_string


@pytest.mark.parametrize("name", settings.MIDDLEWARE)
def test_all_of_it_runs_asynchronously(name: str) -> None:
    assert import_string(name).async_capable
