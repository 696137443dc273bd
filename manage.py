#!/usr/bin/env python
"""Django's command line for the portal."""

import os
import sys

from k8sportal.startup import refuse_wrong_settings


def main() -> None:
    """Run one management command; wrong settings are told in words first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "k8sportal.settings")
    from django.core.management import execute_from_command_line

    refuse_wrong_settings()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
