"""The pictures in docs/screenshots: true ones, of the demo, made anew with SCREENSHOTS=1.

SCREENSHOTS=1 .venv/bin/python -m pytest -m browser tests/browser/test_screenshots.py
"""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Portal
from tests.cluster.processes import free_port
from tests.nginx import Nginx, portal_site

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
MAX_BYTES = 230_000
SIZES = {"wide": (1440, 760), "narrow": (390, 844)}
SHOP = "/pods/?cluster=demo&namespace=shop"


def _home(page: Page) -> None:
    page.goto("/")
    expect(page.locator("[data-namespace=shop] .total")).to_have_text(re.compile("pods"))


def _shop(page: Page) -> None:
    page.goto(SHOP)
    expect(page.locator("#feed-word")).to_have_text("Live")
    expect(page.locator("#summary")).to_contain_text("pods")


def _all(page: Page) -> None:
    page.goto("/pods/?cluster=demo&namespace=*&q=restarts:>0&sort=-restarts")
    expect(page.locator("#feed-word")).to_have_text("Live")
    expect(page.locator("#summary")).to_contain_text("pods")


def _pod(page: Page) -> None:
    page.goto(SHOP)
    page.locator("#rows > .bad", has_text="keeps ending").locator("a").first.click()
    expect(page.locator("#fact-uid")).not_to_be_empty()
    expect(page.locator("#containers li").first).to_be_attached()


def _own_page(page: Page) -> None:
    _pod(page)
    page.locator("#panel-own").click()
    expect(page.locator("#fact-uid")).not_to_be_empty()
    expect(page.locator("#containers li").first).to_be_attached()


def _map(page: Page) -> None:
    page.goto(f"{SHOP}&view=map")
    expect(page.locator("#map [data-name]").first).to_be_visible()


def _palette(page: Page) -> None:
    _shop(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("sh")
    expect(page.locator("#palette-list [role=option]").first).to_be_visible()


def _sign_in(page: Page) -> None:
    page.goto("/login/")


def _not_found(page: Page) -> None:
    page.goto("/pods/demo/shop/No_Pod/")


def _admin(page: Page) -> None:
    page.goto("/admin/")


VIEWS: dict[str, Callable[[Page], None]] = {
    "home": _home,
    "pods": _shop,
    "all-namespaces": _all,
    "panel": _pod,
    "pod": _own_page,
    "map": _map,
    "palette": _palette,
    "sign-in": _sign_in,
    "not-found": _not_found,
    "admin": _admin,
}


def _shoot(page: Page, name: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.png"
    page.mouse.move(0, 0)
    page.screenshot(path=path)
    assert path.stat().st_size < MAX_BYTES, f"{path.name} is too large for the repository"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_pictures_of_each_page(signed_in: Page, complaints: object, size: str, scheme: str) -> None:
    page = signed_in
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for name, visit in VIEWS.items():
        visit(page)
        _shoot(page, f"{name}-{size}-{scheme}")
    complaints.found.clear()  # type: ignore[attr-defined]  # the page that is not found is one on purpose


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_pictures_of_the_ledger(signed_in: Page, size: str, scheme: str) -> None:
    """With three viewers of its own, of one namespace, of several, and of all."""
    page = signed_in
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for query in ("namespace=shop", "namespace=shop&namespace=default&selector=tier%3Dweb", "namespace=*"):
        viewer = page.context.new_page()
        viewer.goto(f"/pods/?cluster=demo&{query}")
        expect(viewer.locator("#feed-word")).to_have_text("Live", timeout=20_000)
    page.bring_to_front()
    page.goto("/ledger/")
    expect(page.locator("#sockets .lr")).to_have_count(3, timeout=20_000)
    expect(page.locator("#balance-line")).to_contain_text("=", timeout=20_000)
    seen = page.locator("#sockets .lr [data-part=age]").first
    expect(seen).to_have_text(re.compile("1[0-9]s"), timeout=30_000)
    _shoot(page, f"ledger-{size}-{scheme}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_of_a_stale_page(page: Page, portal: Portal, scheme: str) -> None:
    page.set_viewport_size({"width": SIZES["wide"][0], "height": SIZES["wide"][1]})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    _shop(page)
    with portal.frozen_api():
        expect(page.locator("#feed-word")).to_have_text("Stale since", timeout=20_000)
        _shoot(page, f"stale-wide-{scheme}")
        page.set_viewport_size({"width": SIZES["narrow"][0], "height": SIZES["narrow"][1]})
        _shoot(page, f"stale-narrow-{scheme}")
    expect(page.locator("#feed-word")).to_have_text("Live", timeout=20_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_of_a_page_that_polls(
    browser: Browser, portal: Portal, nginx_program: object, scheme: str
) -> None:
    port = free_port()
    site = portal_site(port, [int(urlsplit(portal.url).port or 0)], {"Upgrade $http_upgrade;": "Upgrade '';"})
    with Nginx(port, site) as nginx:
        page = browser.new_page(base_url=nginx.url(""), color_scheme="dark" if scheme == "dark" else "light")
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.goto(SHOP)
            expect(page.locator("#feed-word")).to_have_text("Polling", timeout=20_000)
            _shoot(page, f"polling-{size}-{scheme}")
        page.close()
