"""WebSockets come from our own pages, or from scripts: the check that browsers leave to servers.

The Origin must equal scheme, host and port of the request, or stand in CSRF_TRUSTED_ORIGINS (which
holds that of PORTAL_PUBLIC_URL too); none at all is what scripts send. Host must be allowed. Anything
else is refused before the handshake (HTTP 403): the page that asked is not ours.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.http.request import split_domain_port, validate_host

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

_HTTP = {"ws": "http", "wss": "https"}
_PORTS = {"http": 80, "https": 443}


class OwnOrigin:
    """ASGI middleware for WebSockets. `trusted` are origins, `*.` allowed before the domain."""

    def __init__(self, application: Application, hosts: Sequence[str], trusted: Sequence[str]) -> None:
        self.application = application
        self.hosts = hosts
        self.trusted = trusted

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if self._allowed(scope):
            await self.application(scope, receive, send)
        else:
            await send({"type": "websocket.close"})

    def _allowed(self, scope: dict[str, Any]) -> bool:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        if not validate_host(split_domain_port(host)[0], self.hosts):
            return False
        origin = headers.get(b"origin")
        scheme = _HTTP.get(scope.get("scheme") or "ws", "http")
        return origin is None or allows_origin(origin, scheme, host, self.trusted)


def allows_origin(origin: str, scheme: str, host: str, trusted: Sequence[str]) -> bool:
    """Whether a page of `origin` may open sockets here, where `scheme` and `host` were asked for."""
    asked = _split(origin)
    own = _split(f"{scheme}://{host}")
    return asked is not None and (asked == own or any(_trusts(item, asked) for item in trusted))


def _split(origin: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an origin; None for `null` and what is none."""
    try:
        parts = urlsplit(origin)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    if not parts.scheme or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port


def _trusts(trusted: str, asked: tuple[str, str, int]) -> bool:
    split = _split(trusted.replace("://*.", "://"))
    if split is None:
        return False
    if "://*." in trusted:
        same_place = (split[0], split[2]) == (asked[0], asked[2])
        return same_place and asked[1].endswith(f".{split[1]}")
    return split == asked
