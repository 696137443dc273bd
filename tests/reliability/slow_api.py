"""An API server whose lists take their time: the real one, behind a proxy that waits."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from aiohttp import web

from tests.cluster.control_plane import ControlPlane

SECONDS = 3.0
# Which headers of a request and of its answer go through.
_ASKED = ("Accept", "User-Agent")
_ANSWERED = ("Content-Type",)


class SlowApi:
    """Hands requests on as the administrator's. `waiting` lists are held back, `given_up` were."""

    def __init__(self, cluster: ControlPlane) -> None:
        self.url = ""
        self.seconds = SECONDS
        self.waiting = 0
        self.given_up = 0
        self._cluster = cluster

    @contextmanager
    def running(self) -> Iterator["SlowApi"]:
        """Serves from a thread of its own until the end of the block."""
        loop = asyncio.new_event_loop()
        started, ended = threading.Event(), asyncio.Event()
        thread = threading.Thread(
            target=lambda: loop.run_until_complete(self._serve(started, ended)), name="slow API"
        )
        thread.start()
        try:
            assert started.wait(10)
            yield self
        finally:
            loop.call_soon_threadsafe(ended.set)
            thread.join()
            loop.close()

    async def _serve(self, started: threading.Event, ended: asyncio.Event) -> None:
        server = web.Server(self._answer, handler_cancellation=True)
        runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = "http://{}:{}".format(*runner.addresses[0][:2])
            started.set()
            await ended.wait()
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.endswith("/pods"):
            await self._hold_back()
        headers = {name: request.headers[name] for name in _ASKED if name in request.headers}
        timeout, body = aiohttp.ClientTimeout(), await request.read()
        async with (
            self._cluster.admin_session() as session,  # one each, so that none is left open
            session.request(
                request.method, request.rel_url, headers=headers, data=body, timeout=timeout
            ) as far,
        ):
            near = web.StreamResponse(status=far.status)
            near.force_close()  # so that no connection waits here for another request
            near.headers.update({name: far.headers[name] for name in _ANSWERED if name in far.headers})
            await near.prepare(request)
            async for piece in far.content.iter_any():
                await near.write(piece)
            return near

    async def _hold_back(self) -> None:
        self.waiting += 1
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        finally:
            self.waiting -= 1
