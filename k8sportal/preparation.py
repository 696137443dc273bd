"""What `make run` does before it serves, each step only where it is needed: a second start is quick.

The portal itself never migrates, makes up a password or writes a key; these steps are for a person
who starts it on their own machine.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

LOCK_SECONDS = 120.0


class PreparationError(Exception):
    """A step that cannot be done; the text says what and why."""


def make_data_folder(folder: Path) -> None:
    """Make the folder for database, key and locks, readable by its owner only."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise PreparationError(f"The data folder cannot be made: {folder}: {error.strerror}.") from error


def keep_secret_key(folder: Path) -> Path:
    """The file with Django's secret key, made at the first start, readable by its owner only."""
    path = folder / "secret_key"
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(50))
    return path


@contextlib.contextmanager
def locked(folder: Path, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Let one process at a time prepare; the kernel drops the lock of one that dies."""
    with (folder / "prepare.lock").open("w", encoding="utf-8") as file:
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise PreparationError("Another start is still preparing this folder.") from None
                time.sleep(0.1)
        yield


def migrate() -> bool:
    """Migrate the database where it needs that; whether it did."""
    from django.core.management import call_command

    from pods.health_views import database_problem

    problem = database_problem()
    if problem == "database":
        raise PreparationError("The database cannot be reached. Check DATABASE_URL.")
    if problem:
        call_command("migrate", interactive=False, verbosity=0)
    return problem is not None


def collect_static() -> None:
    """Collect static files under hashed names where a source or a library changed since the last time."""
    from django.conf import settings
    from django.core.management import call_command

    if settings.DEBUG:
        return
    folder = settings.STATIC_ROOT
    folder.mkdir(parents=True, exist_ok=True)
    # Portals with data folders of their own share this one; what another serves from is not cleared away.
    with locked(folder):
        stamp = folder / ".sources"
        now = _static_fingerprint()
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != now:
            call_command("collectstatic", interactive=False, verbosity=0)
            stamp.write_text(now, encoding="utf-8")
    # Settings were read before the files were there.
    settings.WHITENOISE_USE_FINDERS = False


def _static_fingerprint() -> str:
    """Changes with the name, size or time of any static file."""
    from django.contrib.staticfiles.finders import get_finders

    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{storage.path(name)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
