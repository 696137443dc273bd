"""PodEvents: the newest warning about each pod that is not well, by the pod's uid.

The sink of a scope's events. Where they are not known, because they may not be read or their watch is
broken, there is just none.

Bounded: one for each pod that is not well, and EARLY for pods that are well, or that no list or event has
shown yet: pods and events come on ways of their own, and either may be first. Beyond it the oldest go.
"""

from collections.abc import Callable, Iterable

from pods.domain.podevents import PodEvent
from pods.kube.listwatch import Event

EARLY = 1_000


class PodEvents:
    """`changed` is called with the pods whose newest warning is another; `is_unwell` tells of a pod's uid."""

    def __init__(self, changed: Callable[[set[str]], None], is_unwell: Callable[[str], bool]) -> None:
        self._changed = changed
        self._is_unwell = is_unwell
        self._newest: dict[str, PodEvent] = {}
        self._early: dict[str, PodEvent] = {}

    def __len__(self) -> int:
        """How many are held."""
        return len(self._newest) + len(self._early)

    def of(self, pod: str) -> PodEvent | None:
        """The newest warning about `pod`, which is not well."""
        early = self._early.pop(pod, None)
        if early is not None:
            self._newest[pod] = early
        return self._newest.get(pod)

    def released(self, pod: str) -> None:
        """`pod` is well, or gone: what was said of it is over."""
        self._newest.pop(pod, None)

    def replace(self, items: list[PodEvent]) -> None:
        """A whole list."""
        newest: dict[str, PodEvent] = {}
        for item in items:
            known = newest.get(item.pod)
            if item.is_telling and (known is None or known.last <= item.last):
                newest[item.pod] = item
        gone = self._newest.keys() - newest.keys()
        for pod in gone:
            del self._newest[pod]
        self._early.clear()
        self._changed(gone | self._take(sorted(newest.values(), key=lambda event: event.last)))

    def apply(self, events: list[Event[PodEvent]]) -> None:
        """Changes of events. One that is deleted has only become too old for its server to keep."""
        pods: set[str] = set()
        for event in events:
            if event.item is None or not event.item.is_telling:
                continue
            if event.type == "DELETED":
                pods |= self._drop(event.item)
            else:
                pods |= self._take((event.item,))
        if pods:
            self._changed(pods)

    def told(self, pod: str, event: PodEvent | None) -> None:
        """What another process knows of a pod."""
        self._early.pop(pod, None)
        if event is None:
            self._newest.pop(pod, None)
        else:
            self._newest[pod] = event

    def forget(self) -> None:
        """They are not known any more."""
        if self._newest or self._early:
            self.replace([])

    def _take(self, items: Iterable[PodEvent]) -> set[str]:
        """Keeps what is newer than what is known; gives the pods that it matters to."""
        pods: set[str] = set()
        for item in items:
            known = self._newest.get(item.pod) or self._early.get(item.pod)
            if known is not None and known.uid != item.uid and known.last > item.last:
                continue
            self._early.pop(item.pod, None)
            if self._is_unwell(item.pod):
                self._newest[item.pod] = item
                pods.add(item.pod)
            else:
                self._early[item.pod] = item
                if len(self._early) > EARLY:
                    del self._early[next(iter(self._early))]
        return pods

    def _drop(self, item: PodEvent) -> set[str]:
        for held in (self._newest, self._early):
            known = held.get(item.pod)
            if known is not None and known.uid == item.uid:
                del held[item.pod]
                return {item.pod}
        return set()
