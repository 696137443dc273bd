"""Runs every test, in the runs that must be apart, and says at the end what ran and what could not.

Browser tests and asyncio tests need separate pytest runs (Playwright's synchronous API keeps a loop
running). A part that cannot run here says why; with `CI=true` that is a failure.

    python -m tools.test            # make test
    python -m tools.test --quick    # make test-quick: no Go, no browser
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tests.cluster.build import CONTROL_PLANE, KWOK, BuildError, ensure
from tools.chromium import ensure_chromium
from tools.debian import ensure_installed
from tools.node import ensure_node, ensure_packages, find_node
from tools.programs import say

ROOT = Path(__file__).resolve().parent.parent
STOP_DEADLINE_SECONDS = 30.0
PYTEST = [sys.executable, "-m", "pytest"]
# Most of a test's time is waiting. Each worker has a control plane and portals of its own, and runs whole
# files, so that what a file's tests share is made once; in the order of tests/conftest.py.
WORKERS = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]


class CannotRun(Exception):
    """A part of the tests cannot run on this machine; the message says why."""


@dataclass(frozen=True)
class Part:
    """One run of one test runner. `prepare` gives its command, or raises CannotRun."""

    name: str
    prepare: Callable[[], list[str]]


def _python_tests() -> list[str]:
    try:
        ensure(frozenset(CONTROL_PLANE.programs + KWOK.programs))
    except BuildError as error:
        raise CannotRun(str(error)) from error
    ensure_installed()  # where that is not possible, the tests that need them say so
    return [*PYTEST, *WORKERS, "-m", "not browser"]


def _quick_python_tests() -> list[str]:
    return [*PYTEST, *WORKERS, "-m", "not browser and not cluster and not slow"]


def _browser_tests() -> list[str]:
    if ensure_chromium() is None:
        raise CannotRun(
            "No Chromium that starts: none installed, Playwright could not download one, and Debian's "
            "package could not be installed. Install Chromium, or name it in CHROME_BIN."
        )
    ensure_installed()
    _require_packages()
    return [*PYTEST, *WORKERS, "-m", "browser"]


def _javascript_tests() -> list[str]:
    command = _node_command(ensure_node())
    _require_packages()
    return command


def _require_packages() -> None:
    """ESLint and axe, which tests use as well."""
    if not ensure_packages():
        raise CannotRun("The npm packages of package-lock.json could not be installed.")


def _quick_javascript_tests() -> list[str]:
    return _node_command(find_node())


def _node_command(node: Path | None) -> list[str]:
    if node is None:
        raise CannotRun("No Node 20.19 or newer (`make test` installs one from PyPI).")
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "js").glob("*.test.mjs"))
    return [str(node), "--test", *files]


PARTS = (
    Part("Python", _python_tests),
    Part("browser", _browser_tests),
    Part("JavaScript", _javascript_tests),
)
QUICK_PARTS = (Part("Python", _quick_python_tests), Part("JavaScript", _quick_javascript_tests))


def main() -> int:
    """Runs the parts; 0 if all that could run passed (with CI=true: and all could run)."""
    quick = "--quick" in sys.argv[1:]
    required = os.environ.get("CI") == "true" and not quick
    outcomes = [(part.name, *_run(part, required)) for part in (QUICK_PARTS if quick else PARTS)]
    say("")
    for name, _, text in outcomes:
        say(f"{name} tests: {text}")
    return 0 if all(good for _, good, _ in outcomes) else 1


def _run(part: Part, required: bool) -> tuple[bool, str]:
    try:
        command = part.prepare()
    except CannotRun as reason:
        return not required, f"could not run. {reason}"
    say(f"\n== {part.name} tests")
    status = _run_to_its_end(command)
    return status == 0, "passed" if status == 0 else f"failed (status {status})"


def _run_to_its_end(command: list[str]) -> int:
    """Runs a test runner; where we are told to end, it gets the time to end what it started."""
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)
    try:
        return process.wait()
    except KeyboardInterrupt:  # the terminal interrupts the runner, too
        process.wait(STOP_DEADLINE_SECONDS)
        raise
    except SystemExit:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_DEADLINE_SECONDS)
        raise
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _end(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
