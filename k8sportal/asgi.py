"""What ASGI servers load: `application`, with the `runtime` behind it.

Wrong settings are refused before anything else is imported.
"""

import os

import django

from k8sportal.startup import refuse_wrong_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "k8sportal.settings")
refuse_wrong_settings()
django.setup()

from k8sportal.application import application, runtime  # noqa: E402 (needs Django set up)

__all__ = ["application", "runtime"]
