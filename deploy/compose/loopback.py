"""Leads the portals to ports of the host's loopback, without opening anything to anybody else.

    python loopback.py portals FOLDER     # in the portals' network: TCP to a Unix socket in FOLDER
    python loopback.py host FOLDER        # in the host's network: that socket to the host's loopback

kind and k3d publish an API server on 127.0.0.1 of the host, which no container reaches, and a forwarder on
another address would open it to the network. The two halves meet in a folder that only they share. Ports are
those of FOLDER/loopback.json (hosts_kubeconfig.py), a name by each. Bytes are passed on as they are: TLS is
between portal and API server.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

CHUNK_BYTES = 64 * 1024
CONNECT_SECONDS = 10.0
# How long the second direction may go on once the first has ended.
LINGER_SECONDS = 30.0
# How often to look whether the list changed.
LOOK_SECONDS = 2.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]


async def main(side: str, folder: Path) -> None:
    """Relay until SIGTERM, or until the list of ports changes: Docker starts it anew then."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    read = partial((folder / "loopback.json").read_text, encoding="utf-8")
    text = read()
    async with contextlib.AsyncExitStack() as stack:
        for port, host in json.loads(text).items():
            await stack.enter_async_context(entrance(side, folder / f"{port}.sock", host, int(port)))
            print(f"Port {port} leads to {host} of the host.", flush=True)
        while not ended.is_set() and read() == text:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), LOOK_SECONDS)


@contextlib.asynccontextmanager
async def entrance(side: str, path: Path, host: str, port: int) -> AsyncIterator[None]:
    """One port of one side, until the block ends, and with it every connection."""
    connections: set[asyncio.Task[None]] = set()

    def accept(connect: Connect, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(relay((reader, writer), connect), name=f"connection to {port}")
        connections.add(task)
        task.add_done_callback(connections.discard)

    if side == "portals":
        to_host = partial(accept, partial(asyncio.open_unix_connection, path))
        server = await asyncio.start_server(to_host, port=port)
    else:
        with contextlib.suppress(FileNotFoundError):  # one that was killed left its socket
            os.unlink(path)  # noqa: PTH108 - nothing else runs in this loop yet
        to_server = partial(accept, partial(asyncio.open_connection, host, port))
        server = await asyncio.start_unix_server(to_server, path)
    try:
        yield
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def relay(near: Streams, connect: Connect) -> None:
    """Join an accepted connection with one that `connect` makes, until both directions have ended."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            far = await connect()
    except OSError:  # TimeoutError is one
        near[1].close()
        return
    directions = [
        asyncio.create_task(pump(near[0], far[1]), name="to the host"),
        asyncio.create_task(pump(far[0], near[1]), name="from the host"),
    ]
    try:
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait(directions, timeout=LINGER_SECONDS)
    finally:
        for task in directions:
            task.cancel()
        near[1].close()
        far[1].close()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on one direction, its end included."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
