"""`manage.py prepare_database`: the one step before portals are started, in Compose and in Kubernetes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from k8sportal.preparation import PreparationError, locked, migrate
from pods.health_views import database_problem

PAUSE_SECONDS = 0.5
# Any number will do, as long as every release uses the same.
ADVISORY_LOCK = 7_163_505_126


class Command(BaseCommand):
    """Wait for the database, and migrate it where that is needed, one process at a time."""

    help = "Wait for the database and migrate it where needed, under a lock: may be run by several at once."
    # The checks of models want a database that answers.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """How long to wait."""
        parser.add_argument(
            "--wait",
            type=float,
            default=60.0,
            metavar="SECONDS",
            help="how long a database may take to answer",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises `CommandError` where the database does not answer, or cannot be migrated."""
        _wait_for_the_database(options["wait"])
        try:
            with _alone():
                migrated = migrate()
        except PreparationError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"The database could not be migrated: {str(error).splitlines()[0]}") from error
        self.stdout.write("The database was migrated." if migrated else "The database is up to date.")


def _wait_for_the_database(seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while database_problem() == "database":
        connection.close()
        if time.monotonic() > deadline:
            raise CommandError(f"The database did not answer within {seconds:g} s. Check DATABASE_URL.")
        time.sleep(PAUSE_SECONDS)


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time migrate; a lock goes with the process or connection that holds it."""
    if connection.vendor != "postgresql":
        settings.PORTAL_DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(settings.PORTAL_DATA_DIR):
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])
