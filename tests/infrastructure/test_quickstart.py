"""The README's quick start is what the Makefile offers and what the contract promises."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

_MAKE = re.compile(r"\bmake ([a-z-]+)\b")


def quick_start() -> str:
    text = (ROOT / "README.md").read_text()
    return text.partition("## Quick start")[2].partition("\n## ")[0]


def commands_of_the_contract() -> set[str]:
    section = (ROOT / "docs" / "contract.md").read_text().partition("## Commands")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `make ")]
    return {name for row in rows for name in _MAKE.findall(row.split("|")[1])}


def tasks_of_the_makefile() -> set[str]:
    listing = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(_MAKE.findall(listing.stdout))


def test_the_makefile_has_every_command_of_the_contract():
    assert commands_of_the_contract() <= tasks_of_the_makefile()


def test_the_quick_start_names_every_command_of_the_contract_and_no_other():
    code = "\n".join(re.findall(r"```sh\n(.*?)```", quick_start(), re.DOTALL))
    assert set(_MAKE.findall(code)) == commands_of_the_contract()


@pytest.mark.parametrize(
    "command",
    [
        "pip install -r requirements.txt",
        "manage.py migrate",
        "manage.py runserver",
        "daphne k8sportal.asgi:application",
    ],
)
def test_the_plain_django_way_is_in_the_quick_start(command):
    assert command in quick_start()


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_every_locked_requirement_is_exact_and_hashed(name):
    entries = re.split(r"\n(?=[a-zA-Z])", (ROOT / f"{name}.txt").read_text())
    packages = [entry for entry in entries if not entry.startswith("#")]
    assert len(packages) > 20
    for entry in packages:
        assert re.match(r"[\w.\[\]-]+==[\w.]+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "package-lock.json"])
def test_no_lock_file_names_a_registry(name):
    assert "resolved" not in (ROOT / name).read_text()
    assert not re.search(r"index-url|find-links|registry\.", (ROOT / name).read_text())


def test_ci_runs_the_checks_and_the_tests():
    text = (ROOT / ".ci" / "run").read_text()
    assert _MAKE.findall(text) == ["check", "test-compose", "test"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
