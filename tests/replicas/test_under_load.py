"""The holder goes while 50 changes a second are told. Some are lost, and its voice is still heard."""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.consumers.viewer import Viewer
from tests.reliability.traffic import traffic
from tests.replicas.fleet import Fleet
from tests.replicas.overheard import Overheard
from tests.replicas.watching import watching
from tests.replicas.writing import check_steady

# The promises, in seconds.
CRASHED_SECONDS = 5.0
CLEAN_SECONDS = 1.0
GAP_SECONDS = 5.0
VIEWERS = 5
REPEATED = 10
# Connections are broken meanwhile; then what was written has been told for certain.
TOLD_SECONDS = 0.3
TRIES = 10

Labels = dict[str, dict[str, str]]


def truth(control_plane: ControlPlane, namespace: str) -> Labels:
    """The labels of each pod, by uid, that the API server knows."""
    items = control_plane.api("GET", f"/api/v1/namespaces/{namespace}/pods").json()["items"]
    return {item["metadata"]["uid"]: item["metadata"].get("labels", {}) for item in items}


def shown(viewer: Viewer, namespace: str) -> Labels:
    """The same, as a viewer shows it."""
    return {uid: row["labels"] for uid, row in viewer.rows[namespace].items()}


async def all_see(viewers: Sequence[Viewer], condition: Callable[[Viewer], object], what: str) -> float:
    """Waits until it is so for all; the longest time that took. Five times the promise of the longest."""

    async def sees(viewer: Viewer) -> float:
        return await viewer.until(lambda: condition(viewer), what, CRASHED_SECONDS * 5)

    return max(await asyncio.gather(*map(sees, viewers)))


class Load:
    """Viewers at all replicas of a busy namespace, in which pods come."""

    def __init__(
        self, fleet: Fleet, control_plane: ControlPlane, namespace: str, viewers: Sequence[Viewer]
    ) -> None:
        self.fleet = fleet
        self.viewers = viewers
        self._control_plane = control_plane
        self._namespace = namespace

    def but(self, gone: int) -> list[Viewer]:
        """The viewers of the other replicas."""
        return [viewer for number, viewer in enumerate(self.viewers) if number // VIEWERS != gone]

    async def create(self, name: str) -> None:
        """A pod that is written once."""
        await asyncio.to_thread(pods.create, self._control_plane, self._namespace, name)

    async def lose_messages(self) -> None:
        """What is told reaches hardly anybody, and nothing but its number says so; all see it."""
        before = self._pictures()
        for number in range(TRIES):
            with self.fleet.redis.deaf():
                await self.create(f"while-deaf-{number}")
                await asyncio.sleep(TOLD_SECONDS)
            sees = partial(Viewer.row, name=f"while-deaf-{number}")
            took = await all_see(self.viewers, sees, "what was told to nobody")
            print(f"what may have been lost is there after {took:.2f} s (promised {GAP_SECONDS} s)")
            assert took < GAP_SECONDS * 5
            if self._pictures() > before:
                return
        pytest.fail("no message was lost")

    async def hear_an_old_holder(self, overheard: Overheard, old: int, gone: int) -> None:
        """One that does not know yet that it is none any more: its numbers must not stand for others."""
        before = self._refused(gone)
        await overheard.until_fence(old + 1, 20)
        for number in range(REPEATED):
            await overheard.repeat(old)
            await self.create(f"after-{number}")
        expected = await asyncio.to_thread(truth, self._control_plane, self._namespace)
        created = {uid for uid, labels in expected.items() if not labels}
        await all_see(self.but(gone), lambda viewer: created <= viewer.rows[self._namespace].keys(), "all")

        def are_refused() -> bool:
            return all(now >= before[number] + 3 * REPEATED for number, now in self._refused(gone).items())

        wait = self.fleet.portals[(gone + 1) % len(self.fleet.portals)].wait_until
        await asyncio.to_thread(
            wait, are_refused, CRASHED_SECONDS * 5, "an old holder's messages are refused"
        )

    async def see_the_truth(self, gone: int) -> None:
        """Once nothing is written any more."""
        expected = await asyncio.to_thread(truth, self._control_plane, self._namespace)
        await all_see(self.but(gone), lambda viewer: shown(viewer, self._namespace) == expected, "the truth")

    def _pictures(self) -> float:
        return sum(portal.metric("k8sportal_fleet_pictures_total") for portal in self.fleet.portals)

    def _refused(self, gone: int) -> dict[int, float]:
        """How many messages each replica but one has refused for their fence."""
        name = "k8sportal_fleet_messages_ignored_total"
        return {
            number: portal.metric(name, reason="fence")
            for number, portal in enumerate(self.fleet.portals)
            if number != gone
        }


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "ended"])
async def test_the_holder_goes_under_load(
    fleet: Fleet, control_plane: ControlPlane, namespace: str, how: signal.Signals
) -> None:
    async with AsyncExitStack() as ends:
        await asyncio.to_thread(pods.create, control_plane, namespace, "stays")
        writes = await ends.enter_async_context(AsyncExitStack())
        await writes.enter_async_context(traffic(control_plane, namespace))
        viewers = await ends.enter_async_context(watching(fleet, namespace, VIEWERS))
        load = Load(fleet, control_plane, namespace, viewers)
        await load.lose_messages()
        overheard = await ends.enter_async_context(Overheard.about(fleet.redis, namespace))
        await overheard.until_fence(1, 20)
        epochs = _epochs(viewers, namespace)
        holder, old = await asyncio.to_thread(fleet.holder, namespace), overheard.fence
        await _ends(load, holder, how, ends)
        await load.hear_an_old_holder(overheard, old, holder)
        await writes.aclose()
        await load.see_the_truth(holder)
        for viewer in load.but(holder):
            check_steady(viewer)
        same = epochs == _epochs(load.but(holder), namespace)
        assert same == (how == signal.SIGTERM), "numbering goes on where the last one said where it ended"


async def _ends(load: Load, holder: int, how: signal.Signals, ends: AsyncExitStack) -> None:
    """The holder goes, and comes back in the end; the others see what happens meanwhile."""
    portal = load.fleet.portals[holder]
    began = time.monotonic()
    stopping = asyncio.create_task(asyncio.to_thread(portal.stop, how), name="the holder ends")
    ends.push_async_callback(asyncio.to_thread, portal.start)
    ends.push_async_callback(asyncio.gather, stopping)  # before it starts again
    if how == signal.SIGKILL:
        await stopping
        began = time.monotonic()
    else:
        await load.viewers[holder * VIEWERS].close_code(25)
    await load.create("while-nobody-holds")
    sees = partial(Viewer.row, name="while-nobody-holds")
    await all_see(load.but(holder), sees, "what happened meanwhile")
    took, promise = time.monotonic() - began, CLEAN_SECONDS if how == signal.SIGTERM else CRASHED_SECONDS
    print(f"{how.name}: the others are right after {took:.2f} s (promised {promise} s)")
    assert took < promise * 5
    await stopping


def _epochs(viewers: Sequence[Viewer], namespace: str) -> set[str]:
    return {viewer.tokens[namespace][:12] for viewer in viewers}
