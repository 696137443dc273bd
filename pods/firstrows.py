"""The rows that come with the page itself, to be read while its scripts open the socket.

Only what is known already: a page waits for no cluster. But the feeds are in use from then on, for the
linger, and a list that has to be made begins before the socket is there. The rows are a beginning: the
whole picture that follows replaces them.
"""

import asyncio
import heapq
from collections.abc import Sequence
from typing import Any

import msgspec

from pods.access import Person
from pods.asked import Asked
from pods.domain.row import HEALTHS, Row
from pods.live.hub import Held, UnknownCluster
from pods.runtime import Runtime, Synced

# More than a large screen shows.
FIRST_ROWS = 60
# To find out from where a view is served, where that is not known yet.
PLACE_SECONDS = 0.2

_RANK = {health: min(number, HEALTHS.index("running")) for number, health in enumerate(HEALTHS)}


async def first_rows(
    runtime: Runtime, person: Person, asked: Asked, namespaces: Sequence[str]
) -> list[dict[str, Any]]:
    """The first rows of those `namespaces` of a view, in the page's own order; none where none are known.

    The caller has found that `person` may see each of them.
    """
    if runtime.draining:
        return []
    try:
        async with asyncio.timeout(PLACE_SECONDS):
            places = await runtime.place(person, asked.cluster, tuple(namespaces))
    except TimeoutError:
        return []
    held: list[Held] = []
    try:
        for label, place in places.items():
            held.append(runtime.hub.subscribe(place.key, label, asked.filter, place.rule, Synced()))
        synced = [each.subscription for each in held if each.subscription.feed.synced]
        rows = [row for subscription in synced for row in subscription.view.rows()]
    except UnknownCluster:
        return []
    finally:
        for each in held:
            each.close()
    return [msgspec.to_builtins(row) for row in heapq.nsmallest(FIRST_ROWS, rows, _place)]


def _place(row: Row) -> tuple[int, str, str]:
    """static/js/pods/sort.js: failing and waiting pods above the others, then by name."""
    return _RANK[row.health], row.name, row.namespace
