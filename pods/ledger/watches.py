"""The upstream watches in the ledger."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from pods.domain.reasons import Reason
from pods.domain.scope import Scope
from pods.kube.watchlog import WatchRecord
from pods.ledger.wanted import ROWS, Wanted
from pods.live.informer import PodInformer
from pods.live.shared import SharedInformer
from pods.live.status import FeedState

if TYPE_CHECKING:
    from pods.runtime import Runtime

WatchState = Literal["live", "catching_up", "stale", "unneeded"]

# Worst first.
_STATES: tuple[WatchState, ...] = ("unneeded", "stale", "catching_up", "live")
# A log that is read is as fresh as its reader takes it.
_READ = FeedState("live", None, None)


class WatchRow(msgspec.Struct, frozen=True):
    """One upstream watch of a scope's pods or of what stands beside them, or one reader's log.

    `age_seconds` is None while none is open. `watch` is its name in the portal's log, `users` are the
    subscriptions that it serves, `restarts` how often it ended and was opened again.
    """

    watch: str | None
    cluster: str
    resource: str
    namespace: str
    state: WatchState
    reason: dict[str, Any] | None
    users: int
    age_seconds: float | None
    last_event_seconds: float | None
    version: str | None
    events: int
    restarts: int


class WatchTable(msgspec.Struct, frozen=True):
    """The first rows of `matching`, of `count` in all."""

    count: int
    matching: int
    rows: list[WatchRow]


WATCH_ORDERS: dict[str, Callable[[WatchRow], Any]] = {
    "worst": lambda row: (-_STATES.index(row.state), row.age_seconds or 0.0),
    "age": lambda row: row.age_seconds or 0.0,
    "last_event": lambda row: row.last_event_seconds or 0.0,
    "events": lambda row: row.events,
    "restarts": lambda row: row.restarts,
    "users": lambda row: row.users,
}


def watches(runtime: "Runtime", wanted: Wanted) -> WatchTable:
    """Those that are wanted, with all of them counted."""
    rows = list(_watch_rows(runtime))
    found = [row for row in rows if wanted.admits((row.cluster, row.resource, row.namespace, row.state))]
    first = heapq.nlargest(ROWS, found, key=WATCH_ORDERS[wanted.watches_by])
    return WatchTable(count=len(rows), matching=len(found), rows=first)


def _watch_rows(runtime: "Runtime") -> Iterator[WatchRow]:
    """A row for each resource of each scope that runs, for each log, and for each watch of nobody's."""
    now = runtime.clock.monotonic()
    records = _records(runtime)
    users = _users(runtime)
    for running in runtime.hub.running():
        if isinstance(running.source, PodInformer | SharedInformer) and isinstance(running.key, Scope):
            for resource, status in running.source.statuses().items():
                scope = running.key._replace(resource=resource)
                record = records[scope].pop() if records[scope] else None
                state = status.state() if running.needed else None
                yield _watch_row(scope, record, now, state, users[running.key], status.restarts)
    logs = any(record.own for left in records.values() for record in left)
    own = runtime.sockets.own_streams() if logs else set()
    for scope, left in records.items():
        for record in left:
            state = _READ if record in own else None
            yield _watch_row(scope, record, now, state, users=record in own)


def _records(runtime: "Runtime") -> defaultdict[Scope, list[WatchRecord]]:
    """The watches by what they cover; the last one opened, which is its scope's own, comes last."""
    records: defaultdict[Scope, list[WatchRecord]] = defaultdict(list)
    for cluster in runtime.clusters.connected():
        for record in sorted(cluster.watches, key=lambda one: one.opened_at or 0.0):
            records[Scope(cluster.name, record.resource, record.namespace)].append(record)
    return records


def _users(runtime: "Runtime") -> Counter[Scope]:
    """How many subscriptions each scope serves, be it as one of several."""
    users: Counter[Scope] = Counter()
    for held in runtime.hub.held:
        users.update((held.key,) if isinstance(held.key, Scope) else held.key)
    return users


def _watch_row(
    scope: Scope,
    record: WatchRecord | None,
    now: float,
    state: FeedState | None = None,
    users: int = 0,
    restarts: int = 0,
) -> WatchRow:
    return WatchRow(
        watch=record.watch if record else None,
        cluster=scope.cluster,
        resource=scope.resource,
        namespace=scope.namespace,
        state=state.state if state is not None else "unneeded",
        reason=_reason(state.reason if state is not None else None),
        users=users,
        age_seconds=_ago(record.opened_at if record else None, now),
        last_event_seconds=_ago(record.last_event_at if record else None, now),
        version=record.version if record else None,
        events=record.events if record else 0,
        restarts=restarts,
    )


def _ago(moment: float | None, now: float) -> float | None:
    return None if moment is None else round(now - moment, 1)


def _reason(reason: Reason | None) -> dict[str, Any] | None:
    """As code and parameters, which the page words, and the sentence in English."""
    if reason is None:
        return None
    return {"code": reason.code, "params": reason.params, "reason": reason.sentence}
