"""A TCP proxy between the portal and an API server, which can cut, refuse and swallow."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from tests.cluster.processes import free_port

PIECE_BYTES = 64 * 1024


class TcpProxy:
    """Forwards connections on 127.0.0.1 to `port`; TLS goes through untouched.

    `own_port` is where it listens. `accepted` counts the connections that were made to it so far.
    """

    def __init__(self, port: int, own_port: int | None = None) -> None:
        self.accepted = 0
        self._target = port
        self._server: asyncio.Server | None = None
        self._port = own_port or free_port()
        self._connections: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()

    @property
    def url(self) -> str:
        """The API server's address by way of this proxy."""
        return f"https://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        await self.restore()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    async def cut(self) -> None:
        """Breaks every connection, and refuses new ones until `restore`."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        await self.break_connections()

    async def break_connections(self) -> None:
        """Breaks every connection; new ones are taken."""
        for task in self._connections:
            task.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    async def restore(self) -> None:
        """Takes connections (again), on the same port; nothing where it does."""
        if self._server is not None:
            return
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, reuse_address=True)

    def swallow(self) -> None:
        """From now on bytes vanish, as on a dead link; connections are taken and stay open."""
        self._flows.clear()

    def heal(self) -> None:
        """Ends `swallow` for new connections; what was open stays dead, as when a router forgot it."""
        self._flows = asyncio.Event()
        self._flows.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.create_task(self._forward(reader, writer, self._flows), name="proxied connection")
        self._connections.add(task)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            self._connections.discard(task)
            writer.transport.abort()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flows: asyncio.Event
    ) -> None:
        await flows.wait()
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            return
        try:
            pipes = [
                asyncio.create_task(_pipe(reader, far_writer, flows), name="proxied bytes up"),
                asyncio.create_task(_pipe(far_reader, writer, flows), name="proxied bytes down"),
            ]
            try:
                await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pipe in pipes:
                    pipe.cancel()
                await asyncio.wait(pipes)
        finally:
            far_writer.transport.abort()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flows: asyncio.Event) -> None:
    try:
        while piece := await reader.read(PIECE_BYTES):
            await flows.wait()
            writer.write(piece)
            await writer.drain()
    except OSError:
        return
