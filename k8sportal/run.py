"""`python -m k8sportal.run`, which is `make run`: prepare what is missing, say what is there, serve.

With a kubeconfig it shows those clusters; with none it starts the demo cluster beside itself.
"""

import contextlib
import os
import secrets
import sys
from pathlib import Path

from k8sportal import __version__, demo
from k8sportal.environment import Environment
from k8sportal.listening import CannotListenError, listen, shown
from k8sportal.preparation import (
    PreparationError,
    collect_static,
    keep_secret_key,
    locked,
    make_data_folder,
    migrate,
)

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
    if demo.wanted(environment):
        os.environ["PORTAL_DEMO"] = "1"

    from django.conf import settings
    from django.db import connections

    from k8sportal.startup import refuse, refuse_wrong_settings

    own_demo = settings.PORTAL_DEMO and not settings.PORTAL_DEMO_URL
    refuse(settings.PORTAL_SETTING_ERRORS)
    listening = stack.enter_context(listen(settings.HOST, settings.PORT))
    process = stack.enter_context(demo.running()) if own_demo else None
    if process is None:
        refuse_wrong_settings()
    sign_in = _prepare(data)
    if process is not None:
        settings.PORTAL_DEMO_URL = os.environ["PORTAL_DEMO_URL"] = demo.address(process)

    from k8sportal.application import enter_sources
    from k8sportal.asgi import application, runtime
    from k8sportal.serve import serve

    enter_sources()  # so that a clash of names is told before anything is served
    # While this one were open, SQLite would keep the files of all that are closed.
    connections.close_all()
    on_abort = process.kill if process is not None else lambda: None
    serve(application, runtime, listening, settings.PORTAL_SERVER, on_abort, lambda: _say(sign_in))
    print("\nStopped.", flush=True)


def _prepare(data: Path) -> str:
    """Everything between settings and serving, while the demo cluster starts; how to sign in."""
    import django

    with locked(data):
        django.setup()

        from pods.first_admin import is_needed

        first = is_needed()
        migrate()
        collect_static()
        return _first_admin() if first else _how_to_reset()


def _first_admin() -> str:
    """Make the first user; how to sign in."""
    from django.conf import settings

    from pods.first_admin import NAME, create_first_admin

    if settings.PORTAL_ADMIN_PASSWORD:
        create_first_admin(settings.PORTAL_ADMIN_PASSWORD)
        return f"Sign in as {NAME} with the password in PORTAL_ADMIN_PASSWORD."
    password = secrets.token_urlsafe(12)
    create_first_admin(password)
    return f"Sign in as {NAME}, password {password} (shown only now)."


def _how_to_reset() -> str:
    """How to sign in where the password is known to somebody, or to nobody any more."""
    from pods.first_admin import NAME

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
    print(f"\n{_address()}\n{what}\n{sign_in}\nk8sportal {__version__}. Ctrl-C ends it.\n", flush=True)


def _address() -> str:
    from django.conf import settings

    if settings.PORTAL_PUBLIC_URL:
        return f"{settings.PORTAL_PUBLIC_URL.origin}{settings.PORTAL_PATH_PREFIX}/"
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - shown, not bound
    return f"http://{shown(everywhere.get(settings.HOST, settings.HOST), settings.PORT)}/"


if __name__ == "__main__":
    sys.exit(main())
