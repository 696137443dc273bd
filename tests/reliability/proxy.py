"""An HTTP proxy before an API server that ends TLS, and does to requests what faults.py lists.

TCP faults are TcpProxy's; both together, in a process of their own, are FaultProxy.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

import aiohttp
from aiohttp import web
from yarl import URL

from tests.reliability.faults import BIG_BYTES, Asked, Fault, Verb, strikes

CONNECT_SECONDS = 5.0
END_OF_LIST = b"k8s.io/initial-events-end"
FORWARDED_UP = ("Accept", "Accept-Encoding", "Authorization")
FORWARDED_DOWN = ("Content-Type", "Content-Encoding", "Retry-After")

_OBJECT = b'"object":{'
_INFLATED = _OBJECT + b'"padding":"' + b"x" * BIG_BYTES + b'",'


class HttpProxy:
    """Answers on 127.0.0.1:`port` by asking `target`; `folder` holds the control plane's certificates.

    `asked` are the requests so far, those that were answered by a fault included.
    """

    def __init__(self, target: str, folder: Path) -> None:
        self.asked: list[Asked] = []
        self.port = 0
        self._faults: dict[str, Fault] = {}
        self._streams: set[_Stream] = set()
        self._target = target
        self._folder = folder
        self._runner = web.ServerRunner(
            web.Server(self._answer, handler_cancellation=True, access_log=None), shutdown_timeout=0.1
        )
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        there = ssl.create_default_context(cafile=str(self._folder / "ca.crt"))
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=there, limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            auto_decompress=False,
        )
        here = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        here.load_cert_chain(self._folder / "server.crt", self._folder / "server.key")
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=here).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    def apply(self, name: str, fault: Fault) -> None:
        """From now on; open watches are struck at once. A fault of that name is replaced."""
        self._faults[name] = fault
        for stream in self._streams:
            if strikes(fault, stream.asked):
                stream.strike(fault)

    def clear(self, name: str) -> None:
        """Ends a fault. What is mute stays mute."""
        self._faults.pop(name, None)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = read_request(request.rel_url, time.monotonic())
        self.asked.append(asked)
        fault = self._fault(asked)
        if fault is not None and fault.kind == "answer":
            return web.Response(status=fault.status, headers=fault.headers, text=fault.body)
        try:
            return await self._forward(request, asked)
        except (aiohttp.ClientError, OSError):
            if request.transport is not None:
                request.transport.abort()
            return web.Response()

    def _fault(self, asked: Asked) -> Fault | None:
        """The newest that strikes it, of those that change answers."""
        found = [f for f in self._faults.values() if f.kind != "rewrite" and strikes(f, asked)]
        return found[-1] if found else None

    async def _forward(self, request: web.BaseRequest, asked: Asked) -> web.StreamResponse:
        assert self._session is not None
        headers = {name: request.headers[name] for name in FORWARDED_UP if name in request.headers}
        url = URL(self._target + self._path(request.rel_url, asked), encoded=True)
        async with self._session.get(url, headers=headers) as answer:
            response = web.StreamResponse(status=answer.status)
            for name in FORWARDED_DOWN:
                if name in answer.headers:
                    response.headers[name] = answer.headers[name]
            await response.prepare(request)
            if asked.verb == "watch" and answer.status == 200:
                stream = _Stream(asked, request, response)
                self._streams.add(stream)
                try:
                    await stream.forward(answer, self._fault(asked))  # it may have come since it was asked
                finally:
                    self._streams.discard(stream)
            else:
                async for piece in answer.content.iter_any():
                    await response.write(piece)
            await response.write_eof()
            return response

    def _path(self, url: URL, asked: Asked) -> str:
        query = dict(parse_qsl(url.raw_query_string, keep_blank_values=True))
        for fault in self._faults.values():
            if fault.kind == "rewrite" and strikes(fault, asked):
                query |= {name: value for name, value in fault.query.items() if name in query}
        return f"{url.raw_path}?{urlencode(query)}" if query else url.raw_path


class _Stream:
    """One watch, forwarded line by line until it ends or a fault ends it."""

    def __init__(self, asked: Asked, request: web.BaseRequest, response: web.StreamResponse) -> None:
        self.asked = asked
        self._request = request
        self._response = response
        self._struck: asyncio.Future[Fault] = asyncio.get_running_loop().create_future()
        self._inflates = False

    def strike(self, fault: Fault) -> None:
        """While it is open. The first fault that ends it counts."""
        if fault.kind == "inflate":
            self._inflates = True
        elif fault.kind != "rewrite" and not self._struck.done():
            self._struck.set_result(fault)

    async def forward(self, answer: aiohttp.ClientResponse, fault: Fault | None) -> None:
        """`fault` is what strikes it from the beginning."""
        later = None
        if fault is not None and fault.after_list and self.asked.streaming:
            later = fault
        elif fault is not None:
            self.strike(fault)
        lines = asyncio.create_task(self._lines(answer, later), name="proxied lines")
        try:
            waiting: list[asyncio.Future[Any]] = [lines, self._struck]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lines.cancel()
            await asyncio.wait([lines])
        if self._struck.done():
            await self._suffer(self._struck.result())
        elif not lines.cancelled():
            lines.result()

    async def _lines(self, answer: aiohttp.ClientResponse, later: Fault | None) -> None:
        async for line in _whole_lines(answer):
            await self._response.write(line.replace(_OBJECT, _INFLATED, 1) if self._inflates else line)
            if later is not None and END_OF_LIST in line:
                self.strike(later)
                await asyncio.get_running_loop().create_future()

    async def _suffer(self, fault: Fault) -> None:
        """What `fault` does instead of anything more from the server."""
        if fault.kind == "line":
            await self._response.write(fault.line.encode("latin-1"))
        elif fault.kind == "mute":
            await asyncio.get_running_loop().create_future()
        elif fault.kind == "cut":
            raise ConnectionResetError


async def _whole_lines(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """A watch's events, each with its newline: a fault falls between two of them."""
    rest = b""
    async for piece in answer.content.iter_any():
        whole, newline, rest = (rest + piece).rpartition(b"\n")
        for line in whole.split(b"\n") if newline else ():
            yield line + b"\n"


def read_request(url: URL, at: float) -> Asked:
    """What a request is for."""
    parts = url.path.strip("/").split("/")
    if parts == ["version"]:
        return Asked(at, "probe", "version", "*")
    namespace = parts[parts.index("namespaces") + 1] if "namespaces" in parts[:-1] else "*"
    named = 0
    with suppress(ValueError):
        named = len(parts) - parts.index("namespaces") - 3
    resource = parts[-2] if named == 1 else parts[-1]
    verb: Verb = "watch" if url.query.get("watch") == "true" else "get" if named == 1 else "list"
    return Asked(
        at,
        verb,
        resource,
        namespace,
        continued="continue" in url.query,
        streaming="sendInitialEvents" in url.query,
    )
