"""Link: whether Redis answers, and the client through which it is asked.

A ping a second tells. Whoever depends on Redis looks at `up` and is woken when it changes, so that nobody
waits for a time-out that somebody else has waited for. Nothing raises out of here: Redis gone is a state.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from pods.clock import Clock

log = structlog.get_logger(__name__)

T = TypeVar("T")

PING_SECONDS = 1.0
DEADLINE_SECONDS = 1.0
# What redis-py waits for on one socket operation, where nobody sets a shorter deadline.
SOCKET_SECONDS = 2.0

# What Redis says and how it fails; OSError is what redis-py lets through while it connects.
Failures = (RedisError, OSError, TimeoutError)


def connection_options() -> dict[str, Any]:
    """How every connection to Redis is made: bounded, and tried once more at once where it had gone idle."""
    return {
        "socket_timeout": SOCKET_SECONDS,
        "socket_connect_timeout": DEADLINE_SECONDS,
        "retry": Retry(NoBackoff(), 1),
        # Also on the connection that only listens: it would not notice a peer that is gone.
        "health_check_interval": 5,
    }


async def within(seconds: float, call: Awaitable[T]) -> T:
    """What `call` at Redis gives. Raises TimeoutError after `seconds`, and whatever it raises.

    redis-py sends by asyncio.wait_for, which before Python 3.12 loses a cancellation that comes in the moment
    in which all is sent. It is raised here then, else a task that was ended would go on for ever.
    """
    try:
        async with asyncio.timeout(seconds):
            return await call
    finally:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError


def _single(url: str) -> Redis:
    """A client with one connection: what is asked of it at once is asked one after the other."""
    client: Redis = Redis.from_url(url, single_connection_client=True, **connection_options())
    return client


class Link:
    """Pings Redis while `run` runs. `up` is None until the first answer or failure.

    Two connections, however many scopes ask through `client`: the other one is for the ping alone, which
    waits for nobody.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self.client = _single(url)
        self._pinged = _single(url)
        self.up: bool | None = None
        self.listeners: set[Callable[[], None]] = set()
        self._clock = clock
        self._decided = asyncio.Event()

    async def run(self) -> None:
        """Pings until cancelled."""
        while True:
            self._now(await self._answers())
            await self._clock.sleep(PING_SECONDS)

    async def decided(self) -> bool:
        """Whether Redis is there; waits for the first ping, which takes DEADLINE_SECONDS at most."""
        await self._decided.wait()
        return bool(self.up)

    async def close(self) -> None:
        """Closes the connections."""
        await self.client.aclose()
        await self._pinged.aclose()

    async def _answers(self) -> bool:
        try:
            await within(DEADLINE_SECONDS, self._pinged.ping())
        except Exception:  # also what redis-py raises where a connection breaks under it
            return False
        return True

    def _now(self, up: bool) -> None:
        before, self.up = self.up, up
        self._decided.set()
        if up == before:
            return
        if not up:
            log.warning("redis_gone")
        elif before is not None:
            log.info("redis_back")
        for listener in list(self.listeners):
            listener()
