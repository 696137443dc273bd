"""Finds a Chromium that starts here, or gets one: Playwright's own download, else Debian's package.

`CHROME_BIN` names one where it stands in no usual place.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.programs import run_quietly, say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
START_DEADLINE_SECONDS = 60.0
DOWNLOAD_DEADLINE_SECONDS = 600.0


def find_chromium() -> Path | None:
    """An installed Chromium or Chrome that starts, else one that Playwright downloaded."""
    named = os.environ.get("CHROME_BIN")
    candidates = [named] if named else [shutil.which(name) for name in NAMES]
    for candidate in (*candidates, str(MAC), _playwrights_own()):
        if candidate and Path(candidate).exists() and _starts(candidate):
            return Path(candidate)
    return None


def ensure_chromium() -> Path | None:
    """`find_chromium()`, after getting one where there is none. None where nothing helps."""
    if found := find_chromium():
        return found
    for get in (_download, _install_debian_package):
        get()
        if found := find_chromium():
            return found
    return None


def _starts(program: str) -> bool:
    """Whether it shows a page: one without its libraries exists, too, and has a version."""
    command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "about:blank"]
    return run_quietly(command, START_DEADLINE_SECONDS)


def _playwrights_own() -> str | None:
    code = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip() or None


def _download() -> None:
    say("Downloading Chromium (playwright install chromium).")
    run_quietly([sys.executable, "-m", "playwright", "install", "chromium"], DOWNLOAD_DEADLINE_SECONDS)


def _install_debian_package() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    say("Installing Debian's chromium.")
    run_quietly(["apt-get", "update", "-qq"], DOWNLOAD_DEADLINE_SECONDS)
    run_quietly(["apt-get", "install", "-y", "-qq", "chromium"], DOWNLOAD_DEADLINE_SECONDS)
