"""A line of a given rate and round trip before a port: what browsers imitate does not slow sockets.

All connections share the rate downwards, as they share a line. A connection costs a round trip before its
first byte, as TCP's handshake does. TCP's slow start and losses are not imitated.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

CHUNK_BYTES = 16 * 1024
# As much as a line of this rate and round trip holds, and the buffer before it.
UNDER_WAY_CHUNKS = 32
START_SECONDS = 10.0


@dataclass
class Link:
    """`port` is where it listens; `down` counts bytes to the browser. Seconds and bytes a second."""

    target: int
    bytes_per_second: float
    round_trip: float
    port: int = 0
    down: int = 0
    _free_at: float = 0.0
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def serve(self, ready: threading.Event, end: asyncio.Event) -> None:
        """Carries connections until `end`."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        try:
            await end.wait()
        finally:
            server.close()
            for task in set(self._tasks):
                task.cancel()
            await asyncio.gather(*set(self._tasks), return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._connected(reader, writer), name="connection")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.sleep(self.round_trip)
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
            try:
                async with asyncio.TaskGroup() as ways:
                    ways.create_task(self._carry(reader, back, counted=False), name="up")
                    ways.create_task(self._carry(there, writer, counted=True), name="down")
            finally:
                back.close()
        except* OSError:
            pass  # either side is gone
        finally:
            writer.close()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool
    ) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(UNDER_WAY_CHUNKS)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._arrive(queue, writer), name="arrives")
            while data := await reader.read(CHUNK_BYTES):
                sent_at = self._sent(len(data)) if counted else self._now()
                await queue.put((sent_at + self.round_trip / 2, data))
            await queue.put((self._now() + self.round_trip / 2, b""))

    async def _arrive(
        self, queue: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter
    ) -> None:
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(due - self._now(), 0))
            if not data:
                with contextlib.suppress(OSError):
                    writer.write_eof()
                return
            writer.write(data)
            await writer.drain()

    def _sent(self, size: int) -> float:
        """When the line is done with so many bytes, after all that waits before them."""
        self.down += size
        self._free_at = max(self._free_at, self._now()) + size / self.bytes_per_second
        return self._free_at

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


@contextlib.contextmanager
def shaped(target: int, megabits: float, round_trip: float) -> Iterator[Link]:
    """A link to `target` of so many Mbit/s and seconds, in a thread of its own, until the block ends."""
    link = Link(target, megabits * 1e6 / 8, round_trip)
    ready, loop, end = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(link.serve(ready, end),), name="link")
    thread.start()
    try:
        if not ready.wait(START_SECONDS):
            raise TimeoutError("the link does not listen")
        yield link
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()
