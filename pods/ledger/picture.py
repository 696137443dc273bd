"""The picture of the ledger: totals, and the tables of sockets and watches."""

from typing import TYPE_CHECKING

import msgspec
from prometheus_client import PROCESS_COLLECTOR

from pods import census, metrics
from pods.clock import rfc3339
from pods.ledger.sockets import SocketTable, sockets
from pods.ledger.wanted import Wanted
from pods.ledger.watches import WatchTable, watches

if TYPE_CHECKING:
    from pods.runtime import Runtime


class Totals(msgspec.Struct, frozen=True):
    """Counts of everything. None where this system or server does not tell."""

    sockets: int | None
    lifecycles: int
    watch_tasks: int
    reconciles: bool
    subscriptions: int
    feeds: int
    upstream_watches: int
    unneeded_watches: int
    tasks: int
    threads: int
    memory_bytes: int | None
    file_descriptors: int | None
    established: int | None
    close_wait: int | None
    unacknowledged_bytes: int
    longest_stall_seconds: float
    reaped: int


class Picture(msgspec.Struct, frozen=True):
    """What the process holds at `now`."""

    now: str
    totals: Totals
    sockets: SocketTable
    watches: WatchTable


async def picture(runtime: "Runtime", wanted: Wanted) -> Picture:
    """The ledger of now. Must be called in the runtime's event loop."""
    totals = await _totals(runtime)
    return Picture(rfc3339(runtime.clock.now()), totals, sockets(runtime, wanted), watches(runtime, wanted))


async def _totals(runtime: "Runtime") -> Totals:
    found = await census.take(runtime)
    process = {metric.name: int(metric.samples[0].value) for metric in PROCESS_COLLECTOR.collect()}
    return Totals(
        sockets=found.sockets,
        lifecycles=found.lifecycles,
        watch_tasks=found.watches,
        reconciles=found.reconciles,
        subscriptions=found.subscriptions,
        feeds=found.feeds,
        upstream_watches=found.upstream_watches,
        unneeded_watches=found.unneeded_watches,
        tasks=found.tasks,
        threads=found.threads,
        memory_bytes=process.get("process_resident_memory_bytes"),
        file_descriptors=process.get("process_open_fds"),
        established=found.tcp.get("established"),
        close_wait=found.tcp.get("close_wait"),
        unacknowledged_bytes=found.unacknowledged_bytes,
        longest_stall_seconds=round(runtime.stalls.longest, 4),
        reaped=int(sum(sample.value for metric in metrics.REAPED.collect() for sample in metric.samples)),
    )
