"""A bad line between the portal and a viewer: slow, late, lossy, with pauses, or dead without a word.

Where we may make network namespaces (as root), the line is real: the viewer's socket lives in a namespace
of its own, and the packets between both kernels pass through us by two TUN devices. So loss is loss, and a
dead line leaves a half-open connection. Elsewhere `proxied()` delays the bytes of a connection instead.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import itertools
import os
import random
import socket
import struct
import subprocess
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import NamedTuple

_TUN = "/dev/net/tun"
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_CLONE_NEWNET = 0x40000000
_PACKET_BYTES = 2048
# Packets that the line holds in each direction; a router drops what is beyond that.
_QUEUE = 64
_NETWORK = "10.213.77"
_numbers = itertools.count()


class Quality(NamedTuple):
    """Bytes a second, one way's delay in seconds, and the share of packets that are lost."""

    bytes_per_second: float
    delay: float
    loss: float


BAD = Quality(bytes_per_second=400_000 / 8, delay=0.2, loss=0.02)


class Line:
    """Both directions of a line. `paused` holds everything back, `dead` drops it."""

    def __init__(self, quality: Quality, seed: int = 1) -> None:
        self.quality = quality
        self.paused = False
        self.dead = False
        self.carried = self.lost = 0
        self._random = random.Random(seed)
        self._free_at = {False: 0.0, True: 0.0}

    def due(self, size: int, upwards: bool) -> float | None:
        """When a packet that sets out now arrives (monotonic); None where it is lost."""
        if self.dead or self._random.random() < self.quality.loss:
            self.lost += 1
            return None
        now = time.monotonic()
        sent = max(self._free_at[upwards], now) + size / self.quality.bytes_per_second
        self._free_at[upwards] = sent
        self.carried += 1
        return sent + self.quality.delay


class Namespace:
    """A network namespace joined to ours by `line`. Needs root; raises OSError where it cannot be made."""

    def __init__(self, line: Line) -> None:
        number = next(_numbers) % 60
        self.line = line
        self.name = f"k8sportal-{os.getpid()}-{number}"
        self.here, self._there = (f"{_NETWORK}.{4 * number + end}" for end in (1, 2))
        self._near, self._far = (f"kp{os.getpid()}-{number}{end}" for end in "nf")
        self._devices: list[int] = []
        self._waiting: dict[bool, deque[tuple[float, bytes]]] = {False: deque(), True: deque()}
        self._ended = threading.Event()
        self._carrier = threading.Thread(target=self._carry, name="line")

    @classmethod
    @contextlib.contextmanager
    def joined(cls, line: Line) -> "Iterator[Namespace]":
        """The namespace, until the end of the block."""
        made = cls(line)
        try:
            made._make()
            made._carrier.start()
            yield made
        finally:
            made._ended.set()
            if made._carrier.ident is not None:
                made._carrier.join()
            for device in made._devices:
                os.close(device)
            subprocess.run(["ip", "netns", "del", made.name], capture_output=True)

    def socket(self) -> socket.socket:
        """A TCP socket in there, which reaches us at `here`."""
        made: list[socket.socket] = []

        def inside() -> None:
            with open(f"/run/netns/{self.name}") as handle:  # noqa: PTH123
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(handle.fileno(), _CLONE_NEWNET):
                    return
            made.append(socket.socket())

        thread = threading.Thread(target=inside, name="in the namespace")
        thread.start()
        thread.join()
        if not made:
            raise OSError("setns is not allowed")
        return made[0]

    def _make(self) -> None:
        for name in (self._near, self._far):
            self._devices.append(_tun(name))
        for command in (
            f"netns add {self.name}",
            f"link set {self._far} netns {self.name}",
            f"addr add {self.here} peer {self._there} dev {self._near}",
            f"link set {self._near} up",
            f"-n {self.name} addr add {self._there} peer {self.here} dev {self._far}",
            f"-n {self.name} link set {self._far} up",
        ):
            done = subprocess.run(["ip", *command.split()], capture_output=True, text=True)
            if done.returncode:
                raise OSError(f"ip {command}: {done.stderr.strip()}")

    def _carry(self) -> None:
        """The line's thread: takes packets from each device and gives them to the other when they are due."""
        while not self._ended.wait(0.002):
            for upwards, (source, target) in enumerate((self._devices, self._devices[::-1])):
                self._take(source, bool(upwards))
                self._give(target, bool(upwards))

    def _take(self, device: int, upwards: bool) -> None:
        waiting = self._waiting[upwards]
        with contextlib.suppress(BlockingIOError):
            while True:
                packet = os.read(device, _PACKET_BYTES)
                due = self.line.due(len(packet), upwards) if len(waiting) < _QUEUE else None
                if due is not None:
                    waiting.append((due, packet))

    def _give(self, device: int, upwards: bool) -> None:
        waiting, now = self._waiting[upwards], time.monotonic()
        while waiting and waiting[0][0] <= now and not self.line.paused:
            packet = waiting.popleft()[1]
            if not self.line.dead:
                os.write(device, packet)


def _tun(name: str) -> int:
    device = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TUN | _IFF_NO_PI))
    except OSError:
        os.close(device)
        raise
    return device


def can_have_namespaces() -> bool:
    """Whether this machine lets us make them."""
    try:
        with Namespace.joined(Line(Quality(1e9, 0, 0))) as joined:
            joined.socket().close()
    except OSError:
        return False
    return True


@contextlib.asynccontextmanager
async def proxied(port: int, line: Line) -> AsyncIterator[int]:
    """A port whose connections reach `port` through `line`; a lost piece comes after another round trip."""
    pipes: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        both = {
            asyncio.create_task(_pipe(reader, far_writer, line, True), name="up the line"),
            asyncio.create_task(_pipe(far_reader, writer, line, False), name="down the line"),
        }
        pipes.update(both)
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in (writer, far_writer):
                end.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=16 * 1024)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for pipe in pipes:
            pipe.cancel()
        if pipes:
            await asyncio.wait(pipes)


async def _pipe(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line, upwards: bool
) -> None:
    """Takes no more from the sender than the line carries, so that the sender feels it."""
    with contextlib.suppress(OSError):
        while piece := await reader.read(1400):
            due = line.due(len(piece), upwards)
            while due is None:
                await asyncio.sleep(2 * line.quality.delay)
                due = line.due(len(piece), upwards)
            await asyncio.sleep(max(due - line.quality.delay - time.monotonic(), 0))
            await _while(lambda: line.paused or line.dead)
            asyncio.get_running_loop().call_later(line.quality.delay, writer.write, piece)


async def _while(condition: Callable[[], bool]) -> None:
    while condition():
        await asyncio.sleep(0.05)
