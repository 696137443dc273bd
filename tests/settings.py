"""Django's settings for tests: the portal's own, read from a clean environment.

Tests must not see the clusters, keys or databases of whoever runs them, so every variable of the portal
is removed first, and the sources of clusters are held to the demo (no kubeconfig in the home folder).
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

KEPT = frozenset({"PORTAL_CACHE", "PORTAL_CHROMIUM", "DJANGO_SETTINGS_MODULE"})
FOREIGN = ("KUBECONFIG", "DATABASE_URL", "REDIS_URL", "HOST", "PORT")

for name in [*os.environ]:
    if name in FOREIGN or (name.startswith(("PORTAL_", "DJANGO_")) and name not in KEPT):
        del os.environ[name]

_data = tempfile.mkdtemp(prefix="k8sportal-test-")
atexit.register(shutil.rmtree, _data, ignore_errors=True)

os.environ.update(DJANGO_SECRET_KEY="only-for-tests", PORTAL_DEMO="1", PORTAL_DATA_DIR=_data)

from k8sportal.settings import *  # noqa: E402

# A folder that stays empty: in that of the working tree, portals of other tests may be collecting.
STATIC_ROOT = Path(_data, "static")
WHITENOISE_USE_FINDERS = True
