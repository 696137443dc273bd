"""Finds a program, or installs Debian's package of it, without letting it serve anything by itself."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tools.programs import run_quietly, say

INSTALL_DEADLINE_SECONDS = 600.0

# The packages that tests use, by their program.
PACKAGES = {"nginx": "nginx-light", "haproxy": "haproxy"}

# Debian starts what it installs; this file, where it says 101, forbids that (invoke-rc.d(8)).
_POLICY = Path("/usr/sbin/policy-rc.d")


def find_installed(program: str) -> Path | None:
    """Where `program` is installed, those for administrators included; None if it is not."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return Path(found) if found else None


def ensure_installed() -> None:
    """Installs those of PACKAGES that are missing, where that is possible."""
    missing = [package for program, package in PACKAGES.items() if not find_installed(program)]
    if not missing or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    say(f"Installing Debian's {' and '.join(missing)}.")
    with _nothing_starts():
        run_quietly(["apt-get", "update", "-qq"], INSTALL_DEADLINE_SECONDS)
        run_quietly(["apt-get", "install", "-y", "-qq", *missing], INSTALL_DEADLINE_SECONDS)


@contextlib.contextmanager
def _nothing_starts() -> Iterator[None]:
    """Until the block ends no package starts its service. A policy that is there already stays."""
    ours = not _POLICY.exists()
    if ours:
        _POLICY.write_text("#!/bin/sh\nexit 101\n")
        _POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            _POLICY.unlink()
