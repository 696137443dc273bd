"""The demo cluster's process: started before the portal, ended with it, however that ends."""

import contextlib
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator

from k8sportal.environment import Environment
from k8sportal.preparation import PreparationError

START_SECONDS = 30.0
END_SECONDS = 5.0
_READY = "demo cluster on "


def wanted(environment: Environment) -> bool:
    """Whether this start shows the demo: asked for, or because there is no cluster at all."""
    import os
    from pathlib import Path

    from pods.sources import SERVICE_ACCOUNT, find_sources

    asked = environment.boolean("PORTAL_DEMO", "E011")
    if asked is not None:
        return asked
    home = Path.home() / ".kube" / "config"
    found = find_sources(environment.text("KUBECONFIG"), home, os.environ, SERVICE_ACCOUNT)
    return not found.clusters and not found.errors


@contextlib.contextmanager
def running() -> Iterator[subprocess.Popen[str]]:
    """The process of a demo cluster, until the block ends; `address` says where it answers.

    It has a session of its own, so that Ctrl-C reaches the portal first, and it ends when its
    standard input does: also when the portal is killed.
    """
    command = [sys.executable, "-m", "democluster", "--host", "127.0.0.1", "--port", "0", "--exit-with-stdin"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        end(process)


def address(process: subprocess.Popen[str]) -> str:
    """Wait until it answers; where. Raises `PreparationError`."""
    if process.stdout is None:
        raise ValueError("the process has no pipe to read from")
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        deadline = time.monotonic() + START_SECONDS
        line = process.stdout.readline() if selector.select(deadline - time.monotonic()) else ""
    if not line.startswith(_READY):
        raise PreparationError("The demo cluster did not start.")
    return line.removeprefix(_READY).strip()


def end(process: subprocess.Popen[str]) -> None:
    """End the process, by force if it takes too long, and wait for it."""
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
