"""One version, wherever it is shown, and the changes that it brought."""

import re
from datetime import date
from pathlib import Path

from prometheus_client import REGISTRY

import k8sportal.application  # noqa: F401 - it sets the metric
from k8sportal import __version__

ROOT = Path(__file__).resolve().parents[2]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
RELEASES = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (.+)$", CHANGELOG, re.MULTILINE)
# Of https://keepachangelog.com/en/1.1.0/
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in version.split("."))


def test_the_version_is_the_newest_of_the_changes() -> None:
    versions = [numbers(version) for version, _ in RELEASES]
    assert versions[0] == numbers(__version__)
    assert versions == sorted(set(versions), reverse=True)
    dates = [date.fromisoformat(day) for _, day in RELEASES]
    assert dates == sorted(dates, reverse=True)


def test_changes_are_kept_by_release_and_kind() -> None:
    headings = re.findall(r"^(#+) (.+)$", CHANGELOG, re.MULTILINE)
    assert headings[:2] == [("#", "Changes"), ("##", "[Unreleased]")]
    assert {level for level, _ in headings[2:]} == {"##", "###"}
    assert {text for level, text in headings if level == "###"} <= set(KINDS)


def test_the_image_bears_it() -> None:
    labels = re.findall(r'image\.version="(.+?)"', (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert labels == [__version__]


def test_the_metrics_tell_it() -> None:
    assert REGISTRY.get_sample_value("k8sportal_build_info", {"version": __version__}) == 1
