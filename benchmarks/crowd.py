"""Many viewers in one process, as cheap as can be: they read, count, and acknowledge as the contract asks.

A frame costs such a viewer some microseconds, so that the portal is the busy one: nothing is parsed but what
an acknowledgement needs.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

ACK_SECONDS = 4.0
OPENING = 20
OPEN_SECONDS = 120.0
END_SECONDS = 20.0
# Whoever is sent away while coming, by an overloaded portal, comes again after so long.
AGAIN_SECONDS = 1.0
_HANDSHAKE = (
    "GET /ws/pods/?cluster=test&namespace={namespace} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: a2VlcCBubyBzb2NrZXQhIQ==\r\nSec-WebSocket-Protocol: k8sportal.v1\r\n\r\n"
)
_TEXT, _CLOSE = 0x1, 0x8
_TOKEN = re.compile(rb'"token":"([^"]+)"')
_PART = re.compile(rb'"part":(\d+)')
_HEAD_BYTES = 200


class Viewer(asyncio.Protocol):
    """One viewer of one namespace. `rows` is set once it has all of them, `ended` with the connection."""

    def __init__(self, port: int, namespace: str) -> None:
        self.frames = 0
        self.bytes = 0
        self.rows = asyncio.Event()
        self.ended = asyncio.Event()
        self._port = port
        self._namespace = namespace
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._open = False
        self._token = b""
        self._last = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the socket."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(_HANDSHAKE.format(namespace=self._namespace, port=self._port).encode())

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, whoever wanted it."""
        self.ended.set()

    def data_received(self, data: bytes) -> None:
        """Takes whole frames out of what has come."""
        self._buffer += data
        if not self._open:
            head, separator, rest = self._buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            assert head.startswith(b"HTTP/1.1 101"), bytes(head[:200])
            self._open, self._buffer = True, rest
        start = 0
        while (end := self._frame_end(start)) is not None:
            start = end
        del self._buffer[:start]

    async def came(self) -> bool:
        """Waits for all rows; False where the portal ended the connection before."""
        waits = [
            asyncio.create_task(event.wait(), name=name)
            for name, event in (("rows", self.rows), ("ended", self.ended))
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        if self.ended.is_set():
            print(f"A viewer was sent away at once: {self._last[:_HEAD_BYTES]!r}", flush=True)
        return not self.ended.is_set()

    def acknowledge(self, part: bytes = b"") -> None:
        """Says that all up to the last token is merged."""
        if self._token and self._transport is not None and not self._transport.is_closing():
            more = b',"part":' + part if part else b""
            text = b'{"type":"ack","token":"' + self._token + b'"' + more + b"}"
            # A mask of zeros leaves the text as it is; it is shorter than 126 bytes.
            self._transport.write(bytes([0x80 | _TEXT, 0x80 | len(text)]) + bytes(4) + text)

    def leave(self) -> None:
        """Closes the socket with 1000."""
        if self._transport is not None:
            self._transport.write(bytes([0x80 | _CLOSE, 0x80 | 2]) + bytes(4) + (1000).to_bytes(2))
            self._transport.close()

    def _frame_end(self, start: int) -> int | None:
        """Where the frame that begins at `start` ends, once it is there; then it has been taken."""
        buffer = self._buffer
        if len(buffer) < start + 2:
            return None
        length, body = buffer[start + 1], start + 2
        if length > 125:
            width = 2 if length == 126 else 8
            if len(buffer) < body + width:
                return None
            length, body = int.from_bytes(buffer[body : body + width]), body + width
        if len(buffer) < body + length:
            return None
        if buffer[start] & 0xF == _TEXT:
            self._take(bytes(buffer[body : min(body + length, body + _HEAD_BYTES)]))
        self.frames += 1
        self.bytes += body + length - start
        return body + length

    def _take(self, head: bytes) -> None:
        """The beginning of a frame's text, where its type and token stand."""
        self._last = head
        if head.startswith(b'{"type":"feed"'):
            return
        token = _TOKEN.search(head)
        self._token = token[1] if token else self._token
        if head.startswith(b'{"type":"snapshot"'):
            part = _PART.search(head)
            self.acknowledge(part[1] if part else b"")
            if b'"last":true' in head:
                self.rows.set()


@asynccontextmanager
async def crowd(ports: Sequence[int], namespaces: Sequence[str], count: int) -> AsyncIterator[list[Viewer]]:
    """So many viewers with all rows, spread over the portals, and over the namespaces at each of them."""
    loop = asyncio.get_running_loop()
    viewers: list[Viewer] = []
    gate = asyncio.Semaphore(OPENING)

    async def come(number: int) -> None:
        port = ports[number % len(ports)]
        namespace = namespaces[number // len(ports) % len(namespaces)]
        async with gate, asyncio.timeout(OPEN_SECONDS):
            while True:
                _, viewer = await loop.create_connection(partial(Viewer, port, namespace), "127.0.0.1", port)
                if await viewer.came():
                    viewers.append(viewer)
                    return
                await asyncio.sleep(AGAIN_SECONDS)

    async def acknowledge() -> None:
        while True:
            await asyncio.sleep(ACK_SECONDS)
            for viewer in viewers:
                viewer.acknowledge()

    acks = asyncio.create_task(acknowledge(), name="acknowledges")
    try:
        await asyncio.gather(*(come(number) for number in range(count)))
        yield viewers
    finally:
        acks.cancel()
        for viewer in viewers:
            viewer.leave()
        await asyncio.gather(acks, return_exceptions=True)
        for viewer in viewers:
            async with asyncio.timeout(END_SECONDS):
                await viewer.ended.wait()
