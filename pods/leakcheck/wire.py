"""One raw connection of a viewer: as much of HTTP and WebSocket as coming and leaving badly takes."""

import asyncio
import contextlib
import json
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from typing import Any

from pods.leakcheck.target import Target

SUBPROTOCOL = "k8sportal.v1"
# A small window of our own, so that the portal is in the middle of sending when we leave.
RECEIVE_BYTES = 16 * 1024
HEAD_BYTES = 16 * 1024
# How long the portal may take to close its side after our end of file.
END_SECONDS = 5.0

TEXT, CLOSE = 0x1, 0x8
_MASKED = 0x80


class UnexpectedError(Exception):
    """The portal did not do what it does for a viewer; the message says what."""


class Connection:
    """Bytes to and from the portal. Made by `connected`, which also ends it."""

    def __init__(self, target: Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._target = target
        self._reader = reader
        self._writer = writer

    # Asking

    def handshake(self, query: str | None = None, path: str = "/ws/pods/") -> bytes:
        """The request that opens the viewer's WebSocket; `query` in place of the target's own."""
        key = "a2VlcCBubyBzb2NrZXQhIQ=="  # any 16 bytes: nobody but us reads the answer to it
        return self._target.request(
            path,
            self._target.query if query is None else query,
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            f"Sec-WebSocket-Protocol: {SUBPROTOCOL}",
        )

    def rows(self) -> bytes:
        """The request for the view's rows over HTTP."""
        return self._target.request("/api/v1/pods", self._target.query)

    async def send(self, data: bytes) -> None:
        """Writes `data` as it is."""
        self._writer.write(data)
        await self._writer.drain()

    async def open(self, query: str | None = None) -> None:
        """Asks for the WebSocket and waits until it is open. Raises UnexpectedError."""
        await self._open(self.handshake(query))

    async def open_log(self) -> None:
        """The same for the target's log."""
        await self._open(self.handshake(self._target.log, "/ws/logs/"))

    async def _open(self, request: bytes) -> None:
        await self.send(request)
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            raise UnexpectedError("what answers speaks no HTTP") from error
        status = head.split(maxsplit=2)[1:2]
        if status != [b"101"]:
            said = b"".join(status).decode("ascii", "replace")
            raise UnexpectedError(f"the WebSocket was answered with HTTP {said}")

    # Frames

    async def message(self) -> dict[str, Any]:
        """The next text frame's object. Raises UnexpectedError where the portal closes."""
        while True:
            opcode, size = await self._frame_head()
            body = await self._reader.readexactly(size)
            if opcode == CLOSE:
                code = struct.unpack("!H", body[:2])[0] if len(body) >= 2 else 1005
                raise UnexpectedError(f"the portal closed with {code}")
            if opcode == TEXT:
                return _object(body)

    async def until(self, kind: str) -> dict[str, Any]:
        """The first message of this type. Raises UnexpectedError for a final refusal before."""
        while True:
            message = await self.message()
            if message["type"] == kind:
                return message
            if message["type"] == "error" and message["final"]:
                raise UnexpectedError(f"the portal refused: {message['message']}")

    async def middle_of(self, kind: str) -> None:
        """Reads no further than into the first message of this type."""
        while True:
            opcode, size = await self._frame_head()
            begun = await self._reader.readexactly(min(size, len(kind) + 32))
            if opcode == TEXT and f'"type":"{kind}"'.encode() in begun:
                return
            await self._reader.readexactly(size - len(begun))

    async def closed(self) -> None:
        """Waits for the portal's close frame."""
        opcode = TEXT
        while opcode != CLOSE:
            opcode, size = await self._frame_head()
            await self._reader.readexactly(size)

    async def _frame_head(self) -> tuple[int, int]:
        """Opcode and size of the next frame's body."""
        first, second = await self._reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack("!H", await self._reader.readexactly(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", await self._reader.readexactly(8))[0]
        return first & 0x0F, size

    # Leaving

    def reset(self) -> None:
        """Gone at once, as when a browser crashes: the portal gets a reset."""
        own = self._writer.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def end(self) -> None:
        """The end of file, without a close frame; waits a while for the portal's."""
        with contextlib.suppress(OSError, TimeoutError, ssl.SSLError):
            self._writer.get_extra_info("socket").shutdown(socket.SHUT_WR)
            async with asyncio.timeout(END_SECONDS):
                while await self._reader.read(65536):
                    pass

    async def leave(self, cycle: int) -> None:
        """By a reset or by an end of file, in turn."""
        if cycle % 2:
            await self.end()
        else:
            self.reset()


def _object(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except ValueError as error:
        raise UnexpectedError("a frame was no JSON") from error
    if not isinstance(message, dict) or "type" not in message:
        raise UnexpectedError("a frame was none of a portal's")
    return message


def frame(opcode: int, body: bytes) -> bytes:
    """A frame as clients send it: masked."""
    size = len(body)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, _MASKED | size)
    else:
        head = struct.pack("!BBH", 0x80 | opcode, _MASKED | 126, size)
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(body))


def text(**message: object) -> bytes:
    """A text frame with this object."""
    return frame(TEXT, json.dumps(message).encode())


def close(code: int = 1000) -> bytes:
    """A close frame."""
    return frame(CLOSE, struct.pack("!H", code))


@contextlib.asynccontextmanager
async def connected(target: Target) -> AsyncIterator[Connection]:
    """A connection to the portal, which is gone at the end of the block, whatever happened in it."""
    own = await _connect(target)
    try:
        reader, writer = await asyncio.open_connection(
            sock=own,
            ssl=target.portal.tls(),
            server_hostname=target.portal.host if target.portal.secure else None,
            limit=HEAD_BYTES,
        )
    except BaseException:
        own.close()
        raise
    try:
        yield Connection(target, reader, writer)
    finally:
        writer.transport.abort()


async def _connect(target: Target) -> socket.socket:
    """A connected socket with a small window; of a name's addresses the first that answers."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(target.portal.host, target.portal.port, type=socket.SOCK_STREAM)
    failure: OSError = ConnectionError("the name has no address")
    for family, kind, protocol, _, address in found:
        own = socket.socket(family, kind, protocol)
        try:
            own.setblocking(False)
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
            await loop.sock_connect(own, address)
        except OSError as error:
            own.close()
            failure = error
        except BaseException:
            own.close()
            raise
        else:
            return own
    raise failure
