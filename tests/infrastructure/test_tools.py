"""The project's own checks find what they are for, and nothing passes by not running."""

import json

import pytest

from tools import check, documentation, sizes
from tools import test as runner
from tools.node import packages_missing

SKIPPING = """
    import pytest

    def test_needs_what_is_not_here():
        pytest.skip("not here")
"""


@pytest.mark.slow
def test_a_skipped_test_fails_in_ci(pytester_run):
    assert pytester_run(SKIPPING, CI="true").endswith("status 1")


@pytest.mark.slow
def test_a_skipped_test_is_told_elsewhere(pytester_run):
    outcome = pytester_run(SKIPPING, CI="")
    assert "not here" in outcome
    assert outcome.endswith("status 0")


def cannot() -> list[str]:
    raise runner.CannotRun("No browser here.")


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_a_part_that_cannot_run_says_why_and_fails_in_ci(monkeypatch, capsys, ci, status):
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(runner, "PARTS", (runner.Part("browser", cannot),))
    monkeypatch.setattr("sys.argv", ["test"])
    assert runner.main() == status
    assert "browser tests: could not run. No browser here." in capsys.readouterr().err


def test_a_part_that_fails_fails_the_whole(monkeypatch):
    parts = (runner.Part("bad", lambda: ["false"]), runner.Part("good", lambda: ["true"]))
    monkeypatch.setattr(runner, "PARTS", parts)
    monkeypatch.setattr("sys.argv", ["test"])
    assert runner.main() == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[there](other.md)", False),
        ("[part](other.md#two-words)", False),
        ("[itself](#here)\n\n# Here", False),
        ("[gone](missing.md)", True),
        ("[gone](other.md#three-words)", True),
        ("`[code](missing.md)`", False),
    ],
)
def test_links_that_lead_nowhere_are_found(tmp_path, monkeypatch, text, found):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "contract.md").write_text("# Contract")
    (tmp_path / "other.md").write_text("## Two words\n")
    (tmp_path / "README.md").write_text(text)
    monkeypatch.setattr(documentation, "ROOT", tmp_path)
    monkeypatch.setattr(documentation, "settings", set)
    assert documentation.main() == (1 if found else 0)


def test_a_setting_without_a_line_in_the_documents_is_found(tmp_path, monkeypatch, capsys):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "contract.md").write_text("# Contract")
    (tmp_path / "docs" / "settings.md").write_text("| `PORTAL_KNOWN` | known |")
    monkeypatch.setattr(documentation, "ROOT", tmp_path)
    monkeypatch.setattr(documentation, "settings", lambda: {"PORTAL_KNOWN", "PORTAL_FORGOTTEN"})
    assert documentation.main() == 1
    assert capsys.readouterr().out.split() == [
        "docs/settings.md:",
        "PORTAL_FORGOTTEN",
        "is",
        "not",
        "documented",
    ]


def test_the_settings_are_found_where_they_are_read():
    assert {"PORT", "KUBECONFIG", "PORTAL_LINGER_SECONDS"} <= documentation.settings()


@pytest.mark.parametrize(
    ("source", "found"),
    [("x = 1\n" * 300, False), ("x = 1\n" * 301, True), ("def f():\n" + "    x = 1\n" * 50, True)],
)
def test_what_is_too_long_is_found(tmp_path, monkeypatch, source, found):
    path = tmp_path / "module.py"
    path.write_text(source)
    monkeypatch.setattr(sizes, "ROOT", tmp_path)
    monkeypatch.setattr(sizes, "_python_files", lambda: [path])
    assert sizes.main() == (1 if found else 0)


def test_an_unknown_check_is_named(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["check", "spelling"])
    assert check.main() == 2
    assert "spelling" in capsys.readouterr().err


def test_npm_packages_of_another_version_are_missing(tmp_path):
    def lock(place, **versions):
        packages = {f"node_modules/{name}": {"version": version} for name, version in versions.items()}
        packages["node_modules/elsewhere"] = {"version": "1.0.0", "optional": True}
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps({"packages": {"": {"name": "portal"}, **packages}}))

    lock(tmp_path / "package-lock.json", one="1.0.0", two="2.0.0", three="3.0.0")
    assert packages_missing(tmp_path) == ["node_modules/one", "node_modules/two", "node_modules/three"]
    lock(tmp_path / "node_modules" / ".package-lock.json", one="1.0.0", two="1.9.0", four="4.0.0")
    assert packages_missing(tmp_path) == ["node_modules/two", "node_modules/three"]
