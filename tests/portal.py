"""A whole portal as a process of its own, for tests that come from outside: sockets, pages, signals.

with PortalProcess(kubeconfig=control_plane.kubeconfig) as portal:
    portal.url("/pods/"), portal.ws("/ws/pods/?…"), portal.metric("k8sportal_sockets")
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.cluster.processes import free_port

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 120.0
STOP_SECONDS = 15.0
ADMIN_PASSWORD = "correct horse battery"

# /proc/net/tcp: the state of an established connection.
_ESTABLISHED = "01"


class PortalProcess:
    """`python -m k8sportal.run` on a free port, with a data folder of its own.

    `environment` adds to and overrides the settings. Everybody may read unless it says otherwise.
    `program` is another module that serves a portal; `root` is where its code stands. Both may be changed
    between an end and the next start.
    """

    def __init__(
        self,
        kubeconfig: Path | str | None = None,
        server: str = "daphne",
        environment: dict[str, str] | None = None,
        program: str = "k8sportal.run",
    ) -> None:
        self.program = program
        self.root = ROOT
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="k8sportal-test-")
        self.folder = Path(self._folder.name)
        self.log_path = self.folder / "portal.log"
        self._environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("PORTAL_", "DJANGO_"))
            },
            "PORT": str(self.port),
            "PORTAL_SERVER": server,
            "PORTAL_DATA_DIR": str(self.folder / "data"),
            "PORTAL_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "PORTAL_ANONYMOUS_READ": "1",
            "HOME": str(self.folder),
            **({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {"PORTAL_DEMO": "1"}),
            **(environment or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self._folder.cleanup()

    @property
    def pid(self) -> int:
        """The process that serves."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Starts it and waits until it answers."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.program],
                cwd=self.root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.wait_until(self._answers, READY_SECONDS, "the portal answers")
        except BaseException:
            self.stop(signal.SIGKILL)
            raise

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends it; its exit code."""
        process = self.process
        assert process is not None
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise

    def environment(self) -> dict[str, str]:
        """The portal's environment, for a process that works on the same data."""
        key = Path(self._environment["PORTAL_DATA_DIR"]) / "secret_key"
        return {**self._environment, "DJANGO_SECRET_KEY_FILE": str(key)}

    def manage(self, *arguments: str) -> str:
        """Runs a manage.py command with the portal's settings; what it printed."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return result.stdout

    def url(self, path: str = "/") -> str:
        """An HTTP address of this portal."""
        return f"http://127.0.0.1:{self.port}{path}"

    def ws(self, path: str) -> str:
        """A WebSocket address of this portal."""
        return f"ws://127.0.0.1:{self.port}{path}"

    def get(self, path: str, timeout: float = 10.0) -> str:
        """The body of a GET, which must be answered with 2xx."""
        with urllib.request.urlopen(self.url(path), timeout=timeout) as answer:
            body: bytes = answer.read()
        return body.decode()

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's series that carry these labels; 0 where there is none."""
        total = 0.0
        for found, pairs, value in self.metrics():
            if found == name and labels.items() <= pairs.items():
                total += value
        return total

    def metrics(self) -> Iterator[tuple[str, dict[str, str], float]]:
        """Every series: name, labels, value."""
        for line in self.get("/metrics").splitlines():
            match = re.fullmatch(r"([a-z0-9_]+)(?:\{(.*)\})? (\S+)", line)
            if match:
                pairs = dict(re.findall(r'(\w+)="([^"]*)"', match[2] or ""))
                yield match[1], pairs, float(match[3])

    def open_files(self) -> Counter[str]:
        """What its descriptors stand for (Linux), and how many of each."""
        found: Counter[str] = Counter()
        for entry in Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                found[re.sub(r":\[\d+\]", "", str(entry.readlink()))] += 1
            except FileNotFoundError:
                continue
        return found

    def established(self) -> int:
        """The process's established TCP connections, as `netstat` counts them (Linux)."""
        inodes = set()
        for entry in Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                match = re.fullmatch(r"socket:\[(\d+)\]", str(entry.readlink()))
            except FileNotFoundError:
                continue
            if match:
                inodes.add(match[1])
        count = 0
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{self.pid}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                count += fields[3] == _ESTABLISHED and fields[9] in inodes
        return count

    def log(self) -> str:
        """What it has written so far."""
        return self.log_path.read_text(errors="replace")

    def wait_until(self, condition: Callable[[], bool], seconds: float, what: str) -> float:
        """Waits for `condition`; how long that took. After `seconds` the test fails, with the log's end."""
        started = time.monotonic()
        while not condition():
            waited = time.monotonic() - started
            ended = self.process is not None and self.process.poll() is not None
            if waited > seconds or ended:
                pytest.fail(f"Not within {waited:.1f} s: {what}.\n{self.log()[-3000:]}")
            time.sleep(0.05)
        return time.monotonic() - started

    def _answers(self) -> bool:
        try:
            self.get("/livez", timeout=2)
        except OSError:
            return False
        return True
