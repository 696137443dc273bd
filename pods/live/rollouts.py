"""Rollouts: the workloads of one scope by uid, with a Deployment's ReplicaSets put to it.

Filled by one reflector for each kind, and by that of ReplicaSets. Where a kind is not known, because it may
not be read or its watch is broken, there are just none of it: pods are shown without.

Bounded: one for each Deployment, StatefulSet, DaemonSet and Job that goes on, and in each namespace the
FINISHED_KEPT Jobs that ended last, of those listed: thousands may lie about, and nothing of them changes any
more.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Mapping

import msgspec

from pods.domain.rollout import RolloutKind, SetState, with_revisions
from pods.kube.listwatch import Event
from pods.kube.resource import ReplicaSetRecord
from pods.kube.workloads import RolloutRecord

FINISHED_KEPT = 100

# Uids of pods or rollouts that changed, each with its namespace (which outlives the record).
Changes = dict[str, str]


class Rollouts:
    """Records by uid. `changed` is called with those that would be shown differently, came or went."""

    def __init__(self, changed: Callable[[Changes], None]) -> None:
        self.records: dict[str, RolloutRecord] = {}
        self.replicasets = ReplicaSets(self._sets_changed)
        self._changed = changed
        # Deployments without their ReplicaSets.
        self._plain: dict[str, RolloutRecord] = {}
        # By namespace, when Jobs ended, and their uids: the oldest first.
        self._finished: dict[str, list[tuple[str, str]]] = {}

    def sink(self, kind: RolloutKind) -> "KindSink":
        """What the reflector of `kind` fills."""
        return KindSink(self, kind)

    def renew(self) -> None:
        """What a reflector gave before is worth nothing any more: `records` stay until lists come."""
        self._plain.clear()
        self._finished.clear()
        self.replicasets.renew()

    def replace(self, kind: RolloutKind, items: Iterable[RolloutRecord]) -> None:
        """A whole list of one kind, taken over as the difference to what is held."""
        fresh = _kept({item.uid: item for item in items})
        changes: Changes = {}
        for uid, record in list(self.records.items()):
            if record.rollout.kind == kind and uid not in fresh:
                self._remove(uid, changes)
        for record in fresh.values():
            self._put(record, changes)
        if changes:
            self._changed(changes)

    def apply(self, events: Iterable[Event[RolloutRecord]]) -> None:
        """Changes of workloads, in their order."""
        changes: Changes = {}
        new: set[str] = set()
        for event in events:
            if event.item is None:
                continue
            uid = event.item.uid
            if uid not in self.records and uid not in changes:
                new.add(uid)
            if event.type == "DELETED":
                self._remove(uid, changes)
            else:
                self._put(event.item, changes)
        for uid in new - self.records.keys():
            changes.pop(uid, None)  # not there before, nor now
        if changes:
            self._changed(changes)

    def told(self, records: Iterable[RolloutRecord], whole: bool, removed: Iterable[str] = ()) -> None:
        """What another process has; `whole` where that is all there is. It is shown as it is told."""
        changes: Changes = {}
        told = {record.uid: record for record in records}
        for uid in [uid for uid in self.records if uid not in told] if whole else removed:
            self._remove(uid, changes)
        for record in told.values():
            self._show(record, changes)
        if changes:
            self._changed(changes)

    def _put(self, record: RolloutRecord, changes: Changes) -> None:
        if record.rollout.kind == "Deployment":
            self._plain[record.uid] = record
            record = self._with_revisions(record)
        known = self.records.get(record.uid)
        if known is not None:
            self._leave_finished(known)
        if not record.rollout.finished or self._join_finished(record, changes):
            self._show(record, changes)

    def _show(self, record: RolloutRecord, changes: Changes) -> None:
        known = self.records.get(record.uid)
        self.records[record.uid] = record
        if known is None or known.rollout != record.rollout or known.labels != record.labels:
            changes[record.uid] = record.rollout.namespace

    def _remove(self, uid: str, changes: Changes) -> None:
        self._plain.pop(uid, None)
        record = self.records.pop(uid, None)
        if record is not None:
            changes[uid] = record.rollout.namespace
            self._leave_finished(record)

    def _with_revisions(self, record: RolloutRecord) -> RolloutRecord:
        """Until the ReplicaSets are listed, what another process told of them stands."""
        rollout = record.rollout
        if self.replicasets.listed:
            rollout = with_revisions(rollout, self.replicasets.of(record.uid), record.rolling)
        elif (known := self.records.get(record.uid)) is not None:
            told = known.rollout
            since = told.since if record.rolling and told.state == rollout.state else rollout.since
            rollout = msgspec.structs.replace(rollout, revisions=told.revisions, since=since)
        return msgspec.structs.replace(record, rollout=rollout)

    def _sets_changed(self, deployments: Iterable[str] | None) -> None:
        changes: Changes = {}
        for uid in self._plain if deployments is None else deployments:
            plain = self._plain.get(uid)
            if plain is not None:
                self._show(self._with_revisions(plain), changes)
        if changes:
            self._changed(changes)

    def _join_finished(self, record: RolloutRecord, changes: Changes) -> bool:
        """Whether a Job that ended is one of those that are kept; the oldest goes for it."""
        rollout = record.rollout
        finished = self._finished.setdefault(rollout.namespace, [])
        insort(finished, (rollout.since or "", record.uid))
        if len(finished) > FINISHED_KEPT:
            _, oldest = finished.pop(0)
            self._remove(oldest, changes)
            return oldest != record.uid
        return True

    def _leave_finished(self, record: RolloutRecord) -> None:
        rollout = record.rollout
        finished = self._finished.get(rollout.namespace, [])
        entry = (rollout.since or "", record.uid)
        if rollout.finished and entry in finished:
            finished.remove(entry)
            if not finished:
                del self._finished[rollout.namespace]


def _kept(listed: dict[str, RolloutRecord]) -> dict[str, RolloutRecord]:
    """Those of a list that are kept: of a namespace's finished ones the FINISHED_KEPT that ended last."""
    finished: dict[str, list[tuple[str, str]]] = {}
    for uid, record in listed.items():
        if record.rollout.finished:
            finished.setdefault(record.rollout.namespace, []).append((record.rollout.since or "", uid))
    gone = {uid for ended in finished.values() for _, uid in sorted(ended)[:-FINISHED_KEPT]}
    return {uid: record for uid, record in listed.items() if uid not in gone}


class KindSink:
    """The workloads of one kind: the sink of its reflector."""

    def __init__(self, rollouts: Rollouts, kind: RolloutKind) -> None:
        self._rollouts = rollouts
        self._kind = kind

    def replace(self, items: list[RolloutRecord]) -> None:
        """A whole list."""
        self._rollouts.replace(self._kind, items)

    def apply(self, events: list[Event[RolloutRecord]]) -> None:
        """Changes, in their order."""
        self._rollouts.apply(events)

    def forget(self) -> None:
        """They are not known any more."""
        self._rollouts.replace(self._kind, ())


class ReplicaSets:
    """How many pods each ReplicaSet has, by its Deployment's uid.

    `changed` is called with uids of Deployments, None for all of them. A sink of ReplicaSets. Bounded by
    those that exist.
    """

    def __init__(self, changed: Callable[[Iterable[str] | None], None]) -> None:
        self.listed = False
        self._changed = changed
        self._by_owner: dict[str, dict[str, SetState]] = {}
        self._owners: dict[str, str] = {}

    def of(self, deployment: str) -> Iterable[SetState]:
        """Those of one Deployment."""
        return self._by_owner.get(deployment, _NONE).values()

    def renew(self) -> None:
        """Nothing is known until the next list, which is to come."""
        self.listed = False
        self._by_owner.clear()
        self._owners.clear()

    def forget(self) -> None:
        """Nothing is known any more."""
        if self._owners or not self.listed:
            self.renew()
            self.listed = True
            self._changed(None)

    def replace(self, items: list[ReplicaSetRecord]) -> None:
        """A whole list."""
        concerned: set[str] = set()
        for uid in self._owners.keys() - {item.uid for item in items}:
            self._remove(uid, concerned)
        for item in items:
            self._put(item, concerned)
        was_listed, self.listed = self.listed, True
        self._changed(concerned if was_listed else None)

    def apply(self, events: list[Event[ReplicaSetRecord]]) -> None:
        """Changes, in their order."""
        concerned: set[str] = set()
        for event in events:
            if event.item is None:
                continue
            if event.type == "DELETED":
                self._remove(event.item.uid, concerned)
            else:
                self._put(event.item, concerned)
        if concerned:
            self._changed(concerned)

    def _put(self, record: ReplicaSetRecord, concerned: set[str]) -> None:
        if self._owners.get(record.uid, record.owner_uid) != record.owner_uid:
            self._remove(record.uid, concerned)
        if record.state is None or record.owner is None or record.owner.kind != "Deployment":
            return
        self._owners[record.uid] = record.owner_uid
        sets = self._by_owner.setdefault(record.owner_uid, {})
        if sets.get(record.uid) != record.state:
            sets[record.uid] = record.state
            concerned.add(record.owner_uid)

    def _remove(self, uid: str, concerned: set[str]) -> None:
        owner = self._owners.pop(uid, None)
        if owner is None:
            return
        sets = self._by_owner[owner]
        del sets[uid]
        if not sets:
            del self._by_owner[owner]
        concerned.add(owner)


_NONE: Mapping[str, SetState] = {}
