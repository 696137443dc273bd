"""What would make the portal start wrongly, as Django system checks and as a refusal to start.

Ids: `portal.E0xx`, listed with their settings in docs/settings.md.
"""

import re
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

from k8sportal.environment import SettingError
from pods.sources import configured_sources

# Read by the tools and tests, not by the portal.
_TOOLS = frozenset({"PORTAL_CACHE", "PORTAL_CHROMIUM"})


def startup_errors() -> list[SettingError]:
    """Everything wrong with the settings and with the clusters they name. Reads files, no database."""
    return [*settings.PORTAL_SETTING_ERRORS, *configured_sources().errors]


def check_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """Each start-up error as a system check."""
    return [checks.Error(error.message, hint=error.hint, id=error.id) for error in startup_errors()]


def check_unknown_names(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """A PORTAL_ variable that nothing reads: most likely a slip of the pen.

    Kubernetes itself adds PORTAL_SERVICE_… and PORTAL_PORT… where a Service is called `portal`.
    """
    variables = settings.ENV.variables
    unknown = sorted(
        name
        for name in variables
        if name.startswith("PORTAL_")
        and name not in settings.ENV.known | _TOOLS
        and not re.match(r"PORTAL_(PORT|SERVICE)(_|$)", name)
    )
    hint = "See docs/settings.md for the names there are."
    return [checks.Warning(f"No setting is called {name}.", hint=hint, id="portal.W001") for name in unknown]


def check_replicas(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """Replicas on several machines cannot share a file."""
    if not settings.REDIS_URL or not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return []
    hint = "Set DATABASE_URL to a PostgreSQL database that all replicas use."
    return [checks.Warning("REDIS_URL is set, but the database is SQLite.", hint=hint, id="portal.W002")]


def register_checks() -> None:
    """Register the checks; called once the application is ready."""
    checks.register(check_settings)
    checks.register(check_unknown_names)
    checks.register(check_replicas)
