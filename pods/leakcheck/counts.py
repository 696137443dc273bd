"""What a portal says it holds: its own metrics, of each replica."""

import asyncio
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from pods.leakcheck.target import Address, CannotCheckError, get

_SERIES = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")

REAPED = "reaped by the portal itself"
# What must be as before: in words, by the metric (all its series added up, or those with this label).
# Each is back at what it was at the latest when the last viewer's feed has lingered.
_RETURNING = {
    "sockets": "k8sportal_sockets",
    "the server's sockets": "k8sportal_server_sockets",
    "lifecycles": "k8sportal_lifecycles",
    "viewers": "k8sportal_viewers",
    "viewers' tasks": "k8sportal_watch_tasks",
    "subscriptions": "k8sportal_subscriptions",
    "un-acknowledged bytes": "k8sportal_unacknowledged_bytes",
    "feeds": "k8sportal_feeds",
    "upstream watches": "k8sportal_upstream_watches",
    "upstream watches nobody needs": "k8sportal_unneeded_watches",
    "channel-layer entries": "k8sportal_channel_layer_entries",
    REAPED: "k8sportal_reaped_total",
    "connections ESTABLISHED": 'k8sportal_tcp_connections{state="established"}',
    "connections CLOSE_WAIT": 'k8sportal_tcp_connections{state="close_wait"}',
}
# A process that has just started has fewer of these than one that has been used.
_PROCESS = {
    "tasks": "k8sportal_tasks",
    "threads": "k8sportal_threads",
    "file descriptors": "process_open_fds",
}
COUNTS = _RETURNING | _PROCESS
RETURNING = tuple(_RETURNING)
# What a process takes at first use and keeps.
POOLED = ("threads", "file descriptors", "connections ESTABLISHED", "channel-layer entries")
# Back as soon as a viewer is gone; the rest may linger (PORTAL_LINGER_SECONDS).
PROMPT = RETURNING[:7]


class Reading(NamedTuple):
    """Counts of each replica at one moment; `started` tells a process from the one that took its place."""

    replicas: tuple[dict[str, int], ...]
    memory: int
    started: tuple[float, ...]

    @property
    def counts(self) -> dict[str, int]:
        """What all replicas hold together."""
        return {name: sum(replica[name] for replica in self.replicas) for name in COUNTS}

    def beyond(self, before: "Reading", names: Sequence[str] = tuple(COUNTS)) -> dict[str, int]:
        """By how much each count is above what it was before, where it is.

        At each replica: what one holds more is not made up for by what another holds less.
        """
        pairs = list(zip(self.replicas, before.replicas, strict=True))
        more = {name: sum(max(now[name] - then[name], 0) for now, then in pairs) for name in names}
        return {name: count for name, count in more.items() if count}


async def read(pages: Sequence[Address]) -> Reading:
    """Reads the metrics of every replica. Raises CannotCheckError."""
    found = await asyncio.gather(*(_series(page) for page in pages))
    return Reading(
        replicas=tuple({name: round(one[metric]) for name, metric in COUNTS.items()} for one in found),
        memory=round(sum(one["process_resident_memory_bytes"] for one in found)),
        started=tuple(one["process_start_time_seconds"] for one in found),
    )


async def _series(page: Address) -> Counter[str]:
    """What a page of metrics says. Raises CannotCheckError."""
    status, body = await get(page)
    if status == 403:
        raise CannotCheckError(
            f"{page} is refused to this address. PORTAL_METRICS_FROM says who may read the metrics."
        )
    if status != 200:
        raise CannotCheckError(f"{page} answers {status}, and not with metrics.")
    found = series_of(body.decode("utf-8", "replace"))
    if "k8sportal_lifecycles" not in found:
        raise CannotCheckError(f"{page} holds no metrics of a portal that can be checked.")
    return found


def series_of(text: str) -> Counter[str]:
    """The values of a page by `metric{labels}`, and their sums by `metric`. NaN is not known."""
    found: Counter[str] = Counter()
    for match in filter(None, map(_SERIES.fullmatch, text.splitlines())):
        value = float(match[3])
        if not math.isnan(value):
            found[match[1]] += value  # type: ignore[assignment]
            if match[2]:
                found[f"{match[1]}{{{match[2]}}}"] = value  # type: ignore[assignment]
    return found
