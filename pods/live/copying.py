"""Copying: a follower's store and feed, made to what the holder tells."""

from pods import metrics
from pods.kube.listwatch import Event
from pods.kube.resource import PodRecord, ReplicaSetRecord
from pods.live.feed import Feed
from pods.live.following import Picture
from pods.live.merging import is_newer, merge
from pods.live.messages import Batch
from pods.live.store import Changes, PodStore


class Copy:
    """Applies pictures and batches in the order in which Following gives them.

    `ahead` are the pods of which more is known here than the holder has come to; `lineage` says of which
    life of the cluster the versions are.
    """

    def __init__(self, store: PodStore, feed: Feed) -> None:
        self.lineage = 0
        self.ahead: Changes = {}
        self._store = store
        self._feed = feed
        # Pods that went before the last picture. The holder may not even have seen them come by then.
        self._gone: set[str] = set()

    def apply(self, step: Batch | Picture) -> None:
        """One step."""
        if isinstance(step, Picture):
            self._take_over(step)
        else:
            self._follow(step)

    def _take_over(self, picture: Picture) -> None:
        self._feed.settle()
        told = [record for part in picture.parts for record in part.records]
        self._learn(told)
        if picture.head.lineage == self.lineage:
            self._gone = self._feed.gone()
            merged = merge(self._store.records, self._gone, told, picture.head.version)
            self.ahead = merged.ahead
            told = merged.records
        else:
            self.lineage, self.ahead = picture.head.lineage, {}
            self._gone = set()
        self._store.replace(told)
        # Of rollouts, which are judged anew all the time, the holder's word stands.
        self._store.rollouts.told((one for part in picture.parts for one in part.rollouts), whole=True)
        self._feed.join(picture.past(), self.ahead)
        metrics.FLEET_PICTURES.inc()

    def _follow(self, batch: Batch) -> None:
        records = self._store.records
        fresh = [record for record in batch.upserted if self._is_news(record)]
        strange = not all(map(self._feed.holds, batch.removed)) or len(fresh) < len(batch.upserted)
        events = [Event("DELETED", records[uid], "") for uid in batch.removed if uid in records]
        self._learn(fresh)
        self._store.apply([*events, *(Event("MODIFIED", record, "") for record in fresh)])
        self._store.rollouts.told(batch.rollouts, whole=False, removed=batch.removed)
        upserted = {record.uid: record.row.namespace for record in batch.upserted}
        upserted |= {record.uid: record.rollout.namespace for record in batch.rollouts}
        self._feed.follow({**upserted, **batch.removed}, strange)

    def _is_news(self, record: PodRecord) -> bool:
        known = self._store.records.get(record.uid)
        return record.uid not in self._gone if known is None else not is_newer(known, record)

    def _learn(self, records: list[PodRecord]) -> None:
        """What the holder knows of pods' owners and events: here nobody asks for those."""
        for record in records:
            self._store.events.told(record.uid, record.event)
            controller, owner = record.controller, record.row.owner
            if controller is not None and controller.kind == "ReplicaSet" and owner is not None:
                self._store.owners.told(
                    ReplicaSetRecord(controller.uid, record.row.namespace, controller.name, owner)
                )
