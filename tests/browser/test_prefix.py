"""The pages under a path prefix and TLS, both of which end at nginx."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Complaints
from tests.cluster.certificates import write_certificates
from tests.cluster.processes import free_port
from tests.nginx import Nginx
from tests.portal import ADMIN_PASSWORD, PortalProcess
from tests.proxies.conftest import PREFIX, prefixed_site

pytestmark = pytest.mark.browser

WAIT = 30_000


@pytest.fixture
def page(browser: Browser, complaints: Complaints, nginx_program: Path, tmp_path: Path) -> Iterator[Page]:
    """A tab at https://127.0.0.1:…/tools/portal/ that complains of nothing."""
    port = free_port()
    environment = {
        "PORTAL_TRUSTED_PROXIES": "127.0.0.1/32",
        "PORTAL_PUBLIC_URL": f"https://127.0.0.1:{port}{PREFIX}",
    }
    write_certificates(tmp_path)
    with PortalProcess(environment=environment) as portal:
        with Nginx(port, prefixed_site(port, portal.port, tmp_path), secure=True) as nginx:
            base = f"{nginx.url(PREFIX)}/"
            context = browser.new_context(base_url=base, ignore_https_errors=True)
            context.set_default_timeout(WAIT)
            opened = context.new_page()
            complaints.listen(opened)
            yield opened
            context.close()
    assert complaints.found == []


def test_everything_works_under_the_prefix(page: Page) -> None:
    page.goto("./")
    shop = page.locator("[data-namespace=shop]")
    expect(shop.locator("[data-part=total]")).to_have_text(re.compile(r"\d+ pods"), timeout=WAIT)
    with page.expect_websocket() as socket:
        shop.locator("a").first.click()
    assert socket.value.url.startswith(page.url.split("/pods/")[0].replace("https", "wss") + "/ws/pods/?")
    expect(page.locator("#feed-word")).to_have_text("Live", timeout=WAIT)
    page.locator("#rows a").first.click()
    page.locator("#panel-own").click()
    expect(page).to_have_url(re.compile(rf"{PREFIX}/pods/demo/shop/[^/]+/$"))
    expect(page.locator("#feed-word")).to_have_text("Live", timeout=WAIT)
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(rf"{PREFIX}/pods/demo/shop/[^/]+/$"))
    page.locator(".me summary").click()
    page.get_by_role("link", name="Live ledger").click()
    expect(page.locator("#balance-line")).to_contain_text("=", timeout=WAIT)
    page.locator(".me summary").click()
    page.get_by_role("link", name="Administration").click()
    page.get_by_role("link", name="View site").click()
    expect(page).to_have_url(re.compile(rf"{PREFIX}/$"))
    page.locator(".me summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
