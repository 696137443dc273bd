"""PodStore: the latest record of each pod of one scope, by uid, with its owner and reason worked out.

The sink of the pods' reflector, with the rollouts of their owners beside it. It tells its feed which pods
changed, and only those whose row did: a relist is a diff, and an update that changes nothing shown sends
nothing.
"""

from collections.abc import Callable, Iterable

import msgspec

from pods.domain.podevents import explain
from pods.kube.listwatch import Event
from pods.kube.resource import PodRecord
from pods.live.owners import Key, Owners
from pods.live.podevents import PodEvents
from pods.live.rollouts import Changes, Rollouts

__all__ = ["Changes", "PodStore"]


class PodStore:
    """Records by uid. `changed` is called with what changed, `missing` as Owners has it."""

    def __init__(self, changed: Callable[[Changes], None], missing: Callable[[Key], None]) -> None:
        self.records: dict[str, PodRecord] = {}
        # How many records of a list were older than what was held: the cluster has gone back.
        self.regressions = 0
        self._changed = changed
        self._by_replicaset: dict[str, set[str]] = {}
        self.owners = Owners(self._owners_resolved, missing, self._by_replicaset.__contains__)
        self.events = PodEvents(self._warned, self._is_unwell)
        self.rollouts = Rollouts(changed)

    def replace(self, items: list[PodRecord]) -> None:
        """Takes over a whole list as the difference to what is held."""
        fresh = {item.uid: item for item in items}
        changes: Changes = {}
        for uid in [uid for uid in self.records if uid not in fresh]:
            self._remove(uid, changes)
        for record in fresh.values():
            known = self.records.get(record.uid)
            if known is not None and 0 < record.version < known.version:
                self.regressions += 1
            self._put(record, changes)
        self._changed(changes)

    def apply(self, events: list[Event[PodRecord]]) -> None:
        """Takes over events of a watch, in their order."""
        changes: Changes = {}
        for event in events:
            record = event.item
            if record is None:
                continue
            if event.type == "DELETED":
                self._remove(record.uid, changes)
            else:
                self._put(record, changes)
        if changes:
            self._changed(changes)

    def _put(self, record: PodRecord, changes: Changes) -> None:
        known = self.records.get(record.uid)
        if known is not None and known.controller != record.controller:
            self._unindex(known)
        self._index(record)
        self._own(record)
        self._explain(record)
        self.records[record.uid] = record
        if known is None or known.row != record.row or known.labels != record.labels:
            changes[record.uid] = record.row.namespace

    def _own(self, record: PodRecord) -> None:
        owner = self.owners.owner_of(record)
        if owner != record.row.owner:
            record.row = msgspec.structs.replace(record.row, owner=owner)

    def _explain(self, record: PodRecord) -> None:
        """Adds to why a pod is not well what its newest warning says; a pod that is well has none."""
        row = record.row
        if row.why is None:
            self.events.released(record.uid)
            return
        event = self.events.of(record.uid)
        if event == record.event or (event and record.event and event.says_the_same(record.event)):
            return
        plain = record.plain or row.why
        why = explain(plain, event, record.told_from) if event is not None else plain
        record.plain, record.event = (None, None) if why is plain else (plain, event)
        if why != row.why:
            record.row = msgspec.structs.replace(row, why=why)

    def _is_unwell(self, uid: str) -> bool:
        record = self.records.get(uid)
        return record is not None and record.row.why is not None

    def _warned(self, pods: Iterable[str]) -> None:
        changes: Changes = {}
        for uid in pods:
            record = self.records.get(uid)
            if record is not None:
                before = record.row
                self._explain(record)
                if record.row is not before:
                    changes[uid] = before.namespace
        if changes:
            self._changed(changes)

    def _remove(self, uid: str, changes: Changes) -> None:
        record = self.records.pop(uid, None)
        self.events.released(uid)
        if record is None:
            return
        changes[uid] = record.row.namespace
        self._unindex(record)

    def _index(self, record: PodRecord) -> None:
        controller = record.controller
        if controller is not None and controller.kind == "ReplicaSet":
            self._by_replicaset.setdefault(controller.uid, set()).add(record.uid)

    def _unindex(self, record: PodRecord) -> None:
        controller = record.controller
        pods = self._by_replicaset.get(controller.uid) if controller is not None else None
        if controller is None or pods is None:
            return
        pods.discard(record.uid)
        if not pods:
            del self._by_replicaset[controller.uid]
            self.owners.released(controller.uid)

    def _owners_resolved(self, replicasets: Iterable[str]) -> None:
        changes: Changes = {}
        for replicaset in replicasets:
            for uid in self._by_replicaset.get(replicaset, ()):
                record = self.records[uid]
                before = record.row
                self._own(record)
                if record.row is not before:
                    changes[uid] = before.namespace
        if changes:
            self._changed(changes)
