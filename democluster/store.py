"""The cluster's objects, every change numbered, and a bounded memory of recent changes.

Guarantees:
- Each change takes the next revision; an object's resourceVersion is the revision of its last change.
- A watch from a revision within the kept history gets every later change of its kind, in order; one
  from before that is refused with 410.
- A list at a revision within the history is the state as it was then: pages of one list agree with
  each other. Past states are had by undoing the history, so no copies are kept.
- Objects are never changed in place: whoever got one may keep it.
"""

from collections import deque
from collections.abc import Iterator

from democluster.changes import Change, Key
from democluster.kinds import KINDS, Kind, Object
from democluster.status import list_expired, watch_expired
from democluster.watch import Watch


class _Shelf:
    """The objects of one kind, its recent changes and its watchers."""

    def __init__(self, history: int, revision: int) -> None:
        self.objects: dict[Key, Object] = {}
        self.changes: deque[Change] = deque(maxlen=history)
        self.oldest = revision
        self.watches: set[Watch] = set()

    def record(self, change: Change) -> None:
        if len(self.changes) == self.changes.maxlen:
            self.oldest = self.changes[0].revision
        self.changes.append(change)
        for watch in tuple(self.watches):
            watch.offer(change)


class Store:
    """All objects. Not for several threads: everything runs in one event loop.

    `history` is how many changes of each kind are kept; older watches and lists expire.
    """

    def __init__(self, history: int = 2000, first_revision: int = 1) -> None:
        self.revision = first_revision
        self._shelves = {kind: _Shelf(history, first_revision) for kind in KINDS}

    def put(self, kind: Kind, obj: Object) -> Object:
        """Create or replace an object; gives it back with its resourceVersion."""
        self.revision += 1
        metadata = {**obj["metadata"], "resourceVersion": str(self.revision)}
        stored = {**obj, "metadata": metadata}
        key = (metadata.get("namespace", ""), metadata["name"])
        shelf = self._shelves[kind]
        before = shelf.objects.get(key)
        shelf.objects[key] = stored
        shelf.record(Change(self.revision, key, before, stored, stored))
        return stored

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Remove an object; deleting what is not there is an error of the caller (KeyError)."""
        shelf = self._shelves[kind]
        before = shelf.objects.pop((namespace, name))
        self.revision += 1
        last = {**before, "metadata": {**before["metadata"], "resourceVersion": str(self.revision)}}
        shelf.record(Change(self.revision, (namespace, name), before, None, last))

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        return self._shelves[kind].objects.get((namespace, name))

    def objects(self, kind: Kind, namespace: str = "") -> list[Object]:
        """The present objects in the order of their keys; of all namespaces where none is named."""
        return [obj for _, obj in _sorted(self._shelves[kind].objects, namespace)]

    def snapshot(self, kind: Kind, namespace: str, revision: int) -> list[tuple[Key, Object]]:
        """The objects as they were at `revision`, in the order of their keys; 410 where forgotten."""
        shelf = self._shelves[kind]
        if revision < shelf.oldest:
            raise list_expired()
        state = dict(shelf.objects)
        for change in reversed(shelf.changes):
            if change.revision <= revision:
                break
            if change.before is None:
                del state[change.key]
            else:
                state[change.key] = change.before
        return list(_sorted(state, namespace))

    def changes_since(self, kind: Kind, revision: int) -> list[Change]:
        """Every kept change after `revision`; 410 where some are forgotten."""
        shelf = self._shelves[kind]
        if revision < shelf.oldest:
            raise watch_expired(revision, shelf.oldest)
        return [change for change in shelf.changes if change.revision > revision]

    def attach(self, kind: Kind, watch: Watch) -> None:
        """From now on `watch` is offered every change, until it is detached."""
        self._shelves[kind].watches.add(watch)

    def detach(self, kind: Kind, watch: Watch) -> None:
        self._shelves[kind].watches.discard(watch)

    def watching(self) -> int:
        """How many watches are open, for tests and the log."""
        return sum(len(shelf.watches) for shelf in self._shelves.values())


def _sorted(objects: dict[Key, Object], namespace: str) -> Iterator[tuple[Key, Object]]:
    for key in sorted(objects):
        if not namespace or key[0] == namespace:
            yield key, objects[key]
