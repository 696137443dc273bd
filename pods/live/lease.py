"""Lease: which process of the installation watches a scope, kept in Redis.

Guarantees. At most one process holds a scope's lease at a time, by its own clock: a holder counts it as lost
when TTL_SECONDS have passed since it last *asked* for a renewal that was granted, which is before Redis lets
anybody else have it. Each holding has a fence, higher than that of every one before: the highest ever given
or seen plus one, or the time, so that a Redis that has forgotten everything cannot go back either. Clocks of
different machines need not agree.
"""

import hashlib
import time

from redis.asyncio import Redis

from pods.clock import Clock
from pods.domain.scope import Scope

TTL_SECONDS = 3.0
RENEW_SECONDS = 1.0
# What is handed over is kept for those who can go on where it ends, before anybody gets it.
HEIR_SECONDS = 0.5

# KEYS: who holds, the highest fence. ARGV: who asks, TTL in ms, the lowest fence that will do, the heir.
_ACQUIRE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[4] then return 0 end
local fence = math.max(tonumber(ARGV[3]), tonumber(redis.call('GET', KEYS[2]) or '0') + 1)
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], string.format('%.0f', fence))
return string.format('%.0f', fence)
"""
# ARGV: who asks, TTL in ms, its fence. A Redis that has forgotten the lease is told again, by who still may.
_RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if tonumber(redis.call('GET', KEYS[2]) or '0') > tonumber(ARGV[3]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], ARGV[3])
return 1
"""
# ARGV: who asks, the heir, for how many ms nobody else gets it.
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""


def scope_name(scope: Scope) -> str:
    """A scope as part of a Redis name: clusters may be called anything."""
    return hashlib.sha256("\0".join(scope).encode()).hexdigest()[:32]


class Lease:
    """One contender for one scope. What Redis says is raised; deadlines are the caller's."""

    def __init__(self, client: Redis, instance: str, scope: Scope, holder: str, clock: Clock) -> None:
        self.fence = 0
        self._names = [f"{instance}.{kind}.{scope_name(scope)}" for kind in ("lease", "fence")]
        self._holder = holder
        self._clock = clock
        self._valid_until = float("-inf")
        self._renew_at = float("-inf")
        self._acquire = client.register_script(_ACQUIRE)
        self._renew = client.register_script(_RENEW)
        self._release = client.register_script(_RELEASE)

    @property
    def held(self) -> bool:
        """Whether it is held for certain now."""
        return self._clock.monotonic() < self._valid_until

    @property
    def due(self) -> float:
        """When to renew (monotonic seconds)."""
        return self._renew_at

    async def acquire(self, seen: int, heir: str = "") -> bool:
        """Takes the lease if nobody holds it, or it is kept for `heir`, with a fence above `seen`."""
        asked_at = self._clock.monotonic()
        lowest = max(seen + 1, self.fence + 1, int(time.time() * 1000))
        fence = int(
            await self._acquire(self._names, [self._holder, _milliseconds(TTL_SECONDS), lowest, heir])
        )
        if fence:
            self.fence = fence
            self._granted(asked_at)
        return bool(fence)

    async def renew(self) -> bool:
        """Keeps it; False where somebody else has it."""
        asked_at = self._clock.monotonic()
        if await self._renew(self._names, [self._holder, _milliseconds(TTL_SECONDS), self.fence]):
            self._granted(asked_at)
            return True
        self.lose()
        return False

    async def release(self, heir: str = "") -> None:
        """Gives it back, for the next one to have at once; where there is an `heir`, for that first."""
        self.lose()
        await self._release(self._names[:1], [self._holder, heir, _milliseconds(HEIR_SECONDS)])

    def lose(self) -> None:
        """It is held no more."""
        self._valid_until = float("-inf")

    def _granted(self, asked_at: float) -> None:
        self._valid_until = asked_at + TTL_SECONDS
        self._renew_at = asked_at + RENEW_SECONDS


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
