"""`manage.py leakcheck`: viewers come and go in every way, and the portal must be as it was before."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from pods.leakcheck.check import Outcome, Plan, check
from pods.leakcheck.report import report, verdict
from pods.leakcheck.target import Address, CannotCheckError, Target
from pods.leakcheck.view import choose, choose_log
from pods.leakcheck.ways import ALL_WAYS, Way, named

CANNOT_CHECK = 2
INTERRUPTED = 130
COOKIE_VARIABLE = "LEAKCHECK_COOKIE"
CYCLES = 100
CONCURRENCY = 16


class Command(BaseCommand):
    """Exits with 0 where nothing is left, 1 with what is left, 2 where that cannot be told."""

    help = (
        "Make viewers come and go at a running portal, in every way there is, and see what is left of them."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        ways = "; ".join(f"{way.name}: {way.what}" for way in ALL_WAYS)
        parser.add_argument("--url", help="the portal, as people see it (default: HOST and PORT)")
        parser.add_argument(
            "--metrics-url",
            action="append",
            metavar="URL",
            help="a metrics page; once for each replica (default: /metrics at --url)",
        )
        parser.add_argument("--cycles", type=int, default=CYCLES, help=f"of each way (default: {CYCLES})")
        parser.add_argument("--kinds", default="", help=f"ways of leaving, by commas (default: all). {ways}")
        parser.add_argument("--cluster", default="", help="whose pods to look at (default: the first)")
        parser.add_argument("--namespace", default="", help="which pods to look at (default: the first)")
        parser.add_argument(
            "--cookie-file",
            type=Path,
            help=f"a file with the Cookie header of somebody signed in (or set {COOKIE_VARIABLE})",
        )
        parser.add_argument(
            "--concurrency",
            type=int,
            default=CONCURRENCY,
            help=f"sockets at a time (default: {CONCURRENCY}); fewer than one person may have",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcome = asyncio.run(self._check(options))
        except CannotCheckError as error:
            raise CommandError(str(error), returncode=CANNOT_CHECK) from error
        except KeyboardInterrupt as error:  # by then every viewer has left
            raise CommandError("Interrupted: nothing can be said.", returncode=INTERRUPTED) from error
        self.stdout.write("\n" + report(outcome))
        if outcome.left:
            raise CommandError(verdict(outcome))
        if outcome.failures:
            text = "Nothing is left, but not every viewer could come and go: see the table."
            raise CommandError(text, returncode=CANNOT_CHECK)

    async def _check(self, options: dict[str, Any]) -> Outcome:
        ways = _ways(options["kinds"])
        cycles, concurrency = (_positive(options, name) for name in ("cycles", "concurrency"))
        portal = Address.parse(options["url"] or _local())
        pages = [Address.parse(url) for url in options["metrics_url"] or ()] or [portal.at("/metrics")]
        cookie = _cookie(options["cookie_file"])
        query = await choose(portal, cookie, options["cluster"], options["namespace"])
        self.stdout.write(f"{portal}, {query}")
        target = Target(portal, cookie, query)
        if any(way.reads for way in ways):
            target = replace(target, log=await choose_log(target))
        ways = self._readable(ways, target, wanted=bool(options["kinds"]))
        return await check(Plan(target, pages, ways, cycles, concurrency, self.stdout.write))

    def _readable(self, ways: tuple[Way, ...], target: Target, wanted: bool) -> tuple[Way, ...]:
        """The ways that can be done: those that read a log only where there is one.

        Raises CannotCheckError where one that was `wanted` by its name cannot.
        """
        left = [way.name for way in ways if way.reads and not target.log]
        if not left:
            return ways
        text = "no log with lines in it may be read here by whoever asks"
        if wanted:
            raise CannotCheckError(f"{', '.join(left)}: {text}.")
        self.stdout.write(f"{', '.join(left)}: left out, {text}")
        return tuple(way for way in ways if not way.reads)


def _ways(names: str) -> tuple[Way, ...]:
    try:
        return named(names)
    except KeyError as error:
        known = ", ".join(way.name for way in ALL_WAYS)
        raise CannotCheckError(f"There is no way of leaving {error.args[0]!r}. Known: {known}.") from error


def _positive(options: dict[str, Any], name: str) -> int:
    value: int = options[name]
    if value < 1:
        raise CannotCheckError(f"--{name} must be 1 or more, not {value}.")
    return value


def _cookie(file: Path | None) -> str:
    """The Cookie header; "" for nobody's. Raises CannotCheckError where it cannot be sent."""
    try:
        cookie = file.read_text().strip() if file is not None else os.environ.get(COOKIE_VARIABLE, "").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotCheckError(f"{file} cannot be read.") from error
    if not cookie.isascii() or not cookie.isprintable():
        raise CannotCheckError("The cookie must be one line, as in a browser's Cookie header.")
    return cookie


def _local() -> str:
    """The portal that these settings serve, from this machine."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - a comparison, nothing is bound here
    host = everywhere.get(settings.HOST, settings.HOST)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}{settings.PORTAL_PATH_PREFIX}/"
