"""Whose address a request comes from, told the same way under every server.

Forwarded headers are a claim of whoever sent them. They count only from a peer in
PORTAL_TRUSTED_PROXIES; from anybody else they are removed, so that nothing further in can be
misled by them. The servers' own handling of such headers stays off.
"""

import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from django.http import HttpRequest

from k8sportal.environment import IPNetwork

Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]

_FORWARDED = {
    b"forwarded",
    b"x-forwarded-for",
    b"x-forwarded-proto",
    b"x-forwarded-host",
    b"x-forwarded-port",
    b"x-real-ip",
    b"x-request-id",
}
_SECURE = {"http": "https", "ws": "wss"}


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in `text`; IPv4 inside IPv6 (`::ffff:…`) is IPv4, a zone (`%eth0`) is dropped."""
    try:
        address = ipaddress.ip_address(text.strip().strip("[]").split("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def is_within(text: str, networks: Sequence[IPNetwork]) -> bool:
    """Whether the address `text` lies in one of `networks`; what is no address lies in none."""
    address = _address(text)
    return address is not None and any(address in network for network in networks)


def client_address(scope: Scope) -> str:
    """The peer's address of an HTTP or WebSocket scope, in one spelling; "" where there is none.

    Behind `ForwardedHeaders` this is the viewer's own address, as far as trusted proxies know it.
    """
    client = scope.get("client")
    if not client:
        return ""
    address = _address(str(client[0]))
    return str(address) if address is not None else str(client[0])


def request_address(request: HttpRequest) -> str:
    """The same of a Django request (for django-axes)."""
    return str(request.META.get("REMOTE_ADDR", ""))


class ForwardedHeaders:
    """ASGI middleware, the outermost: settles `client`, `scheme` and `root_path` of each scope.

    - `client`: the peer, or what the nearest proxy that is not trusted itself claims to be.
    - `scheme`: raised to https/wss where a trusted proxy says `X-Forwarded-Proto: https`.
    - `root_path`: the path prefix of PORTAL_PUBLIC_URL, whatever the client's headers say (Daphne
      believes a `Daphne-Root-Path` from anybody); `path` begins with it, also behind proxies that
      cut it off.
    """

    def __init__(self, application: Application, trusted: Sequence[IPNetwork], prefix: str = "") -> None:
        self.application = application
        self.trusted = trusted
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = self._settled(scope)
        await self.application(scope, receive, send)

    def _settled(self, scope: Scope) -> Scope:
        peer = client_address(scope)
        headers = list(scope.get("headers", ()))
        scheme = scope.get("scheme") or ("ws" if scope["type"] == "websocket" else "http")
        port = scope["client"][1] if scope.get("client") else 0
        if is_within(peer, self.trusted):
            viewer = self._viewer(peer, headers)
            port = port if viewer == peer else 0
            peer = viewer
            if _last(headers, b"x-forwarded-proto") == "https":
                scheme = _SECURE.get(scheme, scheme)
        else:
            headers = [(name, value) for name, value in headers if name.lower() not in _FORWARDED]
        path = scope["path"]
        if self.prefix and not (path == self.prefix or path.startswith(f"{self.prefix}/")):
            path = self.prefix + path
        return {
            **scope,
            "client": [peer, port] if peer else None,
            "headers": headers,
            "scheme": scheme,
            "root_path": self.prefix,
            "path": path,
        }

    def _viewer(self, peer: str, headers: Sequence[tuple[bytes, bytes]]) -> str:
        """Walk `X-Forwarded-For` from the nearest hop outwards, for as long as hops are trusted."""
        hops = [value for name, value in headers if name.lower() == b"x-forwarded-for"]
        for text in reversed(b",".join(hops).decode("latin-1").split(",")):
            address = _address(text)
            if address is None:
                return peer
            peer = str(address)
            if not is_within(peer, self.trusted):
                return peer
        return peer


def _last(headers: Sequence[tuple[bytes, bytes]], wanted: bytes) -> str:
    """The last value of a header, lower case: the one that the nearest proxy wrote."""
    values = [value for name, value in headers if name.lower() == wanted]
    return values[-1].decode("latin-1").split(",")[-1].strip().lower() if values else ""
