"""A portal with its demo cluster, as processes of their own, and a real Chromium.

Everything is the real thing: `python -m k8sportal.run` serves, `python -m democluster` is the
Kubernetes API, which a test may freeze. Only what no demo has at hand (ten thousand pods) comes from
a WebSocket that the test speaks for.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.cluster.processes import free_port
from tools.chromium import find_chromium

# Taking pictures is a task, not a test: see the module.
collect_ignore = [] if "SCREENSHOTS" in os.environ else ["test_screenshots.py"]

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
# A condition is awaited for so long where a test says nothing else: a busy machine must not fail it.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)
PASSWORD = "only for these tests"
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Portal:
    """A running portal; `api` is the process of its demo cluster, which answers at `demo_url`."""

    url: str
    api: subprocess.Popen[str]
    demo_url: str

    @contextlib.contextmanager
    def frozen_api(self) -> Iterator[None]:
        """The Kubernetes API answers nothing, but its connections stay, as when a machine hangs."""
        self.api.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.api.send_signal(signal.SIGCONT)


@dataclass
class Complaints:
    """What the browser complained about: errors in the console, refused by CSP, uncaught."""

    found: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"uncaught: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.found.append(f"{message.type}: {message.text}")


@contextlib.contextmanager
def _process(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PORTAL_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=kept | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def _line(process: subprocess.Popen[str], prefix: str) -> str:
    """The rest of the first line that begins with `prefix`."""
    assert process.stdout is not None
    deadline = time.monotonic() + START_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(deadline - time.monotonic(), 0)):
            line = process.stdout.readline()
            if not line:
                break
            if line.startswith(prefix):
                return line.removeprefix(prefix).strip()
    pytest.fail(f"No line began with {prefix!r}.")


def _wait_until_ready(process: subprocess.Popen[str], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=5):
            return
        time.sleep(0.1)
    pytest.fail("The portal did not start.")


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The portal of all browser tests; break it only for the length of a `with`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    data = tmp_path_factory.mktemp("portal")
    with _process("democluster", "--port", "0") as api:
        demo_url = _line(api, "demo cluster on ")
        settings = {
            "PORT": str(port),
            "PORTAL_DATA_DIR": str(data),
            "PORTAL_DEMO": "1",
            "PORTAL_DEMO_URL": demo_url,
            "PORTAL_ADMIN_PASSWORD": PASSWORD,
        }
        with _process("k8sportal.run", **settings) as process:
            _wait_until_ready(process, url)
            yield Portal(url, api, demo_url)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


def start(playwright: Playwright, **more: Any) -> Browser:
    """Starts a Chromium; without one the test cannot run."""
    program = find_chromium()
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("No Chromium that starts.")
        pytest.skip("No Chromium that starts.")
    return playwright.chromium.launch(executable_path=program, args=list(CHROMIUM_FLAGS), **more)


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    found = start(playwright)
    yield found
    found.close()


@pytest.fixture(scope="session")
def session(browser: Browser, portal: Portal) -> list[SetCookieParam]:
    """The administrator's cookies, from one sign-in: each takes as long as a password's hash does."""
    context = browser.new_context(base_url=portal.url)
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("/")
    cookies = context.cookies()
    context.close()
    return [{"name": one["name"], "value": one["value"], "url": portal.url} for one in cookies]


@pytest.fixture
def context(browser: Browser, portal: Portal) -> Iterator[BrowserContext]:
    """A browser of somebody who is not signed in."""
    opened = browser.new_context(base_url=portal.url, viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints) -> Iterator[Page]:
    """A tab; the test fails where the browser complained of anything in it."""
    opened = context.new_page()
    complaints.listen(opened)
    yield opened
    assert complaints.found == []


@pytest.fixture
def signed_in(page: Page) -> Page:
    """A tab of the administrator."""
    page.goto("/login/")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("/")
    return page
