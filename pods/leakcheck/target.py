"""Where the portal is that is looked at, and how it is asked."""

import asyncio
import ssl
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlsplit

# One request, from the connection to the last byte of the answer.
REQUEST_SECONDS = 20.0
# A page of metrics or an overview; more than that is not ours.
ANSWER_BYTES = 16 * 1024 * 1024
HEAD_BYTES = 32 * 1024


class CannotCheckError(Exception):
    """Nothing can be said about the portal; the message says why, in words."""


@dataclass(frozen=True)
class Address:
    """One HTTP address, taken apart. `path` begins with a slash."""

    host: str
    port: int
    secure: bool
    path: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises CannotCheckError unless `url` is an http or https address."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CannotCheckError(f"{url!r} is no address: it must begin with http:// or https://.")
        secure = parts.scheme == "https"
        return cls(parts.hostname, port or (443 if secure else 80), secure, parts.path or "/")

    def at(self, path: str) -> "Address":
        """Another path under this address."""
        return replace(self, path=f"{self.path.rstrip('/')}{path}")

    @property
    def name(self) -> str:
        """Host and port, as in a Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.name}{self.path}"

    def tls(self) -> ssl.SSLContext | None:
        """The context for a TLS connection; None for a plain one."""
        return ssl.create_default_context() if self.secure else None


@dataclass(frozen=True)
class Target:
    """A portal, who asks (`cookie`: a Cookie header, or ""), and for which view (a query string).

    `log`: likewise, for a log with lines in it; "" where none can be read.
    """

    portal: Address
    cookie: str
    query: str
    log: str = ""

    def request(self, path: str, query: str, *headers: str) -> bytes:
        """A GET request's head."""
        address = self.portal.at(path)
        lines = [f"GET {address.path}?{query} HTTP/1.1", f"Host: {address.name}", *headers]
        if self.cookie:
            lines.append(f"Cookie: {self.cookie}")
        return "\r\n".join([*lines, "", ""]).encode()


async def get(address: Address, query: str = "", cookie: str = "") -> tuple[int, bytes]:
    """The status and body of a GET. Raises CannotCheckError where there is no answer."""
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            return await _get(address, query, cookie)
    except TimeoutError as error:
        raise CannotCheckError(f"{address} did not answer within {REQUEST_SECONDS:.0f} s.") from error
    except (OSError, EOFError, asyncio.LimitOverrunError) as error:
        raise CannotCheckError(f"{address} cannot be reached: {_reason(error)}.") from error


async def _get(address: Address, query: str, cookie: str) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(
        address.host, address.port, ssl=address.tls(), limit=HEAD_BYTES
    )
    try:
        # HTTP/1.0: the answer is neither chunked nor kept alive.
        lines = [f"GET {address.path}{'?' if query else ''}{query} HTTP/1.0", f"Host: {address.name}"]
        if cookie:
            lines.append(f"Cookie: {cookie}")
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        body = bytearray()
        while len(body) < ANSWER_BYTES and (piece := await reader.read(65536)):
            body += piece
        return int(head.split(maxsplit=2)[1]), bytes(body)
    except (ValueError, IndexError) as error:
        raise ConnectionError("what answers speaks no HTTP") from error
    finally:
        writer.transport.abort()


def _reason(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "the connection was closed without an answer"
    if isinstance(error, asyncio.LimitOverrunError):
        return "what answers speaks no HTTP"
    return str(error.strerror or error) if isinstance(error, OSError) else str(error)
