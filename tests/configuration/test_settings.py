"""The settings as a whole: documented, refused in words, and what follows from them."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import checks

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "SESSION_COOKIE_SECURE",
    "SESSION_COOKIE_PATH",
    "CSRF_COOKIE_PATH",
    "LANGUAGE_COOKIE_PATH",
    "LANGUAGE_COOKIE_SECURE",
    "STATIC_URL",
)
DOCUMENTED = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def test_every_setting_is_documented_and_every_documented_one_is_read() -> None:
    read = {name for name in settings.ENV.known if not name.endswith("_FILE")}
    listed = set(re.findall(r"^\| `([A-Z_]+)`", DOCUMENTED, re.MULTILINE))
    assert listed == read


def test_every_secret_can_come_from_a_file_and_says_so() -> None:
    files = {name.removesuffix("_FILE") for name in settings.ENV.known if name.endswith("_FILE")}
    assert set(re.findall(r"^\| `([A-Z_]+)` \(\*file\*\)", DOCUMENTED, re.MULTILINE)) == files


def test_every_error_is_documented_and_every_documented_one_exists() -> None:
    sources = [ROOT / "k8sportal" / "settings.py", *(ROOT / "pods").glob("*.py")]
    used = set(re.findall(r"\"(?:portal\.)?([EW]\d{3})\"", "".join(path.read_text() for path in sources)))
    assert set(re.findall(r"portal\.([EW]\d{3})", DOCUMENTED)) == used


def read_settings(**variables: str) -> dict[str, Any]:
    """What a fresh process makes of these variables."""
    program = f"""
import json
import django
from django.conf import settings
from django.urls import reverse

django.setup()
found = {{name: getattr(settings, name) for name in {NAMES!r}}}
errors = [error.id for error in settings.PORTAL_SETTING_ERRORS]
print(json.dumps({{**found, "home": reverse("home"), "errors": errors}}))
"""
    environment = {"DJANGO_SETTINGS_MODULE": "k8sportal.settings", "DJANGO_SECRET_KEY": "x", **variables}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def test_the_public_url_decides_hosts_origins_cookies_and_links(tmp_path: Path) -> None:
    found = read_settings(PORTAL_DATA_DIR=str(tmp_path), PORTAL_PUBLIC_URL="https://portal.example:8443/k8s/")
    assert found["ALLOWED_HOSTS"] == ["portal.example"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://portal.example:8443"]
    assert found["SESSION_COOKIE_SECURE"] is found["LANGUAGE_COOKIE_SECURE"] is True
    assert (
        found["SESSION_COOKIE_PATH"] == found["CSRF_COOKIE_PATH"] == found["LANGUAGE_COOKIE_PATH"] == "/k8s/"
    )
    assert (found["home"], found["STATIC_URL"]) == ("/k8s/", "/k8s/static/")


def test_without_it_only_this_machine_is_answered(tmp_path: Path) -> None:
    found = read_settings(PORTAL_DATA_DIR=str(tmp_path), HOST="0.0.0.0")
    assert found["ALLOWED_HOSTS"] == ["localhost", ".localhost", "127.0.0.1", "[::1]"]
    assert found["SESSION_COOKIE_SECURE"] is False
    assert (found["home"], found["errors"]) == ("/", [])


def test_wrong_settings_are_system_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    from k8sportal.environment import SettingError

    monkeypatch.setattr(
        settings, "PORTAL_SETTING_ERRORS", (SettingError("portal.E099", "Wrong.", "Right it."),)
    )
    assert checks.Error("Wrong.", hint="Right it.", id="portal.E099") in checks.run_checks()


def test_a_misspelt_name_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {
        "PORTAL_MAX_SOCKET": "1",
        "PORTAL_PORT_8000_TCP": "1",
        "PORTAL_SERVICE_HOST": "1",
        "PORTAL_DEMO": "1",
    }
    monkeypatch.setattr(settings.ENV, "variables", names)
    warnings = [message for message in checks.run_checks() if message.id == "portal.W001"]
    assert [message.msg for message in warnings] == ["No setting is called PORTAL_MAX_SOCKET."]


def test_replicas_on_a_file_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "portal.W002" not in [message.id for message in checks.run_checks()]
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1", raising=False)
    assert "portal.W002" in [message.id for message in checks.run_checks()]
