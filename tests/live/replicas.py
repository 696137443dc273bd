"""A scene of several processes: a changing cluster, viewers that move between them, and all that goes wrong.

Everything but the API server, Redis and the browsers is the portal's own.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from pods.domain.scope import Scope
from pods.domain.viewfilter import ViewFilter
from pods.kube.cluster import Cluster
from pods.live.hub import Hub
from pods.live.outlet import SlowViewer
from pods.live.shared import SharedInformer
from pods.live.viewer import Viewer
from tests.live.api import FakeApi
from tests.live.browser import Browser, Moment
from tests.live.fakes import pod
from tests.live.network import FakeFleet, Redis
from tests.live.virtual import LoopClock
from tests.live.workloads import as_json, rollout

SCOPE = Scope("kind", "pods", "shop")
SLOTS = 6
COUNT = 3
# Whatever comes of a pod after this is too old.
GONE = 10**9


class Process:
    """One portal process: its fleet, its hub."""

    def __init__(self, redis: Redis, api: FakeApi, clock: LoopClock) -> None:
        self.fleet = FakeFleet(redis, clock)

        def make(cluster: Cluster, namespace: str, clock: Any) -> SharedInformer:
            return SharedInformer(cluster, namespace, clock, self.fleet)

        self.hub = Hub(lambda name: api.cluster, clock, 0.5, make)
        self.task = asyncio.create_task(self.fleet.run(), name="fleet")

    @property
    def source(self) -> SharedInformer | None:
        """The source of the scope, while somebody looks."""
        running = self.hub._running.get(SCOPE)
        return running.source if running is not None else None  # type: ignore[return-value]

    async def stop(self) -> None:
        """Leaves cleanly."""
        await self.hub.stop()
        self.task.cancel()
        await asyncio.wait([self.task])
        await self.fleet.close()


class Seat:
    """A viewer with its browser, at one process."""

    def __init__(self, process: Process, clock: LoopClock, moment: Moment | None, truth: "Scene") -> None:
        self.process = process
        self.browser = Browser.resuming([moment] if moment else [])
        self.truth = truth
        self.viewer = Viewer(self._send, clock)
        tokens = [moment.token] if moment else []
        self.viewer.add(process.hub.subscribe(SCOPE, "shop", ViewFilter(), None, self.viewer, tokens))
        self.task = asyncio.get_running_loop().create_task(self.viewer.run(), name="viewer")
        self.versions: dict[str, int] = {}

    async def _send(self, text: str) -> None:
        await self.browser.receive(text)
        self._check_versions(self.browser.frames[-1])
        for label, (token, part) in self.browser.tokens.items():
            self.viewer.acknowledged(label, token, part)

    def _check_versions(self, frame: dict[str, Any]) -> None:
        """No pod goes back, and none comes again; the status tells the version.

        What a browser brought along does not count: the process that it came from may have known more.
        """
        for row in (*frame.get("pods", ()), *frame.get("upsert", ())):
            uid, version = row["uid"], int(row["status"].partition(":")[2])
            assert version >= self.versions.get(uid, 0), f"{uid} went back to {version}"
            self.versions[uid] = version
        rows = self.browser.rows.get("shop", {})
        if frame["type"] == "delta" or frame.get("last"):
            for uid in self.versions.keys() - rows.keys():
                self.versions[uid] = GONE

    async def end(self) -> None:
        """Leaves."""
        self.task.cancel()
        await asyncio.wait([self.task])
        self.viewer.close()


class Scene:
    """Three processes. `play` does one step."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.clock = LoopClock()
        self.api = FakeApi(self.clock, patch)
        self.rng = random.Random(1)
        self.lag: float | None = None
        self.api.prepare = self._lag
        self.redis = Redis(self.clock)
        self.processes = [Process(self.redis, self.api, self.clock) for _ in range(COUNT)]
        self.seats: list[Seat] = []
        self.left: list[Moment] = []
        self.slots: dict[int, str] = {}
        self.born = 0

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["Scene"]:
        """A scene that ends with nothing left running."""
        with pytest.MonkeyPatch.context() as patch:
            scene = cls(patch)
            try:
                yield scene
            finally:
                scene.redis.down = False
                for process in scene.processes:
                    process.fleet.layer.thawed.set()
                for seat in list(scene.seats):
                    await seat.end()
                for process in scene.processes:
                    await process.stop()
            assert not any(scene.api.open_of_each())
            assert asyncio.all_tasks() == {asyncio.current_task()}

    async def play(self, steps: list[tuple[str, int, int]]) -> None:
        """The steps in order."""
        for name, one, other in steps:
            await getattr(self, f"do_{name}")(one, other)
            self._look_after()

    def role(self, role: str) -> Process:
        """The one process in this role."""
        (found,) = [each for each in self.processes if each.source is not None and each.source.role == role]
        return found

    async def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Lets time pass until `condition` holds."""
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)

    async def converged(self) -> None:
        """Redis is back and nothing is lost any more: everybody is right, over one watch."""
        self.redis.down, self.redis.loss = False, 0.0
        for process in self.processes:
            process.fleet.layer.deaf = False
            process.fleet.layer.thawed.set()
        while len(self.seats) < COUNT:
            await self.do_join(len(self.seats), 0)
        await asyncio.sleep(40)
        self._look_after()
        truth = {uid: msgspec.to_builtins(record.row) for uid, record in self.api.pods.items.items()}
        for uid, told in self.api.statefulsets.items.items():
            truth[uid] = as_json(told)
        for seat in self.seats:
            assert seat.browser.rows["shop"] == truth
        roles = sorted(each.source.role for each in self.processes if each.source is not None)
        assert roles.count("holder") == 1
        assert roles.count("alone") == 0
        assert self.api.open("pods") == 1

    async def do_put(self, slot: int, number: int) -> None:
        """A pod appears or changes."""
        uid = self.slots.get(slot % SLOTS, "")
        if uid not in self.api.pods.items:
            self.born += 1
            uid = self.slots[slot % SLOTS] = f"uid-{self.born}"
        version = self.api.pods.version + 1
        record = pod(uid, status=f"v:{version}", labels={"n": str(number % 2)})
        self.api.pods.put(msgspec.structs.replace(record, version=version))
        if number % 3 == 2:
            self.api.statefulsets.put(rollout(f"rollout-{slot}", kind="StatefulSet", ready=number))

    async def do_delete(self, slot: int, _: int) -> None:
        uid = self.slots.get(slot % SLOTS, "")
        if uid in self.api.pods.items:
            self.api.pods.delete(uid)
        if f"rollout-{slot}" in self.api.statefulsets.items:
            self.api.statefulsets.delete(f"rollout-{slot}")

    async def do_wait(self, length: int, _: int) -> None:
        await asyncio.sleep((0.0, 0.01, 0.05, 0.4, 2.0, 7.0)[length % 6])

    async def do_join(self, which: int, resume: int) -> None:
        """A viewer with nothing, or with what one held at any process."""
        moment = self.left[resume % len(self.left)] if self.left and resume % 3 else None
        self.seats.append(Seat(self.processes[which % COUNT], self.clock, moment, self))

    async def do_leave(self, which: int, _: int) -> None:
        if self.seats:
            seat = self.seats.pop(which % len(self.seats))
            await seat.end()
            self.left = [*self.left[-8:], *seat.browser.moments[-2:]]

    async def do_redis(self, how: int, _: int) -> None:
        """It goes, comes back, forgets, or loses a part of what it is told."""
        if how % 4 == 0:
            self.redis.down = True
        elif how % 4 == 1:
            self.redis.down = False
        elif how % 4 == 2:
            self.redis.flush()
        else:
            self.redis.loss = (0.0, 0.3)[how // 4 % 2]

    async def do_deafen(self, which: int, _: int) -> None:
        """One process hears nothing for a while, and what it says is heard."""
        layer = self.processes[which % COUNT].fleet.layer
        layer.deaf = not layer.deaf

    async def do_freeze(self, which: int, _: int) -> None:
        """One is cut off from Redis, or no longer is; what it says and hears comes late."""
        thawed = self.processes[which % COUNT].fleet.layer.thawed
        if thawed.is_set():
            thawed.clear()
        else:
            thawed.set()

    async def do_kill(self, which: int, _: int) -> None:
        """One ends without a word, and its viewers go to others."""
        process = self.processes[which % COUNT]
        for layers in self.redis.groups.values():
            layers.discard(process.fleet.layer)
        await self._replace(which % COUNT, clean=False)

    async def do_restart(self, which: int, _: int) -> None:
        """One leaves cleanly, and another one comes in its place."""
        await self._replace(which % COUNT, clean=True)

    async def _replace(self, index: int, clean: bool) -> None:
        process = self.processes[index]
        self.processes[index] = Process(self.redis, self.api, self.clock)
        moved = [seat for seat in self.seats if seat.process is process]
        self.seats = [seat for seat in self.seats if seat.process is not process]
        if not clean:
            process.fleet.layer = self._dead(process)
        for seat in moved:
            await seat.end()
        await process.stop()
        for number, seat in enumerate(moved, start=1):
            moment = seat.browser.moments[-1] if seat.browser.moments else None
            there = self.processes[(index + number) % COUNT]
            self.seats.append(Seat(there, self.clock, moment, self))

    def _lag(self, source: Any) -> None:
        """No two watches are equally quick."""
        source.lag = self.rng.choice((0.0, 0.01, 0.5)) if self.lag is None else self.lag

    def _dead(self, process: Process) -> Any:
        """Nothing of what it says on its way out is heard: its lease runs out by itself."""
        layer = process.fleet.layer

        async def unheard(group: str, message: dict[str, Any]) -> None:
            return

        layer.group_send = unheard  # type: ignore[method-assign]
        source = process.source
        if source is not None:
            source._lease.lose()
        return layer

    def _look_after(self) -> None:
        for seat in list(self.seats):
            if seat.task.done():
                error = seat.task.exception()
                assert isinstance(error, SlowViewer), error
                self.seats.remove(seat)
                seat.viewer.close()
