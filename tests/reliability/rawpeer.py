"""A viewer that keeps no rule: it sends the bytes that it likes, and reads when it likes."""

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any

from tests.portal import PortalProcess

TEXT, BINARY, CONTINUATION, CLOSE, PING = 0x1, 0x2, 0x0, 0x8, 0x9
# Another address of this machine, so that what is counted by address is not the others' as well (Linux).
ELSEWHERE = "127.0.0.2"
FIRST_FRAME_SECONDS = 30.0
_NO_MASK = b"\0\0\0\0"


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, bits: int = 0, length: int = -1) -> bytes:
    """A frame as browsers send it; `length` is what the header says where that is a lie."""
    size = len(payload) if length < 0 else length
    head = bytes([(0x80 if fin else 0) | bits | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += struct.pack(">BH", 0x80 | 126, size)
    else:
        head += struct.pack(">BQ", 0x80 | 127, size)
    return head + _NO_MASK + payload


class RawPeer:
    """One connection. Close it, or use it as `async with RawPeer.open(…)`."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.code: int | None = None
        self.ended = False
        self.frames = 0
        self._buffer = bytearray()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, portal: PortalProcess, query: str, *, source: str = ELSEWHERE, receive_buffer: int = 0
    ) -> AsyncIterator["RawPeer"]:
        """Connects and shakes hands; `receive_buffer` is the size of the kernel's, in bytes."""
        with socket.socket() as connection:
            if receive_buffer:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            connection.bind((source, 0))
            connection.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(connection, ("127.0.0.1", portal.port))
            peer = cls(connection)
            await peer.send(handshake(portal, query))
            yield peer

    async def send(self, data: bytes) -> None:
        """Raises OSError where the portal has closed."""
        await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def first_frame(self) -> dict[str, Any]:
        """The first frame of the portal; the answer to the handshake goes before it."""
        async with asyncio.timeout(FIRST_FRAME_SECONDS):
            while b"\r\n\r\n" not in self._buffer:
                assert await self._more()
            head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            assert b" 101 " in head.splitlines()[0], head
            self._buffer = bytearray(rest)
            while (found := self._next()) is None:
                assert await self._more()
        value: dict[str, Any] = json.loads(found[1])
        return value

    async def next_frame(self) -> tuple[int, bytes] | None:
        """The next frame's opcode and payload; None where there is none any more."""
        while (found := self._next()) is None:
            if not await self._more():
                self.ended = True
                return None
        if found[0] == CLOSE:
            self.code = struct.unpack(">H", found[1][:2])[0]
        return found

    async def close_code(self, seconds: float) -> int | None:
        """Reads to the close frame; its code, or None where the connection ends without one."""
        async with asyncio.timeout(seconds):
            while self.code is None and await self.next_frame() is not None:
                pass
        return self.code

    async def until_gone(self, seconds: float) -> None:
        """Reads and throws away until the portal has ended the connection."""
        async with asyncio.timeout(seconds):
            while await self._more():
                self._buffer.clear()
        self.ended = True

    async def _more(self) -> bool:
        try:
            data = await asyncio.get_running_loop().sock_recv(self.socket, 65536)
        except OSError:
            return False
        self._buffer += data
        return bool(data)

    def _next(self) -> tuple[int, bytes] | None:
        if len(self._buffer) < 2:
            return None
        size, start = self._buffer[1] & 0x7F, 2
        if size >= 126:
            start = 4 if size == 126 else 10
            if len(self._buffer) < start:
                return None
            size = int.from_bytes(self._buffer[2:start])
        if len(self._buffer) < start + size:
            return None
        opcode, payload = self._buffer[0] & 0x0F, bytes(self._buffer[start : start + size])
        del self._buffer[: start + size]
        self.frames += 1
        return opcode, payload


def handshake(portal: PortalProcess, query: str) -> bytes:
    """The request that opens a WebSocket."""
    key = os.urandom(16).hex()[:22] + "=="
    return (
        f"GET /ws/pods/?{query} HTTP/1.1\r\nHost: 127.0.0.1:{portal.port}\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()
