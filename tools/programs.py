"""Finds a program of at least some version on PATH or in the virtual environment."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

VERSION_DEADLINE_SECONDS = 20.0


def find_program(name: str, version_arguments: list[str], at_least: tuple[int, ...]) -> Path | None:
    """The first `name` whose version is `at_least`, PATH before the virtual environment; None if none is."""
    places = (shutil.which(name), shutil.which(name, path=str(Path(sys.prefix) / "bin")))
    for place in places:
        if place and version_of(place, version_arguments) >= at_least:
            return Path(place)
    return None


def version_of(program: str, arguments: list[str]) -> tuple[int, ...]:
    """The first dotted number that `program arguments` prints; empty where it prints none or fails."""
    try:
        done = subprocess.run(
            [program, *arguments],
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


def pip_install(requirements: Path) -> bool:
    """Installs a locked requirements file into this virtual environment; whether that worked."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(requirements)]
    return subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 0
