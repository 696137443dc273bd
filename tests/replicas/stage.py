"""The oracle's stage with a fleet on it: what happens to replicas and Redis, one thing at a time each."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from websockets.exceptions import InvalidHandshake

from tests.cluster.control_plane import ControlPlane
from tests.consumers.viewer import Viewer, viewing
from tests.redis import RedisServer
from tests.reliability.fault_proxy import FaultProxy
from tests.reliability.stage import SETTINGS, proxied
from tests.replicas.fleet import Fleet

REPLICAS = 3
# Of which the portal's log tells where something is wrong with itself.
DEFECTS = ("Traceback", "scope_failed", "fleet_message_failed", "watch_ended_by_itself", '"reaped"')


@dataclass
class FleetStage:
    """Replicas, Redis and API server. Whatever is broken comes back by itself."""

    control_plane: ControlPlane
    proxies: Mapping[str, FaultProxy]
    fleet: Fleet
    happened: Counter[str] = field(default_factory=Counter)
    _broken: set[int] = field(default_factory=set)
    _redis: asyncio.Lock = field(default_factory=asyncio.Lock)
    _turn: int = 0

    @asynccontextmanager
    async def viewing(self, context: str, namespace: str, more: str = "") -> AsyncIterator[Viewer]:
        """A viewer at the next replica that answers. Raises OSError where none does."""
        async with self._opened(f"/ws/pods/?cluster={context}&namespace={namespace}{more}") as viewer:
            yield viewer

    def watches(self, context: str, namespace: str) -> int:
        """How many upstream watches on pods all replicas have together."""
        labels = {"cluster": context, "resource": "pods", "namespace": namespace}
        return sum(int(each.metric("k8sportal_upstream_watches", **labels)) for each in self.fleet.portals)

    async def replaced(self, which: int, clean: bool) -> None:
        """One replica ends, or is killed, and starts again. Not where that would leave none."""
        portal = self.fleet.portals[which % REPLICAS]
        with self._breaking(which % REPLICAS, "ended" if clean else "killed") as may:
            if may:
                await asyncio.to_thread(portal.stop, signal.SIGTERM if clean else signal.SIGKILL)
                await asyncio.to_thread(portal.start)

    async def frozen(self, which: int, seconds: float) -> None:
        """One replica stands still for so long."""
        process = self.fleet.portals[which % REPLICAS].process
        with self._breaking(which % REPLICAS, "frozen") as may:
            if may and process is not None:
                process.send_signal(signal.SIGSTOP)
                try:
                    await asyncio.sleep(seconds)
                finally:
                    process.send_signal(signal.SIGCONT)

    async def without_redis(self, which: int, seconds: float) -> None:
        """Redis forgets, ends connections, is killed or frozen."""
        redis = self.fleet.redis
        how = ("FLUSHALL", "CLIENT KILL TYPE pubsub", "CLIENT KILL TYPE normal", "killed", "frozen")[
            which % 5
        ]
        async with self._redis:
            self.happened[f"Redis {how}"] += 1
            if how == "killed":
                await asyncio.to_thread(redis.kill)
            elif how == "frozen":
                redis.freeze()
            else:
                await asyncio.to_thread(redis.command, *how.split())
                return
            try:
                await asyncio.sleep(seconds)
            finally:
                await asyncio.to_thread(redis.start if how == "killed" else redis.thaw)

    def defects(self) -> list[str]:
        """What the portals' logs say of themselves that must not be."""
        return [
            line
            for portal in self.fleet.portals
            for line in portal.log().splitlines()
            if any(word in line for word in DEFECTS)
        ]

    @contextmanager
    def _breaking(self, which: int, what: str) -> Iterator[bool]:
        """Whether this replica may be broken now: it is well, and so is another one."""
        if which in self._broken or len(self._broken) == REPLICAS - 1:
            yield False
            return
        self._broken.add(which)
        self.happened[what] += 1
        try:
            yield True
        finally:
            self._broken.discard(which)

    @asynccontextmanager
    async def _opened(self, path: str) -> AsyncIterator[Viewer]:
        for _ in range(REPLICAS):
            self._turn += 1
            portal = self.fleet.portals[self._turn % REPLICAS]
            try:
                context = viewing(portal.ws(path))
                viewer = await context.__aenter__()
            except (OSError, InvalidHandshake):
                continue
            break
        else:
            raise ConnectionRefusedError
        try:
            yield viewer
        finally:
            await context.__aexit__(None, None, None)


@contextmanager
def fleet_staged(control_plane: ControlPlane) -> Iterator[FleetStage]:
    """Replicas under both servers, a Redis of their own, and proxies before `control_plane`."""
    with RedisServer() as redis, proxied(control_plane, "test", "paged") as (proxies, kubeconfig):
        with Fleet(kubeconfig, redis, REPLICAS, SETTINGS) as fleet:
            yield FleetStage(control_plane, proxies, fleet)
