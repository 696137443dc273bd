"""What a socket is told when the database fails before its consumer begins."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from django.db import Error as DatabaseFailure

from pods.domain.protocol import CloseCode, encode, error_frame

log = structlog.get_logger(__name__)

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

CONNECT_SECONDS = 5.0


class Unavailable:
    """ASGI middleware for WebSockets: a failing database is an `error` and 1013, not an HTTP 500."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        begun = False

        async def sending(message: dict[str, Any]) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.application(scope, receive, sending)
        except DatabaseFailure:
            if begun:
                raise
            log.warning("socket_without_database")
            await self._say(receive, send)

    async def _say(self, receive: Any, send: Any) -> None:
        async with asyncio.timeout(CONNECT_SECONDS):
            if (await receive())["type"] != "websocket.connect":
                return
        await send({"type": "websocket.accept"})
        frame = error_frame("unavailable", final=True)
        await send({"type": "websocket.send", "text": encode(frame).decode()})
        await send({"type": "websocket.close", "code": int(CloseCode.TRY_AGAIN_LATER)})
