"""`manage.py prepare_database`: waits, migrates once however many run, and says in words what is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"


def start(**environment: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PORTAL_"))}
    kept.pop("KUBECONFIG", None)
    return subprocess.Popen(
        [sys.executable, "manage.py", "prepare_database", "--wait", "1"],
        cwd=ROOT,
        env={**kept, "DJANGO_SECRET_KEY": "k", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_of_several_at_once_one_migrates(tmp_path: Path) -> None:
    environment = {"PORTAL_DATA_DIR": str(tmp_path / "data"), "PORTAL_ADMIN_PASSWORD": PASSWORD}
    processes = [start(**environment) for _ in range(3)]
    said = sorted(process.communicate(timeout=120)[0].strip().splitlines()[-1] for process in processes)
    assert said == ["The database is up to date."] * 2 + ["The database was migrated."]
    assert [process.returncode for process in processes] == [0, 0, 0]


@pytest.mark.slow
def test_a_database_that_does_not_answer_is_said_in_words() -> None:
    process = start(DATABASE_URL="postgres://portal:top-secret@127.0.0.1:1/portal")
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "The database did not answer within 1 s. Check DATABASE_URL." in said
    assert "Traceback" not in said
    assert "top-secret" not in said
