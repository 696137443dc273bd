"""One reflector on a bench: its server, its sink, and what its status says through time."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from pods.clock import Clock
from pods.domain.reasons import Reason
from pods.kube.listwatch import Event
from pods.kube.resource import PODS, PodRecord
from pods.live.backoff import Backoff
from pods.live.reflector import Reflector
from pods.live.status import FeedState, FlowStatus
from tests.live.fakes import FakeCluster, FakeListWatch, World


class Hurried(random.Random):
    """Draws the shortest pause each time."""

    def random(self) -> float:
        return 0.0


@dataclass
class Sink:
    """Objects by uid, and how often a whole list came."""

    items: dict[str, PodRecord] = field(default_factory=dict)
    lists: int = 0
    taken: Callable[[], None] = lambda: None

    def replace(self, items: list[PodRecord]) -> None:
        self.lists += 1
        self.items = {item.uid: item for item in items}
        self.taken()

    def apply(self, events: list[Event[PodRecord]]) -> None:
        for event in events:
            if event.item is not None and event.type == "DELETED":
                self.items.pop(event.item.uid, None)
            elif event.item is not None:
                self.items[event.item.uid] = event.item
        self.taken()


class Rig:
    """`start()` runs the reflector, `stop()` ends it and asserts that it left nothing open."""

    def __init__(self, clock: Clock, cluster: FakeCluster | None = None, namespace: str = "shop") -> None:
        self.clock = clock
        self.cluster = cluster or FakeCluster(clock)
        self.world: World[PodRecord] = World()
        self.source = FakeListWatch(self.cluster, PODS, namespace, self.world)
        self.sink = Sink()
        self.told: list[str] = []
        self.reflector = Reflector(self.source, self.sink, clock, self._tell, Backoff(Hurried()))
        self.task: asyncio.Task[None] | None = None

    @property
    def status(self) -> FlowStatus:
        return self.reflector.status

    def _tell(self) -> None:
        self.told.append(self.state.state)

    @property
    def state(self) -> FeedState:
        return self.status.state()

    def says(self) -> tuple[str, Reason | None]:
        """State and reason now."""
        state = self.state
        return state.state, state.reason

    def start(self) -> None:
        self.task = asyncio.create_task(self.reflector.run(), name="reflector")

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])
        assert self.source.open == 0
        assert not self.world.streams

    def holds_all(self) -> bool:
        """Whether the sink holds what the world does."""
        return {uid: pod.row for uid, pod in self.sink.items.items()} == {
            uid: pod.row for uid, pod in self.world.items.items()
        }

    async def until(self, condition: Callable[[], bool], seconds: float = 120.0) -> float:
        """Lets time pass until `condition` holds; gives the seconds that took."""
        begun = self.clock.monotonic()
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)
        return self.clock.monotonic() - begun

    async def states_during(self, seconds: float) -> list[FeedState]:
        """The state at each tenth of a second."""
        seen: list[FeedState] = []
        for _ in range(round(seconds * 10)):
            seen.append(self.state)
            await asyncio.sleep(0.1)
        return seen
