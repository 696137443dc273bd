"""Whose address a request comes from, and what a stranger's headers cannot do."""

import ipaddress
from typing import Any

import pytest

from k8sportal.proxies import ForwardedHeaders, client_address, is_within

TRUSTED = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


async def settled(
    client: str | None,
    *headers: tuple[str, str],
    kind: str = "http",
    path: str = "/pods/",
    prefix: str = "",
    **more: Any,
) -> dict[str, Any]:
    """The scope that an application behind the middleware gets."""
    got: list[dict[str, Any]] = []

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        got.append(scope)

    scope = {
        "type": kind,
        "client": [client, 50000] if client else None,
        "headers": [(name.encode(), value.encode()) for name, value in headers],
        "path": path,
        **more,
    }
    await ForwardedHeaders(application, TRUSTED, prefix)(scope, None, None)
    return got[0]


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("peer", "forwarded", "viewer"),
    [
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("fd00::1", "[2001:db8::1]", "2001:db8::1"),
    ],
)
async def test_the_viewers_address(kind: str, peer: str, forwarded: str, viewer: str) -> None:
    scope = await settled(peer, ("x-forwarded-for", forwarded), kind=kind)
    assert client_address(scope) == viewer


async def test_a_header_sent_twice_is_one_list() -> None:
    scope = await settled("10.0.0.1", ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-For", "198.51.100.7"))
    assert client_address(scope) == "198.51.100.7"


@pytest.mark.parametrize(("kind", "plain", "secure"), [("http", "http", "https"), ("websocket", "ws", "wss")])
async def test_a_trusted_proxy_says_that_the_outside_is_secure(kind: str, plain: str, secure: str) -> None:
    header = ("x-forwarded-proto", "https")
    assert (await settled("10.0.0.1", header, kind=kind))["scheme"] == secure
    assert (await settled("192.0.2.1", header, kind=kind))["scheme"] == plain


async def test_a_strangers_claims_are_removed() -> None:
    claims = [("x-forwarded-for", "1.1.1.1"), ("Forwarded", "for=1"), ("X-Request-ID", "x"), ("host", "a")]
    assert [name for name, _ in (await settled("192.0.2.1", *claims))["headers"]] == [b"host"]
    assert len((await settled("10.0.0.1", *claims))["headers"]) == 4


@pytest.mark.parametrize(
    ("path", "whole"), [("/pods/", "/k8s/pods/"), ("/k8s/pods/", "/k8s/pods/"), ("/k8s", "/k8s")]
)
async def test_the_prefix_is_the_settings_and_not_a_strangers(path: str, whole: str) -> None:
    scope = await settled("192.0.2.1", path=path, prefix="/k8s", root_path="/evil")
    assert (scope["root_path"], scope["path"]) == ("/k8s", whole)
    assert (await settled("192.0.2.1", root_path="/evil"))["root_path"] == ""


async def test_a_peer_without_an_address_is_trusted_by_nobody() -> None:
    scope = await settled(None, ("x-forwarded-for", "1.1.1.1"))
    assert client_address(scope) == ""
    assert not is_within("", TRUSTED)
