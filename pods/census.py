"""Census: what this process holds for its viewers, each counted where it is held.

The counts come from different places on purpose: the server's connections, our lifecycles, the event
loop's tasks, the hub's subscriptions. Where nothing leaks they agree (but for viewers that are just
coming or going), and they are 0 when nobody looks.
"""

import asyncio
import os
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pods import metrics
from pods.domain.scope import Scope
from pods.layers import layer_entries
from pods.lifecycle import WATCH_TASK

if TYPE_CHECKING:
    from pods.runtime import Runtime

_SELF = Path("/proc/self")
_SOCKET = "socket:["
# The states of /proc/net/tcp that tell of a leak: a live connection, and one whose peer has gone.
TCP_STATES = {"01": "established", "08": "close_wait"}
# The event loop's pool: bounded, filled as need be, and kept.
_POOL_THREADS = "asyncio_"


class Census(msgspec.Struct, frozen=True):
    """Counts at one moment. `sockets` is None where the server does not tell, `tcp` empty without /proc.

    `threads` leaves out the event loop's own pool, which is bounded and only ever grows.
    """

    sockets: int | None
    lifecycles: int
    watches: int
    subscriptions: int
    feeds: int
    upstream_watches: int
    unneeded_watches: int
    tasks: int
    threads: int
    unacknowledged_bytes: int
    layer_entries: dict[str, int]
    tcp: dict[str, int]

    @property
    def reconciles(self) -> bool:
        """Whether sockets, lifecycles and watches' tasks are as many."""
        return self.lifecycles == self.watches and self.sockets in (None, self.lifecycles)


async def take(runtime: "Runtime") -> Census:
    """Counts what `runtime` and its event loop hold now. Must be called in that loop.

    The kernel's tables are read beside the loop: with 10,000 connections that takes 0.1 s.
    """
    tcp = await asyncio.to_thread(_tcp)
    names = Counter(task.get_name().startswith(WATCH_TASK) for task in asyncio.all_tasks())
    viewings = [life.viewing for life in runtime.sockets if life.viewing is not None]
    return Census(
        sockets=runtime.server_sockets() if runtime.server_sockets is not None else None,
        lifecycles=len(runtime.sockets),
        watches=names[True],
        subscriptions=len(runtime.hub.held),
        feeds=len(runtime.hub.feeds()),
        upstream_watches=sum(len(cluster.watches) for cluster in runtime.clusters.connected()),
        unneeded_watches=_unneeded_watches(runtime),
        tasks=names.total(),
        threads=sum(not thread.name.startswith(_POOL_THREADS) for thread in threading.enumerate()),
        unacknowledged_bytes=sum(viewing.viewer.outbox.unacknowledged for viewing in viewings),
        layer_entries=layer_entries(runtime),
        tcp=tcp,
    )


async def show(runtime: "Runtime") -> None:
    """Sets the gauges that are counted when they are asked for."""
    census = await take(runtime)
    if census.sockets is not None:
        metrics.SERVER_SOCKETS.set(census.sockets)
    metrics.WATCH_TASKS.set(census.watches)
    metrics.SUBSCRIPTIONS.set(census.subscriptions)
    metrics.FEEDS.set(census.feeds)
    metrics.UNNEEDED_WATCHES.set(census.unneeded_watches)
    metrics.TASKS.set(census.tasks)
    metrics.THREADS.set(census.threads)
    metrics.UNACKNOWLEDGED.set(census.unacknowledged_bytes)
    metrics.LONGEST_STALL.set(runtime.stalls.longest)
    for kind, count in census.layer_entries.items():
        metrics.LAYER_ENTRIES.labels(kind).set(count)
    for state, count in census.tcp.items():
        metrics.TCP_CONNECTIONS.labels(state).set(count)


def _unneeded_watches(runtime: "Runtime") -> int:
    """Upstream watches of scopes that no feed runs, or of a feed that nobody uses and nothing will end, and
    logs without a reader."""
    needed = {running.key for running in runtime.hub.running() if running.needed}
    clusters = runtime.clusters.connected()
    # Ten thousand viewers are looked at for it only where there is a log at all.
    logs = any(watch.own for cluster in clusters for watch in cluster.watches)
    own = runtime.sockets.own_streams() if logs else set()
    return sum(
        watch not in own if watch.own else Scope(cluster.name, "pods", watch.namespace) not in needed
        for cluster in clusters
        for watch in cluster.watches
    )


def _tcp() -> dict[str, int]:
    """This process's TCP connections by state, as `netstat` counts them (Linux)."""
    if not _SELF.is_dir():
        return {}
    targets = map(_target, os.listdir(_SELF / "fd"))  # noqa: PTH208 (ten thousand Path objects cost)
    inodes = {target[len(_SOCKET) : -1] for target in targets if target.startswith(_SOCKET)}
    counts = dict.fromkeys(TCP_STATES.values(), 0)
    for table in ("tcp", "tcp6"):
        for line in (_SELF / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] in TCP_STATES and fields[9] in inodes:
                counts[TCP_STATES[fields[3]]] += 1
    return counts


def _target(descriptor: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
    except OSError:  # the descriptor of this very listing, or one that was closed meanwhile
        return ""
