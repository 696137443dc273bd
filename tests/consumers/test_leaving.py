"""The leak that this product exists for: a page that is closed leaves nothing behind, whatever closes it."""

import asyncio
import json
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.consumers.browser import Browser
from tests.consumers.conftest import View
from tests.portal import ROOT, PortalProcess
from tests.reliability.log import unpaired
from tests.watched import WATCHED

REFRESHES = 100
TABS = 50
GONE_SECONDS = 20.0
WATCHED_SECONDS = 20.0

# A browser's process: so many sockets, of which it says when all have their rows, and then waits.
_TABS = """
import asyncio, json, sys
from websockets.asyncio.client import connect

async def tab(url, cookie):
    socket = await connect(url, additional_headers={"Cookie": cookie}, proxy=None)
    while json.loads(await socket.recv())["type"] != "snapshot":
        pass
    return socket

async def main(url, cookie, count):
    tabs = await asyncio.gather(*(tab(url, cookie) for _ in range(int(count))))
    print("open", flush=True)
    await asyncio.sleep(600)

asyncio.run(main(*sys.argv[1:]))
"""


class Held:
    """What a portal and the API server hold, and whether it is as it was."""

    def __init__(self, portal: PortalProcess, cluster: ControlPlane) -> None:
        self.portal = portal
        self.cluster = cluster
        portal.wait_until(self._quiet, GONE_SECONDS, "nothing of other tests is left")
        self.connections = portal.established()
        self.watches = cluster.longrunning_watches("pods")
        self.event_watches = cluster.longrunning_watches("events")

    def as_before(self) -> bool:
        """No more connections than before, and no viewer, socket or watch, by either's own count."""
        return (
            self.no_viewer()
            and self.portal.metric("k8sportal_upstream_watches") == 0
            and self.portal.established() <= self.connections
            and self.cluster.longrunning_watches("pods") <= self.watches
            and self.cluster.longrunning_watches("events") <= self.event_watches
        )

    def no_viewer(self) -> bool:
        """No socket is open, and nobody is counted as a viewer."""
        return self.portal.metric("k8sportal_sockets") == self.portal.metric("k8sportal_viewers") == 0

    async def returns(self) -> None:
        """Waits until all is as before."""
        waited = await asyncio.to_thread(
            self.portal.wait_until, self.as_before, GONE_SECONDS, "all is as before"
        )
        print(f"{self.connections} connections, no watch and no viewer after {waited:.1f} s")

    def _quiet(self) -> bool:
        return self.no_viewer() and self.portal.metric("k8sportal_upstream_watches") == 0


@pytest.fixture
def held(portal: PortalProcess, control_plane: ControlPlane) -> Iterator[Held]:
    """What was held before. Both log lines of every socket and watch must have come in the end."""
    start = len(portal.log())
    yield Held(portal, control_plane)
    portal.wait_until(lambda: not unpaired(portal.log()), GONE_SECONDS, "a line for each end")
    assert "Traceback" not in portal.log()[start:]


async def test_a_page_refreshed_100_times_leaves_as_many_connections_as_before(
    held: Held, view: View, portal: PortalProcess, namespace: str
) -> None:
    """The seed's own test: ESTABLISHED rose with every refresh. The watch survives them all."""
    opened = portal.log().count('"watch_opened"')
    for _ in range(REFRESHES):
        async with view(f"cluster=test&namespace={namespace}") as viewer:
            await viewer.live(namespace)
    assert portal.metric("k8sportal_upstream_watches", resource="pods", namespace=namespace) == 1
    assert portal.log().count('"watch_opened"') - opened <= 2 * len(WATCHED), "each from its list on"
    await held.returns()


async def test_fifty_tabs_share_one_watch_and_a_killed_browser_leaves_nothing(
    held: Held, portal: PortalProcess, engineer: Browser, control_plane: ControlPlane, namespace: str
) -> None:
    url = portal.ws(f"/ws/pods/?cluster=test&namespace={namespace}")
    browser = subprocess.Popen(
        [sys.executable, "-c", _TABS, url, engineer.cookie, str(TABS)], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert browser.stdout is not None
        assert await asyncio.to_thread(browser.stdout.readline) == b"open\n"
        assert portal.metric("k8sportal_sockets") == TABS
        assert portal.metric("k8sportal_viewers", cluster="test", namespace=namespace) == TABS
        assert portal.metric("k8sportal_upstream_watches", resource="pods") == 1
        await asyncio.to_thread(
            portal.wait_until,
            lambda: all(portal.metric("k8sportal_upstream_watches", resource=each) == 1 for each in WATCHED),
            WATCHED_SECONDS,
            "all is watched once, what is beside the pods after them",
        )
        assert control_plane.longrunning_watches("pods") == held.watches + 1
    finally:
        browser.send_signal(signal.SIGKILL)
        browser.wait()
        if browser.stdout is not None:
            browser.stdout.close()
    await held.returns()
    assert _closes(portal)["1006"] >= TABS


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _silently(client: socket.socket) -> None:
    """The end of file, without a close frame."""


# What is waited for before the viewer leaves.
MOMENTS = {
    "half a handshake": b"",
    "as it asks": b"",
    "as it opens": b"101",
    "open": b"snapshot",
    "refused": b'"final":true',
}


async def test_leaving_at_any_moment_leaves_nothing(
    held: Held, portal: PortalProcess, engineer: Browser, namespace: str
) -> None:
    """By a reset, and by an end of file without a close frame."""
    for moment, sign in MOMENTS.items():
        asked = "kube-system" if moment == "refused" else namespace
        request = _handshake(portal, f"cluster=test&namespace={asked}", engineer.cookie)
        for leave in (_reset, _silently):
            for _ in range(3):
                with socket.create_connection(("127.0.0.1", portal.port), timeout=10) as client:
                    client.sendall(request[:60] if moment == "half a handshake" else request)
                    got = b""
                    while sign not in got:
                        got += await asyncio.to_thread(client.recv, 65536)
                    leave(client)
            await asyncio.to_thread(portal.wait_until, held.no_viewer, 5, f"nobody is left of: {moment}")
    await held.returns()


def _handshake(portal: PortalProcess, query: str, cookie: str) -> bytes:
    return (
        f"GET /ws/pods/?{query} HTTP/1.1\r\nHost: 127.0.0.1:{portal.port}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Cookie: {cookie}\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("portal", ["daphne"], indirect=True)
async def test_closing_well_is_told_with_the_viewers_code(
    held: Held, portal: PortalProcess, view: View, namespace: str
) -> None:
    async with view(f"cluster=test&namespace={namespace}") as viewer:
        await viewer.live(namespace)
        await viewer.socket.close(1001)
    await held.returns()
    last = [json.loads(line) for line in portal.log().splitlines() if '"socket_closed"' in line][-1]
    assert (last["code"], last["closed_by"], last["user"]) == (1001, "peer", "engineer")
    assert last["frames"] == len(viewer.frames)
    assert last["bytes"] == viewer.size
    opened = next(json.loads(line) for line in portal.log().splitlines() if last["connection"] in line)
    assert (opened["event"], opened["cluster"], opened["namespaces"]) == (
        "socket_opened",
        "test",
        [namespace],
    )


def _closes(portal: PortalProcess) -> dict[str, float]:
    return {
        labels["code"]: value
        for name, labels, value in portal.metrics()
        if name == "k8sportal_viewer_closes_total"
    }


async def test_no_file_of_the_database_stays_open(
    held: Held, view: View, portal: PortalProcess, namespace: str
) -> None:
    """While SQLite has one connection open, those of others that were closed keep their files for later."""
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(asyncio.to_thread(portal.get, "/"), name=f"request {number}")
        async with view(f"cluster=test&namespace={namespace}") as viewer:
            await viewer.live(namespace)

    def none_open() -> bool:
        return not any("portal.sqlite3" in name for name in portal.open_files())

    await asyncio.to_thread(portal.wait_until, none_open, GONE_SECONDS, "the database's files are closed")
