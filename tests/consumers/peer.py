"""The server's side of one ASGI call, for tests inside the process."""

import asyncio
import json
from typing import Any

from django.contrib.auth.models import AnonymousUser

from pods.consumers import PodConsumer
from pods.runtime import Runtime

Message = dict[str, Any]


class Peer:
    """Calls a consumer: what it receives, and what it sent. From message `fails_at` on sending fails."""

    def __init__(self, runtime: Runtime, query: str, consumer: PodConsumer | None = None) -> None:
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        self.consumer = consumer or PodConsumer()
        self.fails_at: int | None = None
        self.news = asyncio.Event()
        self.failed = asyncio.Event()
        scope = {
            "type": "websocket",
            "path": "/ws/pods/",
            "query_string": query.encode(),
            "headers": [],
            "client": ("127.0.0.1", 1),
            "user": AnonymousUser(),
            "session": None,
            "portal": runtime,
        }
        self.incoming.put_nowait({"type": "websocket.connect"})
        self.call = asyncio.create_task(self.consumer(scope, self.incoming.get, self.send), name="call")

    async def send(self, message: Message) -> None:
        if self.fails_at is not None and len(self.sent) >= self.fails_at:
            self.failed.set()
            raise ConnectionError("the peer is closing")
        self.sent.append(message)
        self.news.set()

    async def snapshot(self) -> None:
        """Waits for the first rows."""
        async with asyncio.timeout(5):
            while not any('"snapshot"' in message.get("text", "") for message in self.sent):
                self.news.clear()
                await self.news.wait()

    async def closed(self) -> None:
        """Waits for the portal's close."""
        async with asyncio.timeout(5):
            while self.close_code is None:
                self.news.clear()
                await self.news.wait()

    def leaves(self, code: int = 1001) -> None:
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": code})

    @property
    def frames(self) -> list[Message]:
        return [json.loads(message["text"]) for message in self.sent if "text" in message]

    @property
    def close_code(self) -> int | None:
        return next((message["code"] for message in self.sent if message["type"] == "websocket.close"), None)
