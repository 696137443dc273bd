"""Runs pytest on a file of its own, with this project's fixtures."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def pytester_run(tmp_path: Path) -> Callable[..., str]:
    """Runs the given test module in a pytest of its own, with these variables, and returns what it prints."""

    def run(source: str, **environment: str) -> str:
        path = tmp_path / "test_inner.py"
        path.write_text(textwrap.dedent(source))
        command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest"]
        done = subprocess.run(
            [*command, "-p", "no:cacheprovider", f"--rootdir={ROOT}", str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, **environment},
        )
        return f"{done.stdout}{done.stderr}\nstatus {done.returncode}"

    return run
