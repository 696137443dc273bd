"""Owners: from a pod's ReplicaSet to the Deployment behind it.

A ReplicaSet is looked up in the ReplicaSet scope; one not yet seen is fetched by name once; where
that is forbidden, the owner is the ReplicaSet's name less `-<pod-template-hash>`. Until it is known,
that same name stands in: it is what the Deployment controller makes names of.
"""

from collections.abc import Callable

from pods.domain.pod import OwnerRef, deployment_from_hash
from pods.domain.row import Owner
from pods.kube.listwatch import Event
from pods.kube.resource import PodRecord, ReplicaSetRecord

Key = tuple[str, str]


class Owners:
    """The ReplicaSets of one scope by uid, with the question who is behind one.

    `resolved` is called with the uids of ReplicaSets whose owner became known or changed; `missing`
    with the (namespace, name) of one that no list or event has shown; `in_use` tells whether a pod
    refers to a uid. A sink of a reflector. Bounded by the ReplicaSets that exist or have pods.
    """

    def __init__(
        self,
        resolved: Callable[[set[str]], None],
        missing: Callable[[Key], None],
        in_use: Callable[[str], bool],
    ) -> None:
        self._resolved = resolved
        self._missing = missing
        self._in_use = in_use
        self._by_uid: dict[str, Owner] = {}
        self._gone: set[str] = set()
        self._asked: set[str] = set()
        self._synced = False

    def owner_of(self, pod: PodRecord) -> Owner | None:
        """The owner to show for `pod`."""
        controller = pod.controller
        if controller is None:
            return None
        if controller.kind != "ReplicaSet":
            return Owner(controller.kind, controller.name)
        known = self._by_uid.get(controller.uid)
        if known is None:
            self._ask(pod.row.namespace, controller)
        return known or _provisional(controller, pod.labels)

    def replace(self, items: list[ReplicaSetRecord]) -> None:
        """A whole list."""
        self._synced = True
        listed = {item.uid for item in items}
        self._gone -= listed
        self._leave(set(self._by_uid) - listed)
        self._learn(items)

    def apply(self, events: list[Event[ReplicaSetRecord]]) -> None:
        """Changes of ReplicaSets, of which only arrivals, new owners and ends matter."""
        changes = [(event.type, event.item) for event in events if event.item is not None]
        there = [item for kind, item in changes if kind != "DELETED"]
        self._gone -= {item.uid for item in there}
        self._learn(there)
        self._leave({item.uid for kind, item in changes if kind == "DELETED"})

    def __len__(self) -> int:
        """How many ReplicaSets are known."""
        return len(self._by_uid)

    def fetched(self, record: ReplicaSetRecord) -> None:
        """One ReplicaSet, fetched by name."""
        self._learn([record])

    def told(self, replicaset: ReplicaSetRecord) -> None:
        """What another process knows of a ReplicaSet: kept for as long as it has pods here."""
        if replicaset.uid not in self._by_uid:
            self._gone.add(replicaset.uid)
        self._learn([replicaset])

    def released(self, uid: str) -> None:
        """The last pod of ReplicaSet `uid` is gone."""
        if uid in self._gone or uid not in self._by_uid:
            self._forget(uid)

    def _leave(self, uids: set[str]) -> None:
        """ReplicaSets that are gone. Their owners stay while their pods may linger."""
        self._gone |= uids
        for uid in uids:
            if not self._in_use(uid):
                self._forget(uid)

    def _forget(self, uid: str) -> None:
        self._by_uid.pop(uid, None)
        self._gone.discard(uid)
        self._asked.discard(uid)

    def _learn(self, records: list[ReplicaSetRecord]) -> None:
        changed: set[str] = set()
        for record in records:
            owner = record.owner or Owner("ReplicaSet", record.name)
            if self._by_uid.get(record.uid) != owner:
                self._by_uid[record.uid] = owner
                changed.add(record.uid)
        if changed:
            self._resolved(changed)

    def _ask(self, namespace: str, controller: OwnerRef) -> None:
        if self._synced and controller.uid not in self._asked:
            self._asked.add(controller.uid)
            self._missing((namespace, controller.name))


def _provisional(controller: OwnerRef, labels: dict[str, str]) -> Owner:
    deployment = deployment_from_hash(controller.name, labels)
    return Owner("Deployment", deployment) if deployment else Owner("ReplicaSet", controller.name)
