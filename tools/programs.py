"""Finds a program of at least some version on PATH or in the virtual environment, or installs it there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VERSION_DEADLINE_SECONDS = 20.0
INSTALL_DEADLINE_SECONDS = 900.0


def find_program(name: str, version_argument: str, at_least: tuple[int, ...]) -> Path | None:
    """The first `name` whose version is `at_least`, PATH before the virtual environment; None if none is."""
    places = (shutil.which(name), shutil.which(name, path=str(Path(sys.prefix) / "bin")))
    for place in places:
        if place and version_of(place, version_argument) >= at_least:
            return Path(place)
    return None


def version_of(program: str, argument: str) -> tuple[int, ...]:
    """The first dotted number that `program argument` prints; empty where it prints none or fails."""
    try:
        done = subprocess.run(
            [program, argument],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=VERSION_DEADLINE_SECONDS,
            env={**os.environ, "GOTOOLCHAIN": "local"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    match = re.search(r"(\d+(?:\.\d+)+)", done.stdout)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def pip_install(requirements: str) -> bool:
    """Installs a locked file of this folder into the virtual environment; whether that worked.

    Outside a virtual environment nothing is installed: the machine's Python is not ours.
    """
    if sys.prefix == sys.base_prefix:
        return False
    say(f"Installing {requirements} from PyPI, as this machine has none that is new enough.")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "-r", str(HERE / requirements)]
    try:
        return (
            subprocess.run(command, stdin=subprocess.DEVNULL, timeout=INSTALL_DEADLINE_SECONDS).returncode
            == 0
        )
    except subprocess.TimeoutExpired:
        return False


def run_quietly(command: list[str], seconds: float) -> bool:
    """Runs a program that asks and prints nothing, for at most so long; whether it succeeded."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def say(text: str) -> None:
    """Tells the person at the terminal, on standard error, at once."""
    print(text, file=sys.stderr, flush=True)
