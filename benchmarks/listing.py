"""One way to list a namespace's pods, measured: runs in a fresh process, prints its figures as JSON.

    python -m benchmarks.listing cost|stall WAY KUBECONFIG NAMESPACE

CPU and memory count from after the imports and the first request, so that they tell of the list alone.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import structlog
from kubernetes.aio import client, config

from pods.kube.cluster import Cluster
from pods.kube.listwatch import ListWatch
from pods.kube.objects import may_list_everywhere
from pods.kube.resource import PODS, PodRecord
from pods.kube.source import KubeconfigSource
from pods.live.store import PodStore

TICK_SECONDS = 0.005
CONTEXT = "test"

# Gives how many pods it listed, and keeps what it made of them until then.
Work = Callable[[], Awaitable[int]]
Measure = Callable[[Work], Awaitable[dict[str, float]]]


async def measured(work: Work) -> dict[str, float]:
    """Runs `work`: CPU and wall seconds, and MB of memory beyond what there was."""
    memory, cpu, wall = _resident_bytes(), _cpu_seconds(), time.perf_counter()
    count = await work()
    cpu, wall = _cpu_seconds() - cpu, time.perf_counter() - wall
    return {
        "pods": count,
        "cpu_seconds": cpu,
        "wall_seconds": wall,
        "memory_mb": (_peak_bytes() - memory) / 1e6,
    }


async def stalled(work: Work) -> dict[str, float]:
    """Runs `work`: the longest stall of the event loop in ms. Looking for it costs CPU of its own."""
    ticker = asyncio.create_task(_longest_stall(), name="ticker")
    await asyncio.sleep(TICK_SECONDS * 4)
    try:
        count = await work()
    finally:
        await asyncio.sleep(TICK_SECONDS)
        ticker.cancel()
        stall = (await asyncio.gather(ticker))[0]
    return {"pods": count, "stall_ms": stall * 1000}


async def portal_streaming(kubeconfig: str, namespace: str, measure: Measure) -> dict[str, float]:
    """As the portal does it: a streaming list of Tables, into its store."""
    cluster = Cluster("bench", KubeconfigSource(kubeconfig, CONTEXT))
    store = _store()

    async def work() -> int:
        records: list[PodRecord] = []
        async with aclosing(ListWatch(cluster, PODS, namespace).watch(None)) as batches:
            async for batch in batches:
                records += [event.item for event in batch if event.item is not None]
                if any(event.initial_end for event in batch):
                    break
        store.replace(records)
        return len(store.records)

    return await _with_cluster(cluster, work, measure)


async def portal_paged(kubeconfig: str, namespace: str, measure: Measure) -> dict[str, float]:
    """As the portal does it where the server knows no streaming lists: pages of 500 as Tables."""
    cluster = Cluster("bench", KubeconfigSource(kubeconfig, CONTEXT))
    store = _store()

    async def work() -> int:
        records: list[PodRecord] = []
        async with aclosing(ListWatch(cluster, PODS, namespace).pages()) as pages:
            async for page in pages:
                records += page.items
        store.replace(records)
        return len(store.records)

    return await _with_cluster(cluster, work, measure)


async def official_models(kubeconfig: str, namespace: str, measure: Measure) -> dict[str, float]:
    """The official asyncio client's own call: one list, as model objects."""
    settings = client.Configuration()
    await config.load_kube_config(kubeconfig, context=CONTEXT, client_configuration=settings)
    async with client.ApiClient(settings) as api:
        core = client.CoreV1Api(api)
        await core.list_namespaced_pod(namespace, limit=1)
        return await measure(lambda: _models(core, namespace))


async def _models(core: client.CoreV1Api, namespace: str) -> int:
    listed = await core.list_namespaced_pod(namespace)
    return len(listed.items)


MEASURES: dict[str, Measure] = {"cost": measured, "stall": stalled}
WAYS = {
    "portal, streaming list": portal_streaming,
    "portal, pages of 500": portal_paged,
    "kubernetes.aio models": official_models,
}


async def _with_cluster(cluster: Cluster, work: Work, measure: Measure) -> dict[str, float]:
    try:
        await may_list_everywhere(cluster)
        return await measure(work)
    finally:
        await cluster.close()


def _store() -> PodStore:
    return PodStore(lambda changes: None, lambda key: None)


async def _longest_stall() -> float:
    longest = 0.0
    try:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            longest = max(longest, time.perf_counter() - before - TICK_SECONDS)
    except asyncio.CancelledError:
        return longest


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_bytes() -> int:
    """The most memory that this program had; `ru_maxrss` would count its parent's from before the exec."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    _, measure_name, way, path, namespace_name = sys.argv
    print(json.dumps(asyncio.run(WAYS[way](path, namespace_name, MEASURES[measure_name]))))
