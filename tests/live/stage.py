"""A stage for pods.live.following: a follower, its holder, those before, and what is under way."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pods.domain.scope import Scope
from pods.kube.resource import PodRecord
from pods.live.following import PICTURE_SECONDS, SILENT_SECONDS, Following, Picture
from pods.live.merging import is_newer, merge
from pods.live.messages import FORM, Batch, Beat, Foreign, Handover, Message, Part
from tests.live.fakes import pod

SCOPE = Scope("kind", "pods", "shop")


@dataclass
class Holder:
    """Numbers what happens in its own view of the world, and sends it."""

    fence: int
    epoch: int
    records: dict[str, PodRecord]
    version: int
    send: Callable[[Message], None]
    offset: int = 0

    def _head(self) -> dict[str, Any]:
        head = {"form": FORM, "installation": "ours", "scope": SCOPE}
        return {**head, "fence": self.fence, "epoch": self.epoch, "offset": self.offset}

    def change(self, record: PodRecord | None, uid: str, version: int) -> None:
        self.version = version
        self.offset += 1
        if record is None:
            self.records.pop(uid, None)
        else:
            self.records[uid] = record
        upserted, removed = ([record], {}) if record else ([], {uid: "shop"})
        self.send(Batch(**self._head(), upserted=upserted, removed=removed))

    def beat(self) -> None:
        self.send(Beat(**self._head(), synced=True, state="live", since=None, reason=None))

    def hand_over(self) -> None:
        self.send(Handover(**self._head()))

    def answer(self, picture: str) -> None:
        records = list(self.records.values())
        cut = [records[at : at + 2] for at in range(0, len(records), 2)] or [[]]
        head = {
            **self._head(),
            "picture": picture,
            "floor": self.offset,
            "version": self.version,
            "lineage": 0,
        }
        for number, piece in enumerate(cut, start=1):
            self.send(Part(**head, number=number, last=number == len(cut), records=piece, numbers=[]))


@dataclass
class Replica:
    """A follower as its process uses it, with what it shows."""

    following: Following = field(default_factory=Following)
    records: dict[str, PodRecord] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    refused: int = 0

    def take(self, message: Any, now: float) -> None:
        try:
            steps = self.following.take(message, now)
        except Foreign as foreign:
            self.refused += foreign.reason == "fence"
            return
        for step in steps:
            self._show(self._after(step))

    def _after(self, step: Batch | Picture) -> dict[str, PodRecord]:
        if isinstance(step, Picture):
            told = [record for part in step.parts for record in part.records]
            return {r.uid: r for r in merge(self.records, self.gone, told, step.head.version).records}
        after = {uid: record for uid, record in self.records.items() if uid not in step.removed}
        for record in step.upserted:
            if record.uid not in after or not is_newer(after[record.uid], record):
                after[record.uid] = record
        return after

    def _show(self, after: dict[str, PodRecord]) -> None:
        for uid, record in after.items():
            assert uid not in self.gone, "a pod that was gone is back"
            assert uid not in self.records or record.version >= self.records[uid].version, "a pod went back"
        self.gone |= self.records.keys() - after.keys()
        self.records = after


class Stage:
    """One follower, the holder, those that were it before, and what is under way between them."""

    def __init__(self) -> None:
        self.now = 100.0
        self.version = 0
        self.world: dict[str, PodRecord] = {}
        self.born = 0
        self.slots: dict[int, str] = {}
        self.under_way: list[Message] = []
        self.replica = Replica()
        self.former: list[Holder] = []
        self.holder = self._new_holder(1)

    def play(self, step: str, number: int) -> None:
        getattr(self, f"do_{step}")(number)
        self._ask()

    def do_put(self, number: int) -> None:
        uid = self.slots.get(number % 4)
        if uid not in self.world:
            self.born += 1
            uid = self.slots[number % 4] = f"uid-{self.born}"
        self.version += 1
        self.world[uid] = msgspec.structs.replace(pod(uid), version=self.version)
        self.holder.change(self.world[uid], uid, self.version)

    def do_delete(self, number: int) -> None:
        uid = self.slots.get(number % 4, "")
        if self.world.pop(uid, None) is not None:
            self.version += 1
            self.holder.change(None, uid, self.version)

    def do_beat(self, number: int) -> None:
        self.holder.beat()

    def do_deliver(self, number: int) -> None:
        if self.under_way:
            self.replica.take(self.under_way.pop(number % len(self.under_way)), self.now)

    def do_arrive(self, number: int) -> None:
        """Everything that is under way, in order."""
        while self.under_way:
            self.replica.take(self.under_way.pop(0), self.now)

    def do_lose(self, number: int) -> None:
        if self.under_way:
            self.under_way.pop(number % len(self.under_way))

    def do_double(self, number: int) -> None:
        if self.under_way:
            self.under_way.append(self.under_way[number % len(self.under_way)])

    def do_wait(self, number: int) -> None:
        self.now += (0.1, 0.5, PICTURE_SECONDS, SILENT_SECONDS)[number % 4]

    def do_take_over(self, number: int) -> None:
        """Another process holds, after a list of its own."""
        self.former.append(self.holder)
        self.holder = self._new_holder(self.holder.fence + 1)

    def do_hand_over(self, number: int) -> None:
        """Another process goes on in the same epoch, from the same offset."""
        before = self.holder
        before.hand_over()
        self.holder = self._new_holder(before.fence + 1)  # who has handed over never numbers again
        self.holder.epoch, self.holder.offset = before.epoch, before.offset

    def do_old(self, number: int) -> None:
        """One that was the holder wakes up, and sends what it saw before it was frozen."""
        if self.former:
            old = self.former[number % len(self.former)]
            for uid in list(old.records)[:1]:
                old.change(old.records[uid], uid, old.version)
            old.beat()

    def converge(self) -> None:
        """Nothing is lost any more."""
        for _ in range(4):
            self.now += PICTURE_SECONDS
            self.holder.beat()
            self.do_arrive(0)
            self._ask()
            self.do_arrive(0)
        assert self.replica.following.position == (self.holder.epoch, self.holder.offset)
        assert self.replica.records == self.world

    def _ask(self) -> None:
        picture = self.replica.following.ask(self.now)
        if picture is not None:
            self.holder.answer(picture)

    def _new_holder(self, fence: int) -> Holder:
        epoch = random.Random(fence).getrandbits(64)
        return Holder(fence, epoch, dict(self.world), self.version, self.under_way.append)
