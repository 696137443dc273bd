"""A container's log over its socket: who may read it, how it flows, and how it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from pods.leakcheck.check import Plan, check
from pods.leakcheck.report import report
from pods.leakcheck.target import Address, Target
from pods.leakcheck.view import choose_log
from pods.leakcheck.ways import LOG_WAYS
from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.consumers.browser import Browser
from tests.consumers.conftest import PASSWORD
from tests.consumers.desk import Desk
from tests.consumers.viewer import Viewer, viewing
from tests.kube.kubelet import Kubelet, Log
from tests.kube.writer import placed, running
from tests.portal import PortalProcess

POD = "web-1"
LEFT_SECONDS = 5.0  # five times the promise
REVOKED_SECONDS = 10.0  # likewise
FLOOD_LINES = 20_000
WINDOW_BYTES = 512 * 1024

Read = Callable[..., AbstractAsyncContextManager[Viewer]]


@pytest.fixture(scope="module")
def kubelet(control_plane: ControlPlane) -> Iterator[Kubelet]:
    with Kubelet(control_plane) as kubelet:
        kubelet.register()
        yield kubelet


@pytest.fixture(scope="module")
def reader(portal: PortalProcess, desk: Desk) -> Browser:
    """Signed in, with the right to logs in `test-*`."""
    desk.person("reader", PASSWORD, "readers")
    desk.grant("readers", "test-*", "test", "pods", "logs")
    return Browser(portal).sign_in("reader", PASSWORD)


@pytest.fixture
def log(control_plane: ControlPlane, kubelet: Kubelet, namespace: str) -> Log:
    """The log of the one container of a pod that runs."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    control_plane.api("POST", path, placed(pods.pod(POD), kubelet.node))
    control_plane.api("PATCH", f"{path}/{POD}/status", {"status": running()})
    return kubelet.log(namespace, POD, "main")


@pytest.fixture
def read(portal: PortalProcess, reader: Browser, namespace: str) -> Read:
    """Opens a reader's socket: `read("tail=3")`."""

    def open_(more: str = "", browser: Browser | None = reader, **options: Any) -> Any:
        address = portal.ws(f"/ws/logs/?cluster=test&namespace={namespace}&pod={POD}&{more}")
        return viewing(address, browser.cookie if browser else None, **options)

    return open_


def texts(viewer: Viewer) -> list[str]:
    return [text for frame in viewer.of("log") for _, text in frame["lines"]]


async def ended_at_the_node(kubelet: Kubelet) -> None:
    """Waits for the streams to be over, and prints how long that took."""
    left = time.monotonic()
    while kubelet.streams:
        assert time.monotonic() < left + LEFT_SECONDS, "the log is still being read at the node"
        await asyncio.sleep(0.01)
    print(f"ended at the node {time.monotonic() - left:.2f} s after its reader")


async def test_lines_come_as_they_are_written_and_the_socket_ends_with_the_log(read: Read, log: Log) -> None:
    log.write("one", "two", "three")
    async with read("tail=2") as viewer:
        await viewer.until(lambda: texts(viewer) == ["two", "three"], "the last two lines")
        assert viewer.frames[0]["type"] == "log_state"
        log.write("four")
        await viewer.until(lambda: texts(viewer)[2:] == ["four"], "the line that was written")
        states = [frame["state"] for frame in viewer.of("log_state")]
        assert states.index("opening") < states.index("following")
        log.write("last words")
        log.end()
        assert await viewer.close_code() == 1000
        assert texts(viewer)[3:] == ["last words"]
        last = viewer.frames[-1]
        assert (last["type"], last["state"], last["reason_code"]) == ("log_state", "ended", "log_over")


async def test_who_comes_again_is_sent_what_it_has_not(read: Read, log: Log) -> None:
    log.write("one", time="2026-01-01T00:00:00.000000001Z")
    log.write("two", time="2026-01-01T00:00:00.000000002Z")
    log.write("three", time="2026-01-01T00:00:00.000000003Z")
    async with read("since=2026-01-01T00:00:00.000000002Z") as viewer:
        await viewer.until(lambda: texts(viewer) == ["three"], "the later one")


async def test_logs_are_a_right_of_their_own(
    read: Read, log: Log, engineer: Browser, kubelet: Kubelet
) -> None:
    async with read(browser=engineer) as viewer:
        assert await viewer.close_code() == 4403
        assert viewer.frames[-1]["code"] == "logs_forbidden"
    async with read(browser=None) as viewer:
        assert await viewer.close_code() == 4401
    await ended_at_the_node(kubelet)
    assert log.asked == 0


async def test_a_right_that_is_taken_ends_the_reading(
    read: Read, log: Log, desk: Desk, kubelet: Kubelet, portal: PortalProcess, namespace: str
) -> None:
    desk.person("guest", PASSWORD, "guests")
    desk.grant("guests", namespace, "test", "logs")
    guest = Browser(portal).sign_in("guest", PASSWORD)
    log.write("one")
    async with read(browser=guest) as viewer:
        await viewer.until(lambda: texts(viewer) == ["one"], "the line", 15)
        await asyncio.to_thread(desk.revoke, "guests", namespace)
        assert await viewer.close_code(REVOKED_SECONDS) == 4403
        assert viewer.frames[-1]["code"] == "rights_taken"
        await ended_at_the_node(kubelet)


@pytest.mark.parametrize("way", ["closes", "aborts", "vanishes while lines flow"])
async def test_the_stream_ends_with_its_reader(read: Read, log: Log, kubelet: Kubelet, way: str) -> None:
    log.write(*("x" * 1000 for _ in range(FLOOD_LINES if way.startswith("vanishes") else 1)))
    async with read("tail=10000", acks=not way.startswith("vanishes")) as viewer:
        await viewer.until(lambda: texts(viewer), "lines")
        if way != "closes":
            viewer.socket.transport.abort()
        else:
            await viewer.socket.close()
        await ended_at_the_node(kubelet)


async def test_a_reader_that_pauses_is_sent_no_more_and_goes_on_where_it_was(
    read: Read, log: Log, portal: PortalProcess
) -> None:
    log.write("one")
    async with read() as viewer:
        await viewer.until(lambda: texts(viewer) == ["one"], "the line")
        await viewer.send({"type": "pause"})
        log.write(*(f"{number} {'x' * 1000}" for number in range(FLOOD_LINES)))
        beats = len(viewer.of("log_state"))
        await viewer.until(lambda: len(viewer.of("log_state")) > beats, "a heartbeat", 8)
        assert viewer.size < WINDOW_BYTES
        assert portal.metric("k8sportal_unacknowledged_bytes") < WINDOW_BYTES
        await viewer.send({"type": "go_on"})
        await viewer.until(lambda: len(texts(viewer)) == FLOOD_LINES + 1, "all of it", 30)
        assert texts(viewer)[-1].startswith(f"{FLOOD_LINES - 1} ")


async def test_what_no_browser_has_is_not_sent_without_end(read: Read, log: Log) -> None:
    log.write(*("x" * 1000 for _ in range(FLOOD_LINES)))
    async with read("tail=10000", acks=False) as viewer:
        await viewer.until(lambda: viewer.size > WINDOW_BYTES, "as much as may be on its way")
        beats = len(viewer.of("log_state"))
        await viewer.until(lambda: len(viewer.of("log_state")) > beats, "a heartbeat", 8)
        assert viewer.size < 1.2 * WINDOW_BYTES
        await viewer.send({"type": "ack", "token": str(10**6)})  # no such line: ignored
        await viewer.send({"type": "ack", "token": viewer.of("log")[-1]["token"]})
        await viewer.until(lambda: viewer.size > 1.5 * WINDOW_BYTES, "more")


@pytest.mark.parametrize(
    "more",
    [
        "pod=..",
        "pod=",
        "container=A/B",
        "tail=-1",
        "tail=10001",
        "tail=ten",
        "since=yesterday",
        "namespace=test-other",
    ],
)
async def test_an_address_that_means_nothing_is_refused(read: Read, log: Log, more: str) -> None:
    async with read(more) as viewer:
        assert await viewer.close_code() == 4400
        assert viewer.frames[-1]["code"] == "bad_request"


async def test_operators_see_who_reads_which_log(read: Read, log: Log, admin: Browser) -> None:
    log.write("one")
    async with read("container=main") as viewer:
        await viewer.until(lambda: texts(viewer) == ["one"], "the line")
        answer = await asyncio.to_thread(admin.get, "/api/v1/ledger?q=reader")
        (socket,) = answer.json()["sockets"]["rows"]
        assert (socket["user"], socket["filter"]) == ("reader", f"log of {POD}/main")
        watches = (await asyncio.to_thread(admin.get, "/api/v1/ledger?q=pods/log")).json()["watches"]["rows"]
        assert [(watch["resource"], watch["state"], watch["users"]) for watch in watches] == [
            ("pods/log", "live", 1)
        ]


async def test_whoever_leaves_a_log_in_whatever_way_leaves_nothing(
    portal: PortalProcess, reader: Browser, engineer: Browser, log: Log, kubelet: Kubelet, namespace: str
) -> None:
    """The product's own check (`manage.py leakcheck`) of logs, and at the node."""
    log.write(*(f"line {number}" for number in range(2000)))
    address = Address.parse(portal.url("/"))
    query = f"cluster=test&namespace={namespace}"
    assert await choose_log(Target(address, engineer.cookie, query)) == ""
    chosen = await choose_log(Target(address, reader.cookie, query))
    assert chosen == f"{query}&pod={POD}&container=main"
    target = Target(address, reader.cookie, query, chosen)
    outcome = await check(Plan(target, [address.at("/metrics")], LOG_WAYS, 8, 4, print))
    print(report(outcome))
    assert (outcome.left, dict(outcome.failures)) == ({}, {})
    assert all(done.cycles == 8 for done in outcome.done)
    await ended_at_the_node(kubelet)
