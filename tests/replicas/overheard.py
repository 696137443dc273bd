"""What replicas tell each other about a namespace's pods, taken down, and repeated by who may not."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from redis.asyncio import Redis

from pods.domain.scope import Scope
from pods.live.broker import TYPE
from pods.live.lease import scope_name
from pods.live.messages import Batch, Beat, Message, decode, encode
from tests.redis import RedisServer

STRANGER = "a stranger"
# A holder says something every second.
NEXT_SECONDS = 20.0

_claimed = msgspec.msgpack.Decoder(dict[str, Any])


class Overheard:
    """Every message to all replicas since it began."""

    def __init__(self, client: Redis, group: str) -> None:
        self.messages: list[Message] = []
        self._client = client
        self._group = group
        self._news = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def about(cls, redis: RedisServer, namespace: str) -> AsyncIterator["Overheard"]:
        """Listens until the block ends."""
        name = scope_name(Scope("test", "pods", namespace))
        (group,) = [
            each for each in await asyncio.to_thread(redis.names) if each.endswith(f"__group__{name}")
        ]
        async with Redis.from_url(redis.url) as client, client.pubsub() as heard:
            overheard = cls(client, group)
            await heard.subscribe(group)
            task = asyncio.create_task(overheard._listen(heard), name="overhears")
            try:
                yield overheard
            finally:
                task.cancel()
                await asyncio.wait([task])

    @property
    def fence(self) -> int:
        """The highest one heard; 0 for none."""
        return max((each.fence for each in self.messages if isinstance(each, Batch | Beat)), default=0)

    async def until_fence(self, least: int, seconds: float) -> None:
        """Waits for changes that a holder with at least this fence tells."""
        async with asyncio.timeout(seconds):
            while not any(isinstance(each, Batch) and each.fence >= least for each in self.messages):
                await self._next()

    async def repeat(self, fence: int) -> None:
        """As one that held under `fence` and numbers on: its own changes, under the numbers to come."""
        own = [each for each in self.messages if isinstance(each, Batch) and each.fence == fence]
        async with asyncio.timeout(NEXT_SECONDS):
            await self._next()
        newest = next(each for each in reversed(self.messages) if isinstance(each, Batch | Beat))
        for further in (1, 2, 3):
            batch = random.choice(own)
            number = {"epoch": newest.epoch, "offset": newest.offset + further}
            await self.say(encode(msgspec.structs.replace(batch, **number)))

    async def beat(self, seconds: float) -> Beat:
        """The next one."""
        async with asyncio.timeout(seconds):
            while True:
                await self._next()
                if isinstance(beat := self.messages[-1], Beat):
                    return beat

    async def say(self, data: bytes) -> None:
        """As a portal's broker would send it."""
        await self.publish(
            msgspec.msgpack.encode({"type": TYPE, "process": STRANGER, "to": "", "data": data})
        )

    async def publish(self, data: bytes) -> None:
        """Anything at all, where the replicas listen."""
        await self._client.publish(self._group, data)

    async def _next(self) -> None:
        self._news.clear()
        await self._news.wait()

    async def _listen(self, heard: Any) -> None:
        async for each in heard.listen():
            if each["type"] != "message":
                continue
            try:
                outer = _claimed.decode(each["data"])
            except msgspec.DecodeError:
                continue  # a test's own noise
            if outer.get("process", STRANGER) != STRANGER and not outer["to"]:
                installation = _claimed.decode(outer["data"])["installation"]
                self.messages.append(decode(outer["data"], installation))
                self._news.set()
