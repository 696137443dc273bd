"""Census: what this process holds for its viewers, each counted where it is held.

The counts come from different places on purpose: the server's connections, our lifecycles, the event
loop's tasks, the hub's subscriptions. Where nothing leaks they agree (but for viewers that are just
coming or going), and they are 0 when nobody looks.
"""

import asyncio
import re
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pods import metrics
from pods.lifecycle import WATCH_TASK

if TYPE_CHECKING:
    from pods.runtime import Runtime

_SELF = Path("/proc/self")
_SOCKET = re.compile(r"socket:\[(\d+)\]")
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
    tasks: int
    threads: int
    unacknowledged_bytes: int
    tcp: dict[str, int]

    @property
    def reconciles(self) -> bool:
        """Whether sockets, lifecycles and watches' tasks are as many."""
        return self.lifecycles == self.watches and self.sockets in (None, self.lifecycles)


def take(runtime: "Runtime") -> Census:
    """Counts what `runtime` and its event loop hold now. Must be called in that loop."""
    names = Counter(task.get_name().startswith(WATCH_TASK) for task in asyncio.all_tasks())
    viewings = [life.viewing for life in runtime.sockets if life.viewing is not None]
    return Census(
        sockets=runtime.server_sockets() if runtime.server_sockets is not None else None,
        lifecycles=len(runtime.sockets),
        watches=names[True],
        subscriptions=len(runtime.hub.held),
        feeds=len(runtime.hub.feeds()),
        upstream_watches=sum(len(cluster.watches) for cluster in runtime.clusters.connected()),
        tasks=names.total(),
        threads=sum(not thread.name.startswith(_POOL_THREADS) for thread in threading.enumerate()),
        unacknowledged_bytes=sum(viewing.viewer.outbox.unacknowledged for viewing in viewings),
        tcp=_tcp(),
    )


def show(runtime: "Runtime") -> None:
    """Sets the gauges that are counted when they are asked for."""
    census = take(runtime)
    if census.sockets is not None:
        metrics.SERVER_SOCKETS.set(census.sockets)
    metrics.WATCH_TASKS.set(census.watches)
    metrics.SUBSCRIPTIONS.set(census.subscriptions)
    metrics.FEEDS.set(census.feeds)
    metrics.TASKS.set(census.tasks)
    metrics.THREADS.set(census.threads)
    metrics.UNACKNOWLEDGED.set(census.unacknowledged_bytes)
    metrics.LONGEST_STALL.set(runtime.stalls.longest)
    for state, count in census.tcp.items():
        metrics.TCP_CONNECTIONS.labels(state).set(count)


def _tcp() -> dict[str, int]:
    """This process's TCP connections by state, as `netstat` counts them (Linux)."""
    if not _SELF.is_dir():
        return {}
    inodes = {match[1] for entry in (_SELF / "fd").iterdir() if (match := _SOCKET.fullmatch(_target(entry)))}
    counts = dict.fromkeys(TCP_STATES.values(), 0)
    for table in ("tcp", "tcp6"):
        for line in (_SELF / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] in TCP_STATES and fields[9] in inodes:
                counts[TCP_STATES[fields[3]]] += 1
    return counts


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:  # the descriptor of this very listing, or one that was closed meanwhile
        return ""
