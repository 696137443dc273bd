"""Finds nginx, or installs Debian's nginx-light, without letting it serve anything by itself."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tools.programs import run_quietly, say

INSTALL_DEADLINE_SECONDS = 600.0

# Debian starts what it installs; this file, where it says 101, forbids that (invoke-rc.d(8)).
_POLICY = Path("/usr/sbin/policy-rc.d")


def find_nginx() -> Path | None:
    """An installed nginx; None if there is none."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return Path(found) if found else None


def ensure_nginx() -> Path | None:
    """`find_nginx()`, after installing it where that is possible. None where it is not."""
    if (found := find_nginx()) or os.geteuid() != 0 or not shutil.which("apt-get"):
        return found
    say("Installing Debian's nginx-light.")
    with _nothing_starts():
        run_quietly(["apt-get", "update", "-qq"], INSTALL_DEADLINE_SECONDS)
        run_quietly(["apt-get", "install", "-y", "-qq", "nginx-light"], INSTALL_DEADLINE_SECONDS)
    return find_nginx()


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
