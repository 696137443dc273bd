"""Core events, counted up when they repeat and forgotten after an hour, as in a real cluster."""

from democluster.ages import unix
from democluster.kinds import EVENTS, Object
from democluster.shop.world import Script, World

_KEPT_SECONDS = 3600.0
_SWEEP_SECONDS = 20.0
_MOST = 1000
_CORRELATED = 600.0


class Events:
    """Writes events; holds at most `_MOST`, of which the oldest go first."""

    def __init__(self, world: World) -> None:
        self._world = world
        # (uid, reason, message) to the event's key; in the order of their last occurrence.
        self._known: dict[tuple[str, str, str], Object] = {}

    def record(self, about: Object, reason: str, message: str, component: str, host: str = "") -> None:
        """An event about `about` (an object reference with kind, namespace, name and uid)."""
        key = (about["uid"], reason, message)
        old = self._known.pop(key, None)
        now = self._world.stamp()
        repeats = old is not None and self._world.now - unix(old["lastTimestamp"]) < _CORRELATED
        if old is not None and repeats:
            event = {**old, "count": old["count"] + 1, "lastTimestamp": now}
        else:
            event = self._new(about, reason, message, component, host)
        self._known[key] = self._world.store.put(EVENTS, event)
        if old is not None and not repeats:
            self._drop(old)
        if len(self._known) > _MOST:
            self._drop(self._known.pop(next(iter(self._known))))

    def expire(self) -> Script:
        """The script that forgets old events."""
        while True:
            yield _SWEEP_SECONDS
            limit = self._world.now - _KEPT_SECONDS
            while self._known and unix(next(iter(self._known.values()))["lastTimestamp"]) < limit:
                self._drop(self._known.pop(next(iter(self._known))))

    def _new(self, about: Object, reason: str, message: str, component: str, host: str) -> Object:
        now = self._world.stamp()
        metadata = {
            "name": f"{about['name']}.{self._world.hex(16)}",
            "namespace": about["namespace"],
            "uid": self._world.uid(),
            "creationTimestamp": now,
        }
        return {
            "metadata": metadata,
            "involvedObject": about,
            "reason": reason,
            "message": message,
            "source": {"component": component, "host": host} if host else {"component": component},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": "Warning" if reason in _WARNINGS else "Normal",
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": host,
        }

    def _drop(self, event: Object) -> None:
        metadata = event["metadata"]
        self._world.store.delete(EVENTS, metadata["namespace"], metadata["name"])


_WARNINGS = frozenset(
    {"BackOff", "Failed", "FailedScheduling", "Unhealthy", "Evicted", "BackoffLimitExceeded"}
)
