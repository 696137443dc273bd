"""Runs every check and shows what each found: format, lint, types, layers, front end, documentation.

python -m tools.check           # make check
python -m tools.check mypy      # only those named
"""

import subprocess
import sys
from pathlib import Path

from tools.node import ensure_packages, find_node
from tools.programs import say

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

CHECKS: dict[str, list[str]] = {
    "format": [str(BIN / "ruff"), "format", "--check", "."],
    "lint": [str(BIN / "ruff"), "check", "."],
    "types": [str(BIN / "mypy")],
    "layers": [str(BIN / "lint-imports")],
    "sizes": [sys.executable, "-m", "tools.sizes"],
    "documentation": [sys.executable, "-m", "tools.documentation"],
    "templates": [str(BIN / "djlint"), "--lint", "--quiet", "templates"],
    "javascript": [
        "node",
        "node_modules/eslint/bin/eslint.js",
        "static/js",
        "tests/js",
        "--no-error-on-unmatched-pattern",
    ],
}


def main() -> int:
    """Runs the checks named as arguments, else all; 0 if all passed."""
    names = sys.argv[1:] or list(CHECKS)
    if unknown := [name for name in names if name not in CHECKS]:
        say(f"No such check: {', '.join(unknown)}. There are {', '.join(CHECKS)}.")
        return 2
    failed = [name for name in names if not _passes(name)]
    say("All checks passed." if not failed else f"Failed: {', '.join(failed)}.")
    return 1 if failed else 0


def _passes(name: str) -> bool:
    command = CHECKS[name]
    if name == "javascript":
        node = find_node() if ensure_packages() else None
        if node is None:
            say("javascript: needs Node 20.19 or newer with npm, and they could not be installed.")
            return False
        command = [str(node), *command[1:]]
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode == 0:
        say(f"{name}: ok")
        return True
    say(f"{name}: failed ({' '.join(command)})\n{done.stdout}")
    return False


if __name__ == "__main__":
    sys.exit(main())
