"""A program under test: started as a process of its own, read line by line, never left behind."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 30.0


class Program:
    """A process in a session of its own; both outputs are collected as lines."""

    def __init__(self, *arguments: str, variables: Mapping[str, str] = {}) -> None:
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PORTAL_", "DJANGO_", "KUBE")) and name not in ("HOST", "PORT")
        }
        self.lines: list[str] = []
        self._new: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**clean, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="program-output")
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._new.put(line.rstrip("\n"))

    def wait_for(self, text: str, seconds: float = DEADLINE_SECONDS) -> str:
        """The first line, of those not yet looked at, that holds `text`."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._new.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {text!r} in {seconds} s; so far: {self.lines}") from None
            self.lines.append(line)
            if text in line:
                return line

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float = DEADLINE_SECONDS) -> int:
        """The exit code; afterwards `output` is whole."""
        code = self.process.wait(seconds)
        self._reader.join(seconds)
        while not self._new.empty():
            self.lines.append(self._new.get())
        return code

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
