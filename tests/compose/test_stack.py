"""compose.yaml as it is: nginx before two portals, one that migrated, one that dies before 200 viewers."""

import asyncio
import os
import re
import time
import urllib.error
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.browser.conftest import CHROMIUM_FLAGS
from tests.compose.crowd import crowd
from tests.compose.docker import ROOT, Stack, docker, wait_until
from tools.chromium import find_chromium

VIEWERS = 200
# After a portal was killed its viewers come back within seconds, each at a moment of its own.
RIGHT_AGAIN_SECONDS = 10.0
SHOW_PASSWORD = "docker compose exec portal cat /run/k8sportal/admin_password"
LIVE_SECONDS = 120.0
PAGE_MILLISECONDS = 120_000
MADE = {"secret_key": "600", "admin_password": "600", "database_password": "644", "database_url": "600"}
SCREENSHOT = ROOT / "docs" / "screenshots" / "compose.png"


@asynccontextmanager
async def a_page(stack: Stack) -> AsyncIterator[Page]:
    """A tab at the stack's own address; the test fails where the browser complained of anything."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_FLAGS))
        context = await browser.new_context(base_url=stack.url(), viewport={"width": 1440, "height": 760})
        context.set_default_timeout(PAGE_MILLISECONDS)
        page = await context.new_page()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
        yield page
        await browser.close()
    assert [line for line in complaints if line.startswith(("error", "warning", "uncaught"))] == []


def test_two_portals_are_ready_behind_nginx_and_one_step_migrated(fresh: Stack) -> None:
    fresh.up()
    portals = fresh.containers("portal")
    assert len(portals) == 2
    health = docker("inspect", "--format={{.State.Health.Status}} {{.HostConfig.ReadonlyRootfs}}", *portals)
    assert health.split("\n") == ["healthy true"] * 2
    assert "The database was migrated." in fresh.compose("logs", "migrate")


def test_the_figures_are_not_for_everybody(fresh: Stack) -> None:
    fresh.up()
    for path in ("/metrics", "//metrics", "/%6detrics", "/x/../metrics"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fresh.get(path)


def test_only_nginx_is_published_and_only_to_this_machine(fresh: Stack) -> None:
    fresh.up()
    wanted = f"label=com.docker.compose.project={fresh.name}"
    ports = docker("ps", "--filter", wanted, '--format={{.Label "com.docker.compose.service"}} {{.Ports}}')
    published = [line for line in ports.splitlines() if "->" in line]
    assert published == [f"nginx 127.0.0.1:{fresh.port}->8080/tcp"]


async def test_the_administrator_signs_in_with_the_password_that_the_command_shows(fresh: Stack) -> None:
    fresh.up()
    assert SHOW_PASSWORD in (ROOT / "README.md").read_text(encoding="utf-8")
    words = SHOW_PASSWORD.removeprefix("docker compose exec ").split()
    password = fresh.compose("exec", "-T", *words)
    async with a_page(fresh) as page:
        await page.goto("/login/")
        await page.get_by_label("User name").fill("admin")
        await page.get_by_label("Password").fill(password)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("/")
        await page.goto("/pods/?cluster=demo&namespace=shop")
        await expect(page.locator("#feed-word")).to_have_text("Live", timeout=PAGE_MILLISECONDS)
        await expect(page.locator("#summary")).to_contain_text(re.compile("[1-9][0-9]* pods"))
        await page.mouse.move(0, 0)
        picture = await page.screenshot()
    if "SCREENSHOTS" in os.environ:
        SCREENSHOT.write_bytes(picture)


async def test_a_portal_dies_before_200_viewers_and_all_are_right_again(fresh: Stack) -> None:
    """Half of them lose their socket; nobody loses more. Then the next `up` brings it back."""
    fresh.up()
    async with a_page(fresh) as page, crowd(fresh, VIEWERS) as viewers:
        await page.goto("/pods/?cluster=demo&namespace=shop")
        await viewers.all_right(LIVE_SECONDS)
        await expect(page.locator("#feed-word")).to_have_text("Live", timeout=PAGE_MILLISECONDS)
        portals = fresh.containers("portal")
        held = await asyncio.to_thread(lambda: {each: fresh.sockets(each) for each in portals})
        assert min(held.values()) > 0, f"nginx sends viewers to both: {held}"
        victim = max(held, key=lambda each: held[each])

        killed = time.monotonic()
        await asyncio.to_thread(fresh.kill, victim)
        await viewers.all_right(5 * RIGHT_AGAIN_SECONDS)
        took = time.monotonic() - killed
        print(f"{held[victim]} of {VIEWERS + 1} sockets were killed; all right after {took:.1f} s")
        lost = sum(viewer.closes for viewer in viewers.viewers)
        assert held[victim] - 1 <= lost <= held[victim] + VIEWERS / 10, "who was elsewhere kept the socket"

        # A row that has changed since shows that they go on, not only that nothing happened.
        before = await viewers.all_right(5 * RIGHT_AGAIN_SECONDS)
        async with asyncio.timeout(5 * RIGHT_AGAIN_SECONDS):
            while await viewers.all_right(5 * RIGHT_AGAIN_SECONDS) == before:
                await asyncio.sleep(0.5)
        (survivor,) = fresh.containers("portal")
        assert await asyncio.to_thread(fresh.sockets, survivor) == VIEWERS + 1
        await expect(page.locator("#feed-word")).to_have_text("Live", timeout=PAGE_MILLISECONDS)


async def test_three_portals_share_the_viewers_and_what_was_made_at_the_first_start(fresh: Stack) -> None:
    """Each `up` runs the steps for keys and migration again."""
    fresh.up()
    paths = [f"/run/k8sportal/{name}" for name in MADE]
    before = fresh.compose("exec", "-T", "portal", "cat", *paths)
    assert fresh.compose("exec", "-T", "portal", "stat", "-c", "%a", *paths).split() == list(MADE.values())
    fresh.up(portals=3)
    portals = fresh.containers("portal")
    assert [docker("exec", portal, "cat", *paths) for portal in portals] == [before] * 3
    assert "The database is up to date." in fresh.compose("logs", "migrate")
    async with crowd(fresh, 60) as viewers:
        await viewers.all_right(LIVE_SECONDS)
        # nginx asks for the portals' addresses anew every two seconds; who comes first may meet the old ones.
        held = await asyncio.to_thread(lambda: [fresh.sockets(each) for each in portals])
        print(f"sockets of three portals: {held}")
        assert sum(held) == 60
        assert sum(count > 0 for count in held) >= 2
    await asyncio.to_thread(wait_until, lambda: reached(fresh) >= 3, 60, "nginx reaches all three")


def reached(stack: Stack) -> int:
    """How many portals have answered of late, by nginx's log."""
    for _ in range(6):
        stack.get("/livez")
    lines = stack.compose("logs", "--tail=30", "nginx").splitlines()
    return len({found[0] for line in lines if (found := re.search(r"[\d.]+:8000", line))})
