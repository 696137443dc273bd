"""A container's log, from a node through the real API server to the lines that a reader takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from pods import metrics
from pods.clock import SystemClock
from pods.domain.loglines import LogLine
from pods.kube.cluster import Cluster
from pods.kube.podlog import CHUNK_BYTES, RESOURCE, LogTarget, PodLog
from pods.live.logtail import HELD_BYTES, LogTail
from pods.tasks import end_tasks, owned_task
from tests.cluster.control_plane import ControlPlane
from tests.kube.kubelet import Kubelet
from tests.kube.writer import Writer, running

WITHIN_SECONDS = 20.0
LEFT_SECONDS = 5.0  # five times the promise
FLOOD_LINES = 40_000
NAME = "web-1"


@pytest.fixture(scope="module")
def kubelet(control_plane: ControlPlane) -> Iterator[Kubelet]:
    with Kubelet(control_plane) as kubelet:
        kubelet.register()
        yield kubelet


@pytest.fixture
def node(kubelet: Kubelet) -> Iterator[Kubelet]:
    """The kubelet, well again after each test."""
    yield kubelet
    kubelet.refusal = None


async def until(condition: Callable[[], bool], what: str) -> None:
    """Waits for a condition. Raises TimeoutError."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.01)


class Reading:
    """A reader: takes lines as they come, unless told not to."""

    def __init__(self, cluster: Cluster, target: LogTarget, tail: int | None) -> None:
        self.lines: list[LogLine] = []
        self.takes = True
        self._woken = asyncio.Event()
        self.tail = LogTail(PodLog(cluster, target), tail, None, SystemClock(), self._woken.set)

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.lines]

    async def run(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self.takes and self.tail.waiting:
                self.lines += self.tail.take(4096)

    def go_on(self) -> None:
        self.takes = True
        self._woken.set()


@asynccontextmanager
async def reading(cluster: Cluster, target: LogTarget, tail: int | None = 500) -> AsyncIterator[Reading]:
    reader = Reading(cluster, target, tail)
    tasks = [owned_task(reader.tail.run(), "tail"), owned_task(reader.run(), "reader")]
    try:
        yield reader
    finally:
        await end_tasks(tasks)


@pytest.fixture
def target(writer: Writer) -> LogTarget:
    return LogTarget(writer.namespace, NAME, "main")


async def place_pod(writer: Writer, node: Kubelet) -> None:
    """A pod that runs on the node."""
    await writer.pod_on(node.node, NAME)
    await writer.status(NAME, running())


async def test_the_last_lines_come_and_then_those_that_are_written(
    cluster: Cluster, writer: Writer, node: Kubelet, target: LogTarget
) -> None:
    await place_pod(writer, node)
    log = node.log(*target[:3])
    log.write(*(f"line {number}" for number in range(10)))
    async with reading(cluster, target, tail=3) as reader:
        await until(lambda: reader.texts == ["line 7", "line 8", "line 9"], "the last three lines")
        assert reader.tail.state.state == "following"
        log.write("written now")
        await until(lambda: reader.texts[3:] == ["written now"], "the line that was written")
        assert all(line.time is not None for line in reader.lines)
        log.end()
        await until(lambda: reader.tail.state.state == "ended", "the end")
        assert told(reader) == ("ended", "log_over")


async def test_leaving_ends_the_stream_at_the_node(
    cluster: Cluster, writer: Writer, node: Kubelet, target: LogTarget
) -> None:
    await place_pod(writer, node)
    node.log(*target[:3]).write("one")
    gauge = metrics.UPSTREAM_WATCHES.labels(cluster.name, RESOURCE, writer.namespace)
    async with reading(cluster, target) as reader:
        await until(lambda: reader.texts == ["one"], "the line")
        assert (node.streams, gauge._value.get()) == (1, 1)
    left = time.monotonic()
    assert gauge._value.get() == 0
    assert not cluster.watches
    await until(lambda: node.streams == 0, "the stream has ended")
    took = time.monotonic() - left
    print(f"ended at the node {took:.2f} s after its reader left")
    assert took < LEFT_SECONDS


async def test_a_reader_that_takes_nothing_stops_the_reading(
    cluster: Cluster, writer: Writer, node: Kubelet, target: LogTarget
) -> None:
    await place_pod(writer, node)
    log = node.log(*target[:3])
    log.write(*("x" * 1000 for _ in range(FLOOD_LINES)))
    async with reading(cluster, target, tail=None) as reader:
        reader.takes = False
        await until(lambda: reader.tail._held >= HELD_BYTES, "as much as may be held")
        held = reader.tail._held
        async with reading(cluster, target, tail=None) as other:
            await until(lambda: len(other.lines) == FLOOD_LINES, "all of it for one that takes it")
        assert held == reader.tail._held < HELD_BYTES + 2 * CHUNK_BYTES
        reader.go_on()
        await until(lambda: len(reader.lines) == FLOOD_LINES, "all of it")


async def test_a_broken_stream_goes_on_without_a_gap_or_a_line_twice(
    cluster: Cluster, writer: Writer, node: Kubelet, target: LogTarget
) -> None:
    await place_pod(writer, node)
    log = node.log(*target[:3])
    log.write("before 1", "before 2")
    async with reading(cluster, target) as reader:
        await until(lambda: len(reader.lines) == 2, "the first lines")
        node.refusal = (500, "the node is busy")
        node.break_streams()
        await until(lambda: reader.tail.state.state == "broken", "the break is told")
        log.write("meanwhile")
        node.refusal = None
        await until(lambda: reader.tail.state.state == "following", "it follows again")
        log.write("after")
        await until(lambda: reader.texts[-1] == "after", "the line after")
        assert reader.texts == ["before 1", "before 2", "meanwhile", "after"]


async def test_words_of_the_node_come_once_and_are_an_end(
    cluster: Cluster, writer: Writer, node: Kubelet, target: LogTarget
) -> None:
    await place_pod(writer, node)
    log = node.log(*target[:3])
    log.write_bytes(b"unable to retrieve container logs for containerd://0\n")
    log.end()
    async with reading(cluster, target) as reader:
        await until(lambda: told(reader) == ("ended", "log_over"), "the end")
        await until(lambda: bool(reader.lines), "the words")
        assert reader.texts == ["unable to retrieve container logs for containerd://0"]


async def test_half_of_a_line_is_not_taken_for_it(
    cluster: Cluster, writer: Writer, node: Kubelet, target: LogTarget
) -> None:
    await place_pod(writer, node)
    log = node.log(*target[:3])
    log.write("first", time="2026-01-01T00:00:00.1Z")
    log.write_bytes(b"2026-01-01T00:00:01.2Z half of a li")
    async with reading(cluster, target) as reader:
        await until(lambda: reader.texts == ["first"], "the first line")
        node.break_streams()
        log.lines[-1] = b"2026-01-01T00:00:01.2Z half of a line\n"
        await until(lambda: reader.texts == ["first", "half of a line"], "the whole line")


async def test_times_are_compared_as_moments(
    cluster: Cluster, writer: Writer, node: Kubelet, target: LogTarget
) -> None:
    await place_pod(writer, node)
    log = node.log(*target[:3])
    log.write("in summer", time="2026-10-25T02:59:59.5+02:00")
    async with reading(cluster, target) as reader:
        await until(lambda: reader.texts == ["in summer"], "the first line")
        node.break_streams()
        log.write("in winter", time="2026-10-25T02:00:00.5+01:00")
        await until(lambda: reader.texts == ["in summer", "in winter"], "the later one")


async def test_the_log_of_the_run_before_ends_by_itself(
    cluster: Cluster, writer: Writer, node: Kubelet, target: LogTarget
) -> None:
    await place_pod(writer, node)
    log = node.log(*target[:3])
    log.write("now")
    log.previous = [b"2026-01-01T00:00:00Z panic: no luck\n"]
    async with reading(cluster, target._replace(previous=True)) as reader:
        await until(lambda: reader.tail.state.state == "ended", "the end")
        await until(lambda: reader.texts == ["panic: no luck"], "its last words")


async def test_a_container_that_has_not_started_is_waited_for(
    cluster: Cluster, writer: Writer, node: Kubelet, target: LogTarget
) -> None:
    await writer.pod_on(node.node, NAME)
    node.refusal = (400, f'container "main" in pod "{NAME}" is waiting to start: ContainerCreating')
    async with reading(cluster, target) as reader:
        await until(lambda: told(reader) == ("opening", "log_waiting"), "it says that it waits")
        node.log(*target[:3]).write("started")
        node.refusal = None
        await until(lambda: reader.texts == ["started"], "its first line")


async def test_what_cannot_be_had_is_told(cluster: Cluster, writer: Writer, node: Kubelet) -> None:
    await place_pod(writer, node)
    cases = {
        LogTarget(writer.namespace, "nobody"): "log_no_pod",
        LogTarget(writer.namespace, NAME, "sidecar"): "log_no_container",
        LogTarget(writer.namespace, NAME, "main", previous=True): "log_no_previous",
        LogTarget(writer.namespace, ".."): "log_no_pod",
    }
    node.log(writer.namespace, NAME, "main")
    for target, code in cases.items():
        async with reading(cluster, target) as reader:
            await until(lambda: reader.tail.state.state == "ended", code)
            assert told(reader) == ("ended", code)


async def test_a_pod_that_no_node_runs_is_waited_for(
    cluster: Cluster, writer: Writer, target: LogTarget
) -> None:
    await writer.pod(NAME)
    async with reading(cluster, target) as reader:
        await until(lambda: told(reader) == ("opening", "log_not_scheduled"), "it says that it waits")


async def test_one_of_several_containers_must_be_chosen(
    cluster: Cluster, writer: Writer, node: Kubelet
) -> None:
    await writer.pod_on(node.node, NAME, "main", "sidecar")
    async with reading(cluster, LogTarget(writer.namespace, NAME)) as reader:
        await until(lambda: told(reader) == ("ended", "log_which_container"), "it asks which")


async def test_a_node_that_is_gone_is_told_and_tried_again(
    cluster: Cluster, control_plane: ControlPlane, writer: Writer, target: LogTarget
) -> None:
    with Kubelet(control_plane) as gone:
        gone.register()
        await place_pod(writer, gone)
    async with reading(cluster, target) as reader:
        await until(lambda: told(reader) == ("broken", "log_no_node"), "the node cannot be reached")


def told(reader: Reading) -> tuple[str, str | None]:
    state, reason = reader.tail.state
    return state, reason.code if reason is not None else None
