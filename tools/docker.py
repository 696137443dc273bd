"""Finds a Docker that answers, or gets one on a bare Debian or Ubuntu machine: the packages, and the daemon.

A daemon that was started here is ended here (`running`), with everything that ran in it; one that answered
already is left as it was.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tools.programs import run_quietly, say

INSTALL_DEADLINE_SECONDS = 900.0
START_DEADLINE_SECONDS = 60.0
STOP_DEADLINE_SECONDS = 30.0
ANSWER_DEADLINE_SECONDS = 20.0
PACKAGES = {"dockerd": "docker.io", "docker-compose": "docker-compose"}


class NoDockerError(Exception):
    """There is no Docker here, and none can be had; the message says why."""


@contextlib.contextmanager
def running() -> Iterator[None]:
    """A Docker daemon answers until the block ends. Raises NoDockerError."""
    if _answers() and compose_command():
        yield
        return
    _install()
    if _answers():
        yield
        return
    with _daemon():
        yield


def compose_command() -> list[str] | None:
    """Compose v2, Docker's plugin, else 1.29, the program `docker-compose`; None without either."""
    if run_quietly(["docker", "compose", "version"], ANSWER_DEADLINE_SECONDS):
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def _answers() -> bool:
    return run_quietly(["docker", "version"], ANSWER_DEADLINE_SECONDS)


def _install() -> None:
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if compose_command():
        missing = [package for package in missing if package != "docker-compose"]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NoDockerError("No Docker daemon answers. Start one, and install Compose.")
    say(f"Installing Debian's {', '.join(missing)}.")
    apt_get("update")
    if not apt_get("install", "-y", *missing):
        raise NoDockerError(f"Debian's {', '.join(missing)} could not be installed.")


def apt_get(*arguments: str) -> bool:
    """Runs apt-get without questions; whether it succeeded."""
    return run_quietly(["apt-get", "-qq", *arguments], INSTALL_DEADLINE_SECONDS)


@contextlib.contextmanager
def _daemon() -> Iterator[None]:
    """dockerd as a child of ours, ended with the block."""
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        raise NoDockerError("No Docker daemon answers, and only root can start one.")
    say("Starting dockerd.")
    with tempfile.NamedTemporaryFile("w+", prefix="dockerd-", suffix=".log") as log:
        process = subprocess.Popen(
            ["dockerd"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait_until_it_answers(process, Path(log.name))
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_DEADLINE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_DEADLINE_SECONDS
    while not _answers():
        if process.poll() is not None or time.monotonic() > deadline:
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            raise NoDockerError(f"dockerd does not start here: {' '.join(last)}")
        time.sleep(0.5)
