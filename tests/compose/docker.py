"""Containers of this project's compose.yaml, from outside: built, brought up, asked, killed, taken down."""

import contextlib
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.processes import free_port
from tools.docker import compose_command

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "k8sportal:test"
BUILD_SECONDS = 900.0
UP_SECONDS = 540.0
ANSWER_SECONDS = 240.0


def docker(*arguments: str, seconds: float = ANSWER_SECONDS, check: bool = True) -> str:
    """What a docker command prints, errors included; the test fails where it fails."""
    return _run(["docker", *arguments], None, {}, seconds, check)


def _run(
    command: list[str], folder: Path | None, environment: dict[str, str], seconds: float, check: bool
) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
    )
    if check and done.returncode:
        pytest.fail(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout.strip()


def fresh_clone(folder: Path) -> Path:
    """The working tree's files as git knows them, and nothing else of this machine."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in listing.splitlines():
        if (ROOT / name).is_file() and not (ROOT / name).is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    folder.chmod(0o755)  # as `git clone` makes it
    return folder


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> float:
    """Waits until `condition()` is true; how long that took. Fails the test after `seconds`."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            pytest.fail(f"Not within {seconds:.0f} s: {what}.")
        time.sleep(0.2)
    return time.monotonic() - started


class Stack:
    """compose.yaml of a fresh clone as a project of its own, on a free port of the host."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.port = free_port()
        self.environment = {
            "COMPOSE_PROJECT_NAME": name,
            "K8SPORTAL_IMAGE": IMAGE,
            "K8SPORTAL_ADDRESS": f"127.0.0.1:{self.port}",
            # All viewers come from one address here.
            "PORTAL_MAX_SOCKETS_PER_PERSON": "1000",
        }
        self._overlays: tuple[str, ...] = ()
        self._is_up: tuple[tuple[str, ...], int] | None = None

    def url(self, path: str = "/") -> str:
        """An address of the portals, through nginx."""
        return f"http://localhost:{self.port}{path}"

    def ws(self, path: str) -> str:
        """A WebSocket address of the portals, through nginx."""
        return f"ws://localhost:{self.port}{path}"

    def get(self, path: str, timeout: float = 10.0) -> str:
        """The body of a GET, which must be answered with 2xx."""
        with urllib.request.urlopen(self.url(path), timeout=timeout) as answer:
            body: bytes = answer.read()
        return body.decode()

    def compose(self, *arguments: str, seconds: float = ANSWER_SECONDS, check: bool = True) -> str:
        """What a Compose command prints."""
        files = [word for name in ("compose.yaml", *self._overlays) for word in ("-f", name)]
        command = [*(compose_command() or ["docker-compose"]), *files, *arguments]
        # The classic builder is the one that every Docker has.
        classic = {"DOCKER_BUILDKIT": "0", "COMPOSE_DOCKER_CLI_BUILD": "0"}
        v1 = command[0] == "docker-compose"
        return _run(command, self.folder, {**(classic if v1 else {}), **self.environment}, seconds, check)

    def shell(self, script: str) -> None:
        """Runs commands of the documents, which are written for Compose v2, in the clone."""
        self._is_up = None
        spelt = " ".join(compose_command() or ["docker-compose"])
        command = ["sh", "-ec", script.replace("docker compose", spelt)]
        _run(command, self.folder, self.environment, UP_SECONDS, check=True)

    def build(self) -> None:
        """The image."""
        self.compose("build", seconds=BUILD_SECONDS)

    def up(self, *overlays: str, portals: int = 2) -> None:
        """Has it up as these overlays want it, until nginx reaches a ready portal; nothing where it is so."""
        if self._is_up == (overlays, portals):
            return
        self._overlays = overlays
        scale = [f"--scale=portal={portals}"] if portals != 2 else []
        started = time.monotonic()
        self.compose("up", "-d", *scale, seconds=UP_SECONDS)
        wait_until(self.is_ready, ANSWER_SECONDS, f"{self.url()} is ready\n{self.compose('ps')}")
        self._is_up = (overlays, portals)
        print(f"up {' '.join(overlays)}: {time.monotonic() - started:.1f} s")

    def kill(self, container: str) -> None:
        """Ends a container as a crash of the machine would: it does not start again by itself."""
        self._is_up = None
        docker("kill", container)

    def is_ready(self) -> bool:
        """Whether a portal answers through nginx that it is ready."""
        with contextlib.suppress(OSError):
            return '"status": "ok"' in self.get("/readyz")
        return False

    def down(self) -> None:
        """Takes down everything, data included; what was left of any overlay too."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout=15", seconds=UP_SECONDS, check=False)
        left = docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={self.name}")
        assert not left, f"left behind: {left}"

    def containers(self, service: str) -> list[str]:
        """The ids of a service's containers that run."""
        wanted = [
            f"label=com.docker.compose.{what}" for what in (f"project={self.name}", f"service={service}")
        ]
        filters = [word for label in wanted for word in ("--filter", label)]
        return docker("ps", "-q", *filters).split()

    def sockets(self, container: str) -> int:
        """How many WebSockets one portal holds, by its own metrics, which it tells to itself only."""
        code = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/metrics').read().decode())"
        text = docker("exec", container, "python", "-c", code)
        return sum(
            int(float(line.split()[1])) for line in text.splitlines() if line.startswith("k8sportal_sockets ")
        )


@contextlib.contextmanager
def stack(folder: Path, name: str) -> Iterator[Stack]:
    """A project that is taken down at the end, however that comes."""
    made = Stack(fresh_clone(folder), name)
    try:
        yield made
    finally:
        made.down()
