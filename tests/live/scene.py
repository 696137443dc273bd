"""A scene for property tests: a changing cluster, viewers that come, go, fall behind and come back.

Everything but the API server and the browsers is the portal's own: reflectors, stores, feeds, views,
subscriptions, viewers. The limits are small, so that a few pods reach each of them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from pods.domain.pod import OwnerRef
from pods.domain.reasons import Reason
from pods.domain.rights import NamespaceRule
from pods.domain.row import Owner
from pods.domain.scope import Scope
from pods.kube.errors import Expired, ServerError
from pods.kube.resource import PodRecord, ReplicaSetRecord
from pods.live import feed, outbox, snapshot, view
from pods.live.hub import Hub, Key
from pods.live.outlet import SlowViewer
from pods.live.viewer import Viewer
from tests.live.api import FakeApi
from tests.live.browser import Browser, Moment
from tests.live.fakes import Stream, pod
from tests.live.virtual import LoopClock
from tests.live.workloads import FILTERS, as_json, some_rollout

Step = tuple[str, int, int]

NAMESPACES = ("a", "b", "secret")
SLOTS = 9
REPLICASETS = ("web-1", "web-2", "api-1")
LIMITS: tuple[tuple[Any, str, int], ...] = (
    (view, "FRAME_BYTES", 700),
    (snapshot, "FRAME_BYTES", 700),
    (view, "MAX_DELTA_ROWS", 3),
    (feed, "HELD_CHANGES", 4),
    (outbox, "WINDOW_BYTES", 1500),
)


@dataclass(frozen=True)
class Look:
    """What a viewer asked for: where it is served from, how it is called, and what it may show."""

    key: Key
    label: str
    rule: NamespaceRule | None
    shows: tuple[str, ...]


def _scope(namespace: str) -> Scope:
    return Scope("kind", "pods", namespace)


LOOKS: tuple[tuple[Look, ...], ...] = (
    (Look(_scope("a"), "a", None, ("a",)),),
    (Look(_scope("a"), "a", None, ("a",)), Look(_scope("b"), "b", None, ("b",))),
    (Look(_scope("*"), "*", NamespaceRule(patterns=("a", "b")), ("a", "b")),),
    (Look(_scope("*"), "*", NamespaceRule(patterns=("*",), hidden=frozenset({"secret"})), ("a", "b")),),
    (Look(_scope("*"), "b", NamespaceRule(patterns=("b",)), ("b",)),),
    (Look(_scope("*"), "*", None, NAMESPACES),),
    (Look((_scope("a"), _scope("b")), "*", None, ("a", "b")),),
)


@dataclass
class Seat:
    """One viewer with its browser."""

    looks: tuple[Look, ...]
    filter: int
    browser: Browser
    viewer: Viewer
    task: "asyncio.Task[None]"
    muted: bool = False

    def acknowledge(self) -> None:
        for label, (token, part) in self.browser.tokens.items():
            self.viewer.acknowledged(label, token, part)


@dataclass
class Scene:
    """`play` takes steps in any order; `converged` says what must hold in the end."""

    api: FakeApi
    hub: Hub
    clock: LoopClock
    seats: list[Seat] = field(default_factory=list)
    left: dict[tuple[int, int], list[Moment]] = field(default_factory=dict)
    slots: dict[int, str] = field(default_factory=dict)
    born: int = 0
    secret_uids: set[str] = field(default_factory=set)

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["Scene"]:
        with pytest.MonkeyPatch.context() as patch:
            for module, name, value in LIMITS:
                patch.setattr(module, name, value)
            clock = LoopClock()
            api = FakeApi(clock, patch)
            hub = Hub(lambda name: api.cluster, clock, linger_seconds=5.0)
            scene = cls(api, hub, clock)
            try:
                yield scene
            finally:
                for seat in list(scene.seats):
                    await scene._end(seat)
                await hub.stop()

    async def play(self, steps: list[Step]) -> None:
        """Takes the steps one after the other; time passes only where one says so."""
        for name, a, b in steps:
            await getattr(self, f"do_{name}")(a, b)
            for _ in range(4):
                await asyncio.sleep(0)

    async def converged(self) -> None:
        """All acknowledge, time passes, and every browser must hold what the cluster holds."""
        self._make_replicasets()
        for _ in range(30):
            for seat in list(self.seats):
                self._reap(seat)
                seat.acknowledge()
            await asyncio.sleep(1.5)
        for seat in self.seats:
            self._check(seat)

    async def do_put(self, slot: int, variant: int) -> None:
        slot %= SLOTS
        uid = self.slots.get(slot) or self._new_uid(slot)
        self.api.pods.put(_variant(uid, slot, variant))
        if variant % 3 == 0:
            record = some_rollout(NAMESPACES[slot % 3], REPLICASETS[slot % 2], slot, variant)
            (self.api.daemonsets if slot % 4 == 2 else self.api.deployments).put(record)
            if record.rollout.namespace == "secret":
                self.secret_uids.add(record.uid)

    async def do_delete(self, slot: int, _: int) -> None:
        uid = self.slots.pop(slot % SLOTS, None)
        if uid is not None:
            self.api.pods.delete(uid)
        for world in (self.api.deployments, self.api.daemonsets):
            if f"rollout-{slot}" in world.items:
                world.delete(f"rollout-{slot}")

    async def do_recreate(self, slot: int, variant: int) -> None:
        """Under the same name, in one piece."""
        slot %= SLOTS
        old = self.slots.get(slot)
        if old is not None:
            self.api.pods.replace(old, _variant(self._new_uid(slot), slot, variant))

    async def do_gap(self, slot: int, variant: int) -> None:
        """The log is forgotten while nobody watches, and a pod is re-created meanwhile."""
        self._each_stream(lambda stream: stream.fail(Expired(Reason("expired"))))
        self.api.pods.streams.clear()
        await self.do_delete(slot, 0)
        await self.do_put(slot, variant)
        await self.do_put(slot + 1, variant + 1)
        self.api.pods.compact()

    async def do_cut(self, how: int, _: int) -> None:
        """Every watch ends; what changes meanwhile is in the log."""
        error = ServerError(Reason("server_error", {"status": 500}))
        self._each_stream(lambda stream: stream.fail(error) if how % 2 else stream.end())
        self.api.pods.streams.clear()

    async def do_replicaset(self, which: int, _: int) -> None:
        name = REPLICASETS[which % len(REPLICASETS)]
        for namespace in NAMESPACES:
            owner = Owner("Deployment", name.rpartition("-")[0])
            self.api.replicasets.put(ReplicaSetRecord(f"{namespace}/{name}", namespace, name, owner))

    async def do_wait(self, length: int, _: int) -> None:
        await asyncio.sleep((0.0, 0.01, 0.05, 0.4, 2.0, 7.0)[length % 6])

    async def do_join(self, which: int, filter: int) -> None:
        """A viewer with nothing."""
        self._join(which % len(LOOKS), filter % len(FILTERS), [])

    async def do_resume(self, which: int, moment: int) -> None:
        """A viewer that comes back with what it, or another one, held at some earlier moment."""
        if self.left:
            (looks, filter), moments = sorted(self.left.items())[which % len(self.left)]
            if moments:
                self._join(looks, filter, [moments[-1 - moment % len(moments)]])

    async def do_leave(self, which: int, _: int) -> None:
        if self.seats:
            await self._end(self.seats[which % len(self.seats)])

    async def do_mute(self, which: int, _: int) -> None:
        """A viewer reads and does not acknowledge, or begins again to."""
        if self.seats:
            seat = self.seats[which % len(self.seats)]
            seat.muted = not seat.muted
            seat.acknowledge()

    def _join(self, looks: int, filter: int, moments: list[Moment]) -> None:
        browser = Browser.resuming(moments)

        async def send(text: str) -> None:
            await browser.receive(text)
            await asyncio.sleep(0)
            if not seat.muted:
                seat.acknowledge()

        viewer = Viewer(send, self.clock)
        tokens = [moment.token for moment in moments]
        for look in LOOKS[looks]:
            matcher = FILTERS[filter][0]
            viewer.add(self.hub.subscribe(look.key, look.label, matcher, look.rule, viewer, tokens))
        task = asyncio.get_running_loop().create_task(viewer.run(), name="viewer")
        seat = Seat(LOOKS[looks], filter, browser, viewer, task)
        self.seats.append(seat)

    async def _end(self, seat: Seat) -> None:
        seat.task.cancel()
        await asyncio.wait([seat.task])
        self._forget(seat)

    def _reap(self, seat: Seat) -> None:
        if seat.task.done():
            assert isinstance(seat.task.exception(), SlowViewer)
            self._forget(seat)

    def _forget(self, seat: Seat) -> None:
        seat.viewer.close()
        self.seats.remove(seat)
        self._check_secrets(seat)
        kept = self.left.setdefault((LOOKS.index(seat.looks), seat.filter), [])
        kept += seat.browser.moments

    def _check(self, seat: Seat) -> None:
        self._check_secrets(seat)
        for look in seat.looks:
            assert seat.browser.rows[look.label] == self._truth(look, seat.filter)

    def _check_secrets(self, seat: Seat) -> None:
        if all("secret" not in look.shows for look in seat.looks):
            namespaces, uids = seat.browser.mentioned()
            assert "secret" not in namespaces
            assert not uids & self.secret_uids

    def _truth(self, look: Look, filter: int) -> dict[str, dict[str, Any]]:
        """Worked out from the cluster's objects alone."""
        found = {}
        for uid, record in self.api.pods.items.items():
            row: dict[str, Any] = msgspec.to_builtins(record.row)
            if record.controller is not None:
                row["owner"] = {"kind": "Deployment", "name": record.controller.name.rpartition("-")[0]}
            if row["namespace"] in look.shows and FILTERS[filter][1](row):
                found[uid] = row
        for world in (self.api.deployments, self.api.daemonsets):
            for uid, told in world.items.items():
                if told.rollout.namespace in look.shows and FILTERS[filter][2](told):
                    found[uid] = as_json(told)
        return found

    def _each_stream(self, act: Callable[[Stream[PodRecord]], None]) -> None:
        for stream in list(self.api.pods.streams):
            act(stream)

    def _make_replicasets(self) -> None:
        for namespace in NAMESPACES:
            for name in REPLICASETS:
                owner = Owner("Deployment", name.rpartition("-")[0])
                self.api.replicasets.put(ReplicaSetRecord(f"{namespace}/{name}", namespace, name, owner))

    def _new_uid(self, slot: int) -> str:
        self.born += 1
        uid = self.slots[slot] = f"uid-{self.born}"
        if NAMESPACES[slot % 3] == "secret":
            self.secret_uids.add(uid)
        return uid


def _variant(uid: str, slot: int, variant: int) -> PodRecord:
    namespace = NAMESPACES[slot % 3]
    labels = {"tier": "x" if variant % 2 else "y"}
    rs = REPLICASETS[slot % 2 + (slot % 4 == 3)]
    controller = OwnerRef("ReplicaSet", rs, f"{namespace}/{rs}") if slot % 5 else None
    status = ("Running", "Pending", "Error")[variant % 3]
    return pod(
        uid,
        namespace,
        name=f"pod-{slot}",
        status=status,
        labels=labels,
        controller=controller,
        padding=variant % 4 * 100,
    )
