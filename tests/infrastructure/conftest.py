"""Runs pytest on a file of its own, with this project's fixtures."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

# None of the plugins that the project's own configuration brings, which take seconds to start.
PYTEST = (
    *(sys.executable, "-m", "pytest", "-c", os.devnull, "-rs", "-o", "asyncio_mode=auto"),
    *("-p", "tests.conftest", "-p", "no:cacheprovider", "-p", "no:django", "-p", "no:hypothesispytest"),
)


@pytest.fixture
def pytester_run(tmp_path: Path) -> Callable[..., str]:
    """Runs the given test module in a pytest of its own, with these variables, and returns what it prints."""

    def run(source: str, **environment: str) -> str:
        path = tmp_path / "test_inner.py"
        path.write_text(textwrap.dedent(source))
        done = subprocess.run(
            [*PYTEST, f"--rootdir={tmp_path}", str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, **environment},
        )
        return f"{done.stdout}{done.stderr}\nstatus {done.returncode}"

    return run
