"""Brings compose.yaml up for real and tries it: what `make test-compose` runs.

Gets Docker and images first, by stand-ins where they cannot be pulled (tools.standins). A daemon that had to
be started is ended at the end; the images stay, so that the next run is quicker.

    python -m tools.compose_tests                      # make test-compose
    python -m tools.compose_tests --where-docker-runs  # in CI: says so, and passes, where none can start
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from tools.chromium import ensure_chromium
from tools.docker import NoDockerError, running
from tools.programs import say
from tools.standins import ensure, named_images

ROOT = Path(__file__).resolve().parent.parent
STOP_DEADLINE_SECONDS = 120.0
PYTEST = [sys.executable, "-m", "pytest", "tests/compose", "-p", "no:xdist"]


def main() -> int:
    """0 if all passed (with `--where-docker-runs`: or no Docker runs here)."""
    optional = "--where-docker-runs" in sys.argv[1:]
    try:
        with running():
            ensure(named_images())
            if ensure_chromium() is None:
                say("Compose tests: could not run. No Chromium that starts.")
                return 1
            return _run()
    except NoDockerError as reason:
        say(f"Compose tests: could not run. {reason}")
        return 0 if optional else 1


def _run() -> int:
    """Runs the tests; where we are told to end, they get the time to take down what they brought up."""
    process = subprocess.Popen(
        PYTEST, cwd=ROOT, stdin=subprocess.DEVNULL, env={**os.environ, "COMPOSE_TESTS": "1"}
    )
    try:
        status = process.wait()
    except BaseException:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_DEADLINE_SECONDS)
        raise
    say(f"\nCompose tests: {'passed' if status == 0 else f'failed (status {status})'}")
    return status


def _end(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
