"""A store and a feed without a reflector: tests say what the API told."""

from typing import Literal

from pods.clock import Clock
from pods.domain.reasons import Reason
from pods.domain.rights import NamespaceRule
from pods.domain.viewfilter import ViewFilter
from pods.kube.listwatch import Event
from pods.kube.resource import PodRecord
from pods.live.feed import Feed
from pods.live.snapshot import Frame
from pods.live.status import FeedState
from pods.live.store import PodStore
from pods.live.subscription import Subscription
from pods.live.view import View


class Bench:
    """`put`, `delete` and `relist` are what comes from the API server; `feed` what viewers hang on."""

    def __init__(self, clock: Clock, namespace: str = "shop") -> None:
        self.told: list[dict[str, str]] = []
        self.missing: list[tuple[str, str]] = []
        self.state = FeedState("live", clock.now(), None)
        self.store = PodStore(self._changed, self.missing.append)
        self.feed = Feed(
            "kind", namespace, self.store.records, lambda: self.state, clock, self.store.rollouts.records
        )

    def put(self, *records: PodRecord) -> None:
        self._apply("MODIFIED", records)

    def delete(self, *records: PodRecord) -> None:
        self._apply("DELETED", records)

    def relist(self, *records: PodRecord) -> None:
        """A whole list; the first one makes the feed synced."""
        self.store.replace(list(records))
        self.feed.sync()

    def view(self, filter: ViewFilter | None = None, rule: NamespaceRule | None = None) -> View:
        return View(self.feed, self.feed.namespace, filter or ViewFilter(), rule)

    def stale(self) -> None:
        self.state = FeedState("stale", self.state.since, Reason("reconnecting"))
        self.feed.check_state()

    def _apply(self, kind: Literal["MODIFIED", "DELETED"], records: tuple[PodRecord, ...]) -> None:
        self.store.apply([Event(kind, record, "1") for record in records])

    def _changed(self, changes: dict[str, str]) -> None:
        self.told.append(changes)
        self.feed.changed(changes)


class Wakes:
    """Counts how often it is woken."""

    def __init__(self) -> None:
        self.count = 0

    def wake(self) -> None:
        self.count += 1


def drain(subscription: Subscription) -> list[Frame]:
    """All frames that wait."""
    frames: list[Frame] = []
    while (frame := subscription.next_frame()) is not None:
        frames.append(frame)
    return frames
