"""The portal's own end, and the plain Django way of starting it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.error
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.cluster.processes import free_port
from tests.consumers.viewer import viewing
from tests.portal import ROOT, PortalProcess
from tests.reliability.log import unpaired

END_SECONDS = 10.0


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
async def test_a_portal_that_ends_sends_its_viewers_to_come_back(
    control_plane: ControlPlane, namespace: str, server: str
) -> None:
    """1012 to all, /readyz 503 meanwhile, exit code 0 within 10 s, and a line in the log for each end."""
    with PortalProcess(control_plane.kubeconfig, server) as portal:
        url = portal.ws("/ws/pods/?namespace=kube-system")
        async with viewing(url) as one, viewing(url) as other, MutePeer(portal):
            await one.live("kube-system")
            await other.live("kube-system")
            assert portal.get("/readyz")
            started = time.monotonic()
            assert portal.process is not None
            portal.process.send_signal(signal.SIGTERM)
            not_ready = await asyncio.to_thread(_status_until_gone, portal)
            assert [await viewer.close_code() for viewer in (one, other)] == [1012, 1012]
            assert [viewer.frames[-1]["code"] for viewer in (one, other)] == ["restarting"] * 2
            assert await asyncio.to_thread(portal.process.wait, END_SECONDS + 5) == 0
            seconds = time.monotonic() - started
            print(f"{server}: ended after {seconds:.1f} s; /readyz said {not_ready}")
            assert seconds < END_SECONDS
            assert not_ready == {503}
        assert not unpaired(portal.log())
        assert "Traceback" not in portal.log()


class MutePeer:
    """A viewer that does not answer its close, so that the drain takes a moment."""

    def __init__(self, portal: PortalProcess) -> None:
        self._portal = portal

    async def __aenter__(self) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._portal.port)
        self._writer.write(
            f"GET /ws/pods/?namespace=kube-system HTTP/1.1\r\nHost: 127.0.0.1:{self._portal.port}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        await asyncio.wait_for(reader.readuntil(b"snapshot"), 10)

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()


def _status_until_gone(portal: PortalProcess) -> set[int]:
    """What /readyz says from the signal until nobody listens any more."""
    statuses = set()
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        try:
            portal.get("/readyz", timeout=2)
        except urllib.error.HTTPError as error:
            with error:
                statuses.add(error.code)
        except OSError:
            break
        time.sleep(0.02)
    return statuses


@pytest.mark.parametrize("way", ["daphne", "runserver"])
async def test_the_plain_django_way_serves_pages_and_sockets(
    control_plane: ControlPlane, tmp_path: Path, way: str
) -> None:
    """`manage.py migrate`, then `daphne k8sportal.asgi:application` or `manage.py runserver`."""
    port = free_port()
    environment = _environment(tmp_path, KUBECONFIG=str(control_plane.kubeconfig), PORTAL_ANONYMOUS_READ="1")
    subprocess.run(
        [sys.executable, "manage.py", "migrate"], cwd=ROOT, env=environment, check=True, timeout=90
    )
    ways = {
        "daphne": ["-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "k8sportal.asgi:application"],
        "runserver": ["manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
    }
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *ways[way]], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        page = await _page(port, "/pods/?cluster=test&namespace=kube-system", log)
        assert "kube-system" in page
        async with viewing(f"ws://127.0.0.1:{port}/ws/pods/?cluster=test&namespace=kube-system") as viewer:
            await viewer.live("kube-system")
        async with viewing(f"ws://127.0.0.1:{port}/ws/pods/?cluster=test&namespace=Bad!") as viewer:
            assert await viewer.close_code() == 4400
    finally:
        process.terminate()
        process.wait(15)
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("command", [["manage.py", "check"], ["-m", "daphne", "k8sportal.asgi:application"]])
def test_what_is_no_redis_is_refused_in_words(tmp_path: Path, command: list[str]) -> None:
    environment = _environment(tmp_path, PORTAL_DEMO="1", PORTAL_DEMO_URL="http://127.0.0.1:9")
    environment["REDIS_URL"] = "https://:s3cret@127.0.0.1:6379/0"
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "REDIS_URL is not the address of a Redis server" in done.stderr
    assert "portal.E034" in done.stderr
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr


def _environment(folder: Path, **more: str) -> dict[str, str]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PORTAL_", "DJANGO_", "KUBE"))
    }
    return {**clean, "DJANGO_SECRET_KEY": "for-a-test", "PORTAL_DATA_DIR": str(folder / "data"), **more}


async def _page(port: int, path: str, log: Path) -> str:
    deadline = time.monotonic() + 60
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            await asyncio.sleep(0.1)
            continue
        writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        body = (await asyncio.wait_for(reader.read(), 30)).decode()
        writer.close()
        await writer.wait_closed()
        assert body.split()[1] == "200", body
        return body
