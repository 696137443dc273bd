"""A path prefix, and TLS that ends at the proxy: everything is right under https://…/tools/portal/."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.portal import ADMIN_PASSWORD
from tests.proxies.conftest import PREFIX, Site, prefixed_site
from tests.proxies.person import Person

SHOP = "cluster=demo&namespace=shop"
PAGES = ("/", f"/pods/?{SHOP}", "/pods/demo/shop/web-1/", "/login/", "/ledger/", "/nothing/", "/admin/")

_ADDRESS = re.compile(r'\b(?:href|src|action)="([^"]*)"')
_CONFIG = re.compile(r'id="portal-config" type="application/json">(.*?)</script>', re.DOTALL)


@pytest.fixture(params=["left", "cut off"])
def either(request: pytest.FixtureRequest, prefixed: Site, certificates: Path) -> Iterator[None]:
    """The proxy leaves the prefix in the path, or cuts it off."""
    if request.param == "left":
        yield
        return
    site = prefixed_site(prefixed.nginx.port, prefixed.portal.port, certificates)
    prefixed.nginx.reload(site.replace("proxy_pass http://k8sportal;", "proxy_pass http://k8sportal/;"))
    try:
        yield
    finally:
        prefixed.nginx.reload(site)


@pytest.mark.usefixtures("either")
def test_every_address_stays_under_the_prefix(visitor: Person) -> None:
    visitor.sign_in("admin", ADMIN_PASSWORD)
    static: set[str] = set()
    for path in PAGES:
        answer = visitor.get(path)
        assert answer.status == (404 if path == "/nothing/" else 200), path
        found = [address for address in _ADDRESS.findall(answer.body) if not address.startswith("#")]
        assert found, path
        for address in found:
            whole = urljoin(f"{visitor.origin}{PREFIX}{path}", address)
            assert whole.startswith(f"{visitor.origin}{PREFIX}/"), f"{path}: {address}"
        static |= {address for address in found if "/static/" in address}
        assert not re.search(r'[ "](/(?:api|ws|metrics|static)/)', answer.body), path
    assert len(static) > 5
    for address in static:
        assert visitor.get(address.removeprefix(PREFIX)).status == 200, address


@pytest.mark.usefixtures("either")
def test_scripts_find_the_api_and_the_socket(visitor: Person) -> None:
    found = _CONFIG.search(visitor.get(f"/pods/?{SHOP}").body)
    assert found is not None
    urls = json.loads(found[1])["urls"]
    assert urls["socket"] == f"{PREFIX}/ws/pods/?{SHOP}"
    answer = visitor.get(urls["poll"].removeprefix(PREFIX))
    assert (answer.status, answer.json()["feed"]["state"]) == (200, "live")
    assert asyncio.run(_first_frame(visitor, urls["socket"].removeprefix(PREFIX)))["type"] == "feed"


def test_static_files_refer_to_each_other_by_relative_addresses(visitor: Person) -> None:
    page = visitor.get(f"/pods/?{SHOP}").body
    for kind, reference in (("js", r"from\s*[\"']([^\"']+)"), ("css", r"url\([\"']?([^\"')]+)")):
        files = re.findall(rf'"({PREFIX}/static/[^"]+\.{kind})"', page)
        assert files
        for file in files:
            for address in re.findall(reference, visitor.get(file.removeprefix(PREFIX)).body):
                assert not address.startswith("/"), f"{file}: {address}"


@pytest.mark.usefixtures("either")
def test_redirects_stay_under_the_prefix(visitor: Person) -> None:
    for path, leads_to in (
        ("", f"{PREFIX}/"),
        ("/pods?a=b", f"{PREFIX}/pods/?a=b"),
        ("/admin/", f"{PREFIX}/admin/login/?next={PREFIX}/admin/"),
        ("/ledger/", f"{PREFIX}/login/?next={PREFIX}/ledger/"),
    ):
        answer = visitor.get(path)
        assert answer.status in (301, 302), path
        assert answer.headers["Location"] == leads_to, path
    assert visitor.sign_in("admin", ADMIN_PASSWORD).headers["Location"] == f"{PREFIX}/"
    assert visitor.get("/admin/").status == 200
    assert visitor.post("/logout/", form="/").headers["Location"] == f"{PREFIX}/"
    assert visitor.get("/admin/").status == 302


def test_the_portal_itself_adds_the_slash_that_the_cookies_path_needs(prefixed: Site) -> None:
    answer = Person(prefixed.portal.port, prefix=PREFIX).get("")
    assert (answer.status, answer.headers["Location"]) == (301, f"{PREFIX}/")


def test_cookies_are_for_the_prefix_and_for_tls_alone(visitor: Person) -> None:
    visitor.sign_in("admin", ADMIN_PASSWORD)
    assert set(visitor.cookies) == {"k8sportal_session", "k8sportal_csrf"}
    for name, cookie in visitor.cookies.items():
        assert (cookie["path"], cookie["secure"]) == (f"{PREFIX}/", True), name
    assert visitor.cookies["k8sportal_session"]["httponly"]


def test_pages_allow_scripts_and_sockets_of_their_own_origin_only(visitor: Person) -> None:
    policy = visitor.get("/").headers["Content-Security-Policy"]
    for directive in ("script-src 'self'", "connect-src 'self'", "form-action 'self'"):
        assert directive in policy


def test_metrics_are_not_routed(visitor: Person, prefixed: Site) -> None:
    assert visitor.get("/metrics").status == 404
    assert "k8sportal_sockets" in prefixed.portal.get(f"{PREFIX}/metrics")
    assert "k8sportal_sockets" in prefixed.portal.get("/metrics"), "a scraper asks without the prefix"


async def test_sockets_of_other_origins_are_refused(visitor: Person) -> None:
    for origin in (visitor.origin.replace("https", "http"), "https://127.0.0.1", "https://elsewhere.example"):
        with pytest.raises(Exception, match="HTTP 403"):
            async with visitor.socket(f"/ws/pods/?{SHOP}", origin=origin):
                pass


@pytest.mark.parametrize("sends", ["$http_host", "$host", "127.0.0.1:1"])
async def test_the_public_url_settles_the_origin_whatever_host_the_proxy_passes(
    prefixed: Site, visitor: Person, certificates: Path, sends: str
) -> None:
    whole = prefixed_site(prefixed.nginx.port, prefixed.portal.port, certificates)
    prefixed.nginx.reload(whole.replace("$http_host", sends))
    try:
        assert (await _first_frame(visitor, f"/ws/pods/?{SHOP}"))["type"] == "feed"
        assert visitor.sign_in("admin", ADMIN_PASSWORD).status == 302
    finally:
        prefixed.nginx.reload(whole)


async def _first_frame(visitor: Person, path: str) -> dict[str, str]:
    async with visitor.socket(path) as socket, asyncio.timeout(30):
        frame: dict[str, str] = json.loads(await socket.recv())
    return frame
