"""Refusing to start on wrong settings: all of them, in words, without a traceback."""

import sys
from collections.abc import Iterable

from k8sportal.environment import SettingError


class StartupRefused(SystemExit):
    """Ends the process with code 2 after its reasons were written to stderr."""

    def __init__(self, errors: Iterable[SettingError]) -> None:
        self.errors = tuple(errors)
        super().__init__(2)


def refuse_wrong_settings() -> None:
    """Write every start-up error to stderr and end the process; return where there is none.

    Called before `django.setup()` by manage.py, k8sportal.asgi and k8sportal.run.
    """
    from pods.checks import startup_errors

    refuse(startup_errors())


def refuse(errors: Iterable[SettingError]) -> None:
    """End the process with these errors on stderr; return where there is none."""
    found = tuple(errors)
    if not found:
        return
    sys.stderr.write("The portal cannot start:\n\n")
    for error in found:
        sys.stderr.write(f"  {error}\n\n")
    sys.stderr.write("Every setting is described in docs/settings.md.\n")
    raise StartupRefused(found)
