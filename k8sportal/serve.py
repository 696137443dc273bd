"""Serving the ASGI application with Daphne or uvicorn, and ending it gracefully.

Both servers are given the same socket, limits and end: on SIGTERM or SIGINT the runtime drains
(`/readyz` says 503, every viewer is closed with 1012), what remains is cancelled, and the process
ends with code 0 within ten seconds. A second signal ends it at once.

`python -m k8sportal.serve` serves without any set-up; `python -m k8sportal.run` does that as well.
"""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import structlog
from django.conf import settings

from k8sportal.listening import CannotListenError, allow_many_connections, listen

log = structlog.get_logger("k8sportal.serve")

Application = Callable[[Any, Any, Any], Awaitable[None]]
DRAIN_SECONDS = 4.0
CLOSE_SECONDS = 2.0
STOP_SECONDS = 2.0
# A ping that is not answered before the next one kills a peer that merely answers late, since each
# ping forgets the timer of the last: the time-out has to be the shorter of the two.
PING_INTERVAL_SECONDS = 45
PING_TIMEOUT_SECONDS = 40


class Runtime(Protocol):
    """What a server must know of the portal's runtime: how it ends, and who wants to know its sockets."""

    server_sockets: Callable[[], int] | None

    async def drain(self) -> None:
        """Send every viewer away."""

    async def stop(self) -> None:
        """End every watch and task."""


def serve(
    application: Application,
    runtime: Runtime,
    listening: socket.socket,
    server: str = "daphne",
    on_abort: Callable[[], None] = lambda: None,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve on `listening` until a signal; `on_abort` is called before a second one ends the process.

    `on_ready` is called once signals are listened to: whoever is told how to end it can.
    """
    # What was imported lives as long as the process: no collection need walk it, 40 ms at a time, while
    # viewers wait.
    gc.collect()
    gc.freeze()
    allow_many_connections()
    if server == "uvicorn":
        from k8sportal.serve_uvicorn import serve_uvicorn

        serve_uvicorn(application, runtime, listening, on_abort, on_ready)
    else:
        from k8sportal.serve_daphne import serve_daphne

        serve_daphne(application, runtime, listening, on_abort, on_ready)


class Ending:
    """Turns the first signal into one run of `shut_down`, and the second into an immediate end."""

    def __init__(self, shut_down: Callable[[], Awaitable[None]], on_abort: Callable[[], None]) -> None:
        self.shut_down = shut_down
        self.on_abort = on_abort
        self.task: asyncio.Task[None] | None = None

    def listen_for_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take over SIGTERM and SIGINT on a loop that may not run yet."""
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, loop, number)

    def _signalled(self, loop: asyncio.AbstractEventLoop, number: signal.Signals) -> None:
        if self.task is not None:
            self.on_abort()
            os._exit(128 + number)
        log.info("ending", signal=number.name)
        self.task = loop.create_task(self._run(), name="shut-down")

    async def _run(self) -> None:
        await self.shut_down()


@contextlib.asynccontextmanager
async def step(name: str, seconds: float) -> AsyncIterator[None]:
    """One step of the end: it may take so long, and neither that nor a fault in it keeps the next back."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        log.warning("ending takes too long", step=name, seconds=seconds)
    except Exception:
        log.exception("ending failed", step=name)


def main() -> int:
    """Serve with the settings of the environment; the code to exit with."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "k8sportal.settings")
    from k8sportal.startup import refuse_wrong_settings

    refuse_wrong_settings()
    try:
        listening = listen(settings.HOST, settings.PORT)
    except CannotListenError as error:
        print(error, file=sys.stderr)
        return 1
    with listening:
        from k8sportal.asgi import application, runtime

        serve(application, runtime, listening, settings.PORTAL_SERVER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
