"""Connections that send a byte of their request now and then, and never the last."""

import asyncio
import contextlib
import time

BYTE_SECONDS = 1.0


class Halves:
    """So many of them; `lasted` is for how many seconds each was let be."""

    def __init__(self, port: int, request: bytes) -> None:
        self.lasted: list[float] = []
        self._port = port
        self._request = request

    async def run(self, count: int, seconds: float) -> None:
        """Holds them all until the server has ended each; fails where one outlasts `seconds`."""
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                # Most of the request is there for some, a byte for others.
                start = 1 + number * (len(self._request) - 2) // count
                group.create_task(self._one(start, seconds), name=f"half a request, {start} bytes")

    async def _one(self, start: int, seconds: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        started = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                await self._drip(reader, writer, start)
        except OSError:
            pass
        finally:
            writer.transport.abort()
        self.lasted.append(time.monotonic() - started)

    async def _drip(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, start: int) -> None:
        """Until the server has ended the connection; what it says before that is of no interest."""
        writer.write(self._request[:start])
        ended = asyncio.ensure_future(reader.read())
        try:
            for at in range(start, len(self._request) - 1):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(ended), BYTE_SECONDS)
                    return
                writer.write(self._request[at : at + 1])
            await ended
        finally:
            ended.cancel()
            await asyncio.wait([ended])
