"""Programs of a control plane as one process group that cannot outlive the tests.

Rule: whoever starts a program ends it, also when the starter is killed. A small guard leads the process
group and reads from a pipe that only we hold: when we die, however that happens, the pipe ends and the
guard kills the group. (Linux's PR_SET_PDEATHSIG would tie programs to the *thread* that started them.)
"""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_DEADLINE_SECONDS = 10.0

# Reads until we are gone, then removes our files (there are tokens among them) and kills the group.
_GUARD = 'cat >/dev/null; rm -rf -- "$0"; kill -KILL 0'


# Below those that the kernel takes for outgoing connections (Linux: from 32768 on): between the choice of
# a port and its server's start none of the many connections of these tests can be given it by chance.
_PORTS = range(15_000, 32_000)
_given: set[int] = set()


class ProgramError(Exception):
    """A program did not start, or ended; the message holds the last lines of its log."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on, and that was not given to anybody here before."""
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port


class ProgramGroup:
    """Named programs, each with a log file in `folder`, started and ended together."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            process_group=0,
        )

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Starts one program; its output goes to `<name>.log`."""
        with (self._folder / f"{name}.log").open("ab") as log:
            self._programs[name] = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=self._guard.pid,
                env={**os.environ, **(environment or {})},
            )

    def pid(self, name: str) -> int:
        """The process of one program."""
        return self._programs[name].pid

    def signal(self, name: str, number: signal.Signals) -> None:
        """Sends a signal to one program."""
        self._programs[name].send_signal(number)

    def kill(self, name: str) -> None:
        """Ends one program at once, as a crash would, and waits for its end."""
        process = self._programs.pop(name)
        process.kill()
        process.wait(STOP_DEADLINE_SECONDS)

    def check_running(self) -> None:
        """Raises ProgramError if a program has ended by itself."""
        for name, process in self._programs.items():
            if process.poll() is not None:
                raise ProgramError(
                    f"{name} ended with status {process.returncode}. Its last lines:\n{self.log_tail(name)}"
                )

    def log_tail(self, name: str, lines: int = 15) -> str:
        """The last lines of a program's log."""
        text = (self._folder / f"{name}.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def stop(self) -> None:
        """Ends every program and the guard, waiting for each.

        They are killed, not asked: nothing they hold is kept, and an API server asked politely waits
        for its watches to end.
        """
        deadline = time.monotonic() + STOP_DEADLINE_SECONDS
        for process in reversed(self._programs.values()):
            process.kill()
        for process in self._programs.values():
            process.wait(max(0.1, deadline - time.monotonic()))
        self._programs.clear()
        if self._guard.poll() is None:
            os.killpg(self._guard.pid, signal.SIGKILL)
        self._guard.wait(max(0.1, deadline - time.monotonic()))
        if self._guard.stdin:
            self._guard.stdin.close()
