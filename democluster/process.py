"""The server as a process: start, one line that says it is ready, and an end that leaves nothing."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from democluster.server import Settings, make_app
from democluster.shop.shop import build_shop
from democluster.shop.world import World
from democluster.store import Store

_SHUTDOWN_SECONDS = 2.0
# The shop takes a nap of at most this long, so that a clock set forward is noticed.
_NAP_SECONDS = 1.0


class CannotListen(Exception):
    """The address is taken or not ours; the message says which."""


@dataclass(frozen=True)
class Running:
    """A demo cluster that answers at `url`."""

    url: str
    store: Store
    world: World


@contextlib.asynccontextmanager
async def serving(
    host: str, port: int, seed: int, speed: float, settings: Settings | None = None
) -> AsyncIterator[Running]:
    """A living shop behind the API, until the block ends. Port 0 takes a free one.

    Raises `CannotListen`, or what made the shop stop (its task ends the block).
    """
    store = Store()
    world = build_shop(store, seed=seed, now=time.time(), speed=speed)
    app = make_app(store, time.time, settings)
    # Without handler_cancellation an idle watch would outlive its client.
    runner = web.AppRunner(
        app,
        handler_cancellation=True,
        access_log=None,
        shutdown_timeout=_SHUTDOWN_SECONDS,
        handle_signals=False,
    )
    await runner.setup()
    try:
        bound = await _listen(runner, host, port)
        async with asyncio.TaskGroup() as tasks:
            shop = tasks.create_task(live(world), name="shop")
            try:
                yield Running(f"http://{f'[{host}]' if ':' in host else host}:{bound}", store, world)
            finally:
                shop.cancel()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> int:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise CannotListen(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
    return int(runner.addresses[0][1])


async def live(world: World) -> None:
    """Let the shop's time pass with the clock's, until cancelled."""
    while True:
        world.advance(time.time())
        due = world.next_due()
        nap = _NAP_SECONDS if due is None else due - time.time()
        await asyncio.sleep(min(max(nap, 0.01), _NAP_SECONDS))


async def run(host: str, port: int, seed: int, speed: float, *, exit_with_stdin: bool) -> None:
    """Serve until SIGTERM, SIGINT or (if asked) the end of standard input."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with serving(host, port, seed, speed) as running:
        print(f"demo cluster on {running.url}", flush=True)
        parent = asyncio.create_task(_end_of_stdin(stop), name="stdin") if exit_with_stdin else None
        try:
            await stop.wait()
        finally:
            if parent is not None:
                parent.cancel()
                await asyncio.gather(parent, return_exceptions=True)


async def _end_of_stdin(stop: asyncio.Event) -> None:
    """The parent holds the other end of our standard input: its end, however it comes, is ours."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while await reader.read(1024):
            pass
    finally:
        transport.close()
        stop.set()
