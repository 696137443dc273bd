"""Redis for several processes in one loop of virtual time: a layer and leases that a test breaks.

Each process has a channel layer of its own, as over pub/sub: what is sent reaches whoever has joined, a
moment later, in order, or is lost. `Redis.down` fails everything, as a connection does that is refused.
"""

import asyncio
import random
import secrets
from typing import Any

from redis.exceptions import ConnectionError as RedisGone

from pods.clock import Clock
from pods.domain.scope import Scope
from pods.live.fleet import Fleet
from pods.live.lease import Lease
from pods.live.link import Link


class Redis:
    """What the processes share. `loss` is how often a message does not arrive."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.down = False
        self.loss = 0.0
        self.rng = random.Random(1)
        self.leases: dict[tuple[str, ...], tuple[str, float]] = {}
        self.fences: dict[tuple[str, ...], int] = {}
        self.groups: dict[str, set[FakeLayer]] = {}

    def flush(self) -> None:
        """FLUSHALL: subscriptions stay."""
        self.leases.clear()
        self.fences.clear()

    def check(self) -> None:
        if self.down:
            raise RedisGone


class FakeLayer:
    """One process's layer. `deaf` hears nothing; what a `frozen` one says and asks waits until it is not."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self.deaf = False
        self.thawed = asyncio.Event()
        self.thawed.set()
        self._queue: asyncio.Queue[Any] = asyncio.Queue()

    async def group_add(self, group: str, channel: str) -> None:
        self._redis.check()
        self._redis.groups.setdefault(group, set()).add(self)

    async def group_discard(self, group: str, channel: str) -> None:
        self._redis.check()
        self._redis.groups.get(group, set()).discard(self)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await asyncio.sleep(0.001)
        await self.thawed.wait()
        self._redis.check()
        for layer in self._redis.groups.get(group, set()):
            if not layer.deaf and self._redis.rng.random() >= self._redis.loss:
                layer.hear(message)

    async def receive(self, channel: str) -> Any:
        message = await self._queue.get()
        await self.thawed.wait()
        return message

    async def flush(self) -> None:
        for layers in self._redis.groups.values():
            layers.discard(self)

    def hear(self, message: Any) -> None:
        """Something comes in."""
        self._queue.put_nowait(message)


class FakeLease(Lease):
    """As pods.live.lease's scripts do it."""

    def __init__(self, redis: Redis, layer: FakeLayer, scope: Scope, clock: Clock) -> None:
        self.fence = 0
        self._layer = layer
        self._redis = redis
        self._scope = tuple(scope)
        self._holder = secrets.token_hex(4)
        self._clock = clock
        self.lose()
        self._renew_at = 0.0
        self._acquire = self._acquire_there  # type: ignore[assignment]
        self._renew = self._renew_there  # type: ignore[assignment]
        self._release = self._release_there  # type: ignore[assignment]
        self._names = []

    async def _acquire_there(self, names: Any, values: list[Any]) -> int:
        await self._way()
        if self._holding() not in (None, values[3]):
            return 0
        fence = max(int(values[2]), self._redis.fences.get(self._scope, 0) + 1)
        self._hold(values[1], fence)
        return fence

    async def _renew_there(self, names: Any, values: list[Any]) -> int:
        await self._way()
        if self._holding() not in (None, self._holder) or self._redis.fences.get(self._scope, 0) > values[2]:
            return 0
        self._hold(values[1], values[2])
        return 1

    async def _release_there(self, names: Any, values: list[Any]) -> None:
        await self._way()
        if self._holding() == self._holder:
            until = self._redis.clock.monotonic() + values[2] / 1000 if values[1] else float("-inf")
            self._redis.leases[self._scope] = (values[1], until)

    async def _way(self) -> None:
        await asyncio.sleep(0.001)
        await self._layer.thawed.wait()
        self._redis.check()

    def _holding(self) -> str | None:
        holder, until = self._redis.leases.get(self._scope, ("", 0.0))
        return holder if self._redis.clock.monotonic() < until else None

    def _hold(self, milliseconds: int, fence: int) -> None:
        until = self._redis.clock.monotonic() + milliseconds / 1000
        self._redis.leases[self._scope] = (self._holder, until)
        self._redis.fences[self._scope] = fence


class _Client:
    """What the link asks."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def ping(self) -> None:
        self._redis.check()

    async def aclose(self) -> None:
        return


class FakeFleet(Fleet):
    """One process's part in it."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self.redis = redis
        link = Link("redis://127.0.0.1", clock)
        link.client = link._pinged = _Client(redis)  # type: ignore[assignment]
        self.layer = FakeLayer(redis)
        super().__init__(link, lambda prefix: self.layer, "", clock)
        self.open("ours")

    def lease(self, scope: Scope) -> Lease:
        return FakeLease(self.redis, self.layer, scope, self._clock)
