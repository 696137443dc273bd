"""Which upstream scopes a view is served from: single namespaces, all of them, or a few seen as one.

And how a view is looked at once, without a viewer.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from pods.domain.rights import NamespaceRule
from pods.domain.scope import ALL_NAMESPACES, Scope
from pods.domain.viewfilter import ViewFilter
from pods.live.hub import Held, Hub, Key
from pods.live.subscription import Wakeable


class Place(NamedTuple):
    """A feed's key, and the rule that cuts this view out of it (None: all of it)."""

    key: Key
    rule: NamespaceRule | None


Wide = Callable[[], Awaitable[bool]]


@contextmanager
def looking_at(
    hub: Hub, places: Mapping[str, Place], filter: ViewFilter, waiter: Wakeable
) -> Iterator[dict[str, Held]]:
    """A subscription to each place, by its label, for as long as the block lasts. Raises UnknownCluster."""
    held: dict[str, Held] = {}
    try:
        for label, place in places.items():
            held[label] = hub.subscribe(place.key, label, filter, place.rule, waiter)
        yield held
    finally:
        for each in held.values():
            each.close()


async def place_single(cluster: str, namespaces: Sequence[str], wide_at: int, wide: Wide) -> dict[str, Place]:
    """A place for each namespace: its own scope, or from `wide_at` namespaces on the `*` scope where allowed.

    `wide` tells whether the credentials may list the whole cluster; it is asked only when it matters.
    """
    if len(namespaces) >= wide_at and await wide():
        scope = Scope(cluster, "pods", ALL_NAMESPACES)
        return {name: Place(scope, NamespaceRule(patterns=(name,))) for name in namespaces}
    return {name: Place(Scope(cluster, "pods", name), None) for name in namespaces}


async def place_all(
    cluster: str, rule: NamespaceRule, names: Sequence[str], wide_at: int, wide: Wide
) -> Place | None:
    """The place of a `namespace=*` view: all that `rule` admits, of which `names` are known.

    Where none is known, one that matches may still come. None where there is nothing to watch for it.
    """
    if (rule.unbounded or not names or len(names) >= wide_at) and await wide():
        return Place(Scope(cluster, "pods", ALL_NAMESPACES), None if rule.everything else rule)
    if not names:
        return None
    return Place(tuple(Scope(cluster, "pods", name) for name in sorted(names)), None)
