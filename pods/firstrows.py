"""The rows that come with the page itself, to be read while its scripts open the socket.

Only rows that are known to be right at this moment: a page waits for no cluster, and says of which moment
they are. But the feeds of its namespaces are in use from then on, for the linger, so that a list that has to
be made begins before the socket is there. The rows are a beginning: the whole picture replaces them.
"""

import heapq
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import msgspec

from pods.access import Person
from pods.asked import Asked
from pods.clock import rfc3339
from pods.domain.row import Row, not_well_first
from pods.domain.scope import ALL_NAMESPACES, Scope
from pods.live.hub import UnknownCluster
from pods.live.subscription import Subscription
from pods.runtime import Runtime, Synced
from pods.scoping import Place, looking_at

# More than a large screen shows.
FIRST_ROWS = 60
# Each is another view to look through: of more there are no first rows.
FIRST_NAMESPACES = 5


class First(TypedDict):
    """Rows as in the contract, all of them right at the moment `as_of`."""

    as_of: str
    pods: list[dict[str, Any]]


async def first_rows(
    runtime: Runtime, person: Person, asked: Asked, namespaces: Sequence[str]
) -> First | None:
    """Those of the pods of a view that are least well; None where none are known to be right.

    The caller has found that `person` may see each of `namespaces`. A coroutine, for the loop of the feeds.
    """
    if runtime.draining:
        return None
    places = _places(runtime, person, asked, namespaces)
    try:
        with looking_at(runtime.hub, places, asked.filter, Synced()) as held:
            rows = [row for each in held.values() for row in _right_rows(each.subscription)]
    except UnknownCluster:
        return None
    if not rows:
        return None
    first = heapq.nsmallest(FIRST_ROWS, rows, not_well_first)
    return {"as_of": rfc3339(runtime.clock.now()), "pods": [msgspec.to_builtins(row) for row in first]}


def _places(runtime: Runtime, person: Person, asked: Asked, namespaces: Sequence[str]) -> Mapping[str, Place]:
    """From where the view is served, if that is plain: nothing is asked of the cluster for it."""
    if list(namespaces) == [ALL_NAMESPACES]:
        scope = Scope(asked.cluster, "pods", ALL_NAMESPACES)
        rule = runtime.access.rule(person, "pods", asked.cluster)
        place = Place(scope, None if rule.everything else rule)
        return {ALL_NAMESPACES: place} if runtime.hub.feed(scope) is not None else {}
    if len(namespaces) > FIRST_NAMESPACES or len(namespaces) >= runtime.limits.wide_scope_at:
        return {}
    return {name: Place(Scope(asked.cluster, "pods", name), None) for name in namespaces}


def _right_rows(subscription: Subscription) -> list[Row]:
    is_right = subscription.feed.synced and subscription.feed.state().state == "live"
    return subscription.view.rows() if is_right else []
