"""The configurations of docs/proxies.md: nginx's is the one that all these tests use; here are the others."""

import json
import re
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8sportal.urls import urlpatterns
from tests.cluster.control_plane import ControlPlane
from tests.cluster.processes import ProgramGroup, free_port
from tests.portal import ADMIN_PASSWORD, ROOT
from tests.proxies.conftest import Site
from tests.proxies.person import Person

FOLDER = ROOT / "deploy" / "proxies"
FILES = sorted(FOLDER.iterdir())
PODS = "/ws/pods/?cluster=demo&namespace=shop"
READY_SECONDS = 20.0
# docs/contract.md: a browser that got nothing for this long reconnects by itself; a proxy must not be first.
SILENCE_SECONDS = 12.0


@pytest.fixture(scope="module")
def haproxy(
    plain: Site, haproxy_program: Path, certificates: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """The port of an HAProxy that ends TLS before the plain portal."""
    folder, port = tmp_path_factory.mktemp("haproxy"), free_port()
    pem = folder / "portal.pem"
    pem.write_bytes((certificates / "server.crt").read_bytes() + (certificates / "server.key").read_bytes())
    text = (FOLDER / "haproxy.cfg").read_text()
    for what, instead in (
        ("bind :443", f"bind 127.0.0.1:{port}"),
        ("/etc/haproxy/portal.pem", str(pem)),
        ("127.0.0.1:8000", f"127.0.0.1:{plain.portal.port}"),
    ):
        assert text.count(what) == 1
        text = text.replace(what, instead)
    (folder / "haproxy.cfg").write_text(text)
    programs = ProgramGroup(folder)
    try:
        programs.start("haproxy", [str(haproxy_program), "-db", "-f", str(folder / "haproxy.cfg")])
        _wait_until_ready(programs, Person(port, trust=_trust(certificates)))
        yield port
    finally:
        programs.stop()


def _wait_until_ready(programs: ProgramGroup, person: Person) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        programs.check_running()
        try:
            if person.get("/livez").status == 200:
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, programs.log_tail("haproxy")
        time.sleep(0.05)


def _trust(certificates: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificates / "ca.crt"))


async def test_haproxy_passes_all_that_the_portal_needs(
    haproxy: int, plain: Site, certificates: Path
) -> None:
    admin = Person(plain.portal.port)
    assert admin.sign_in("admin", ADMIN_PASSWORD).status == 302
    person = Person(haproxy, "127.0.0.9", trust=_trust(certificates))
    assert person.sign_in("admin", ADMIN_PASSWORD).status == 302, "scheme and Host are the browser's"
    async with person.socket(PODS, X_Forwarded_For="203.0.113.9") as socket:
        assert json.loads(await socket.recv())["type"] == "feed"
        assert admin.addresses_in_the_ledger().count("127.0.0.9") == 1
    assert person.get("/metrics").status == 404


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_document_shows_each_configuration_as_it_is(path: Path) -> None:
    assert f"\n{path.read_text()}```" in (ROOT / "docs" / "proxies.md").read_text()


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("nginx.conf", r"proxy_(?:read|send)_timeout (\d+)s;"),
        ("haproxy.cfg", r"timeout (?:client|server|tunnel) (\d+)s"),
        ("ingress-nginx.yaml", r'proxy-(?:read|send)-timeout: "(\d+)"'),
        ("traefik.yaml", r"responseHeaderTimeout: (\d+)s"),
    ],
)
def test_no_proxy_gives_up_before_the_browser_does(name: str, pattern: str) -> None:
    found = re.findall(pattern, (FOLDER / name).read_text())
    assert found
    assert all(float(seconds) > SILENCE_SECONDS for seconds in found)


def test_traefik_routes_the_host_but_not_the_metrics() -> None:
    found = yaml.safe_load((FOLDER / "traefik.yaml").read_text())["http"]
    router = found["routers"]["k8sportal"]
    assert router["rule"] == "Host(`portal.example.com`) && !Path(`/metrics`)"
    service = found["services"][router["service"]]["loadBalancer"]
    assert service["passHostHeader"] is True
    assert service["serversTransport"] in found["serversTransports"]


def test_the_ingress_routes_every_page_but_no_metrics_and_probes() -> None:
    paths = {each["path"] for each in _ingress()["spec"]["rules"][0]["http"]["paths"]}
    patterns: list[Any] = urlpatterns
    tops = {"/" + str(each.pattern).split("/")[0] for each in patterns}
    assert paths == {*tops, "/static"} - {"/metrics", "/livez", "/readyz"}


def test_the_ingress_is_taken_by_an_api_server(control_plane: ControlPlane) -> None:
    path = "/apis/networking.k8s.io/v1/namespaces/default/ingresses?dryRun=All&fieldValidation=Strict"
    answer = control_plane.api("POST", path, _ingress()).json()
    assert answer["metadata"]["name"] == "k8sportal"


def _ingress() -> Any:
    return yaml.safe_load((FOLDER / "ingress-nginx.yaml").read_text())
