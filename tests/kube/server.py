"""Servers of a test's own, for what a real API server does not do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Server:
    """Answers every request on 127.0.0.1 by `handler`. `asked` are the requests so far but the probe's."""

    def __init__(self, handler: Handler) -> None:
        self.asked: list[web.BaseRequest] = []
        self.url = ""
        self._handler = handler
        self._answering: set[asyncio.Task[Any]] = set()
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in list(self._answering):
            task.cancel()
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path != "/version":
            self.asked.append(request)
        task = asyncio.current_task()
        assert task is not None
        self._answering.add(task)
        try:
            return await self._handler(request)
        finally:
            self._answering.discard(task)


def always(status: int, body: str = "", headers: dict[str, str] | None = None) -> Handler:
    """The same answer to everything."""

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, text=body, headers=headers)

    return handler


class ConnectProxy:
    """An HTTP proxy that knows CONNECT only. `targets` are those it was asked for."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        self.url = ""
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for pipe in self._pipes:
            pipe.cancel()
        if self._pipes:
            await asyncio.wait(self._pipes)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        self.targets.append(target)
        host, _, port = target.rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        pipes = {
            asyncio.create_task(_copy(reader, far_writer), name="pipe to the server"),
            asyncio.create_task(_copy(far_reader, writer), name="pipe from the server"),
        }
        self._pipes |= pipes
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            writer.transport.abort()
            far_writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except OSError:
        return
