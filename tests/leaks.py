"""What a process holds that must not outlive its user: asyncio tasks, threads, open sockets."""

import asyncio
import os
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

# Pools that the standard library and asgiref keep for the life of a loop or of the process.
POOL_THREADS = ("asyncio_", "ThreadPoolExecutor")

_DESCRIPTORS = Path("/proc/self/fd")


@dataclass(frozen=True)
class Held:
    """Tasks of the running loop, threads, and sockets by descriptor and inode, at one moment."""

    tasks: frozenset["asyncio.Task[Any]"]
    threads: frozenset[threading.Thread]
    sockets: frozenset[tuple[int, str]]

    @classmethod
    def now(cls) -> Self:
        """What is held now. Needs a running loop."""
        current = asyncio.current_task()
        return cls(
            tasks=frozenset(task for task in asyncio.all_tasks() if task is not current),
            threads=frozenset(t for t in threading.enumerate() if not t.name.startswith(POOL_THREADS)),
            sockets=_open_sockets(),
        )

    def beyond(self, before: Self) -> list[str]:
        """Describes what is held now and was not before."""
        tasks = [f"task {task.get_name()} ({task.get_coro()})" for task in self.tasks - before.tasks]
        threads = [f"thread {thread.name}" for thread in self.threads - before.threads]
        sockets = [_describe(descriptor) for descriptor, _ in self.sockets - before.sockets]
        return tasks + threads + sockets


def _open_sockets() -> frozenset[tuple[int, str]]:
    """Open sockets by (descriptor, inode); empty where there is no /proc."""
    found = set()
    for entry in _DESCRIPTORS.iterdir() if _DESCRIPTORS.is_dir() else ():
        try:
            target = str(entry.readlink())
        except FileNotFoundError:  # the descriptor of this very listing
            continue
        if target.startswith("socket:"):
            found.add((int(entry.name), target))
    return frozenset(found)


def _describe(descriptor: int) -> str:
    try:
        with socket.socket(fileno=os.dup(descriptor)) as copy:
            peer = _peer(copy)
            return f"socket {copy.getsockname()} -> {peer}"
    except OSError:
        return f"socket {descriptor}"


def _peer(connection: socket.socket) -> object:
    try:
        return connection.getpeername()
    except OSError:
        return "nobody"
