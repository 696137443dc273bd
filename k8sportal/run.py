"""`python -m k8sportal.run`, which is `make run`: prepare what is missing, say what is there, serve.

With a kubeconfig it shows those clusters; with none it starts the demo cluster beside itself.
"""

import contextlib
import importlib
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from k8sportal import demo
from k8sportal.environment import Environment
from k8sportal.listening import CannotListenError, listen, shown
from k8sportal.preparation import (
    PreparationError,
    collect_static,
    compile_translations,
    keep_secret_key,
    locked,
    make_data_folder,
    migrate,
)

# What takes long to import and asks for no settings: imported while the demo cluster starts.
SLOW_IMPORTS = ("daphne.server", "pods.kube.check", "structlog", "django.http")
ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run until a signal; the code to exit with."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "k8sportal.settings")
    try:
        with contextlib.ExitStack() as stack:
            _run(stack)
    except (PreparationError, CannotListenError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _run(stack: contextlib.ExitStack) -> None:
    environment = Environment(os.environ)
    data = Path(environment.text("PORTAL_DATA_DIR", str(ROOT / ".portal")))
    make_data_folder(data)
    if not environment.text("DJANGO_SECRET_KEY") and not environment.text("DJANGO_SECRET_KEY_FILE"):
        os.environ["DJANGO_SECRET_KEY_FILE"] = str(keep_secret_key(data))
    on_abort = _start_demo(stack, environment)

    import django
    from django.conf import settings

    from k8sportal.startup import refuse_wrong_settings

    refuse_wrong_settings()
    listening = stack.enter_context(listen(settings.HOST, settings.PORT))
    with locked(data):
        compile_translations(ROOT / "locale")
        django.setup()
        migrate()
        collect_static()
        sign_in = _first_admin()
    _enter_clusters()

    from k8sportal.asgi import application, runtime
    from k8sportal.serve import serve

    _say(sign_in)
    serve(application, runtime, listening, settings.PORTAL_SERVER, on_abort)
    print("\nStopped.", flush=True)


def _start_demo(stack: contextlib.ExitStack, environment: Environment) -> Callable[[], None]:
    """Start the demo cluster where it is wanted; what ends it when the process ends at once."""
    if not demo.wanted(environment):
        return lambda: None
    os.environ["PORTAL_DEMO"] = "1"
    if environment.text("PORTAL_DEMO_URL"):
        return lambda: None
    process = stack.enter_context(demo.running())
    for name in SLOW_IMPORTS:
        importlib.import_module(name)
    os.environ["PORTAL_DEMO_URL"] = demo.address(process)
    return process.kill


def _enter_clusters() -> None:
    """Enter the environment's clusters, so that a clash of names is told before anything is served."""
    from k8sportal.startup import refuse
    from pods.access import SourceClashError, sync_sources
    from pods.sources import configured_sources

    try:
        sync_sources(configured_sources().clusters)
    except SourceClashError as error:
        refuse(error.errors)


def _first_admin() -> str:
    """Make the first user where there is none; how to sign in."""
    from django.conf import settings

    from pods.first_admin import NAME, create_first_admin

    given = settings.PORTAL_ADMIN_PASSWORD
    password = given or secrets.token_urlsafe(12)
    if create_first_admin(password):
        return f"Sign in as {NAME}" + (
            " with the password in PORTAL_ADMIN_PASSWORD."
            if given
            else f", password {password} (shown only now)."
        )
    key = os.environ.get("DJANGO_SECRET_KEY_FILE")
    prefix = f"DJANGO_SECRET_KEY_FILE={os.path.relpath(key)} " if key else ""
    command = f"{os.path.relpath(sys.executable)} {os.path.relpath(ROOT / 'manage.py')}"
    return f"Sign in as {NAME}. To reset its password:\n  {prefix}{command} changepassword {NAME}"


def _say(sign_in: str) -> None:
    """The address, what it shows, and how to sign in."""
    from django.conf import settings

    from pods.sources import configured_sources

    clusters = configured_sources().clusters
    if settings.PORTAL_DEMO:
        what = "The demo cluster: a small shop whose pods come and go. No real cluster is touched."
    elif clusters:
        what = "Clusters: " + ", ".join(c.name + (" (current)" if c.current else "") for c in clusters)
    else:
        what = "No cluster yet: set KUBECONFIG, or enter one in the admin."
    print(f"\n{_address()}\n{what}\n{sign_in}\nCtrl-C ends it.\n", flush=True)


def _address() -> str:
    from django.conf import settings

    if settings.PORTAL_PUBLIC_URL:
        return f"{settings.PORTAL_PUBLIC_URL.origin}{settings.PORTAL_PATH_PREFIX}/"
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - shown, not bound
    return f"http://{shown(everywhere.get(settings.HOST, settings.HOST), settings.PORT)}/"


if __name__ == "__main__":
    sys.exit(main())
