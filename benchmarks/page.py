"""The page: how soon its first rows are there, how soon a change, and what 10,000 changing rows cost it.

A real API server, one portal behind the nginx of deploy/proxies with TLS, and Chromium. The first rows come
over a line of 9 Mbit/s and 170 ms; all else is on this machine, the writing of the changes included.
"""

from __future__ import annotations

import contextlib
import math
import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, Page

from benchmarks.chromium import (
    LONG_TASKS_PROBE,
    ROWS_PROBE,
    STATUS_PROBE,
    Batches,
    Load,
    chromium,
    heap_mb,
    tab,
    until,
)
from benchmarks.pods import fat_pod
from benchmarks.record import ROOT, write_result
from benchmarks.shaped import Link, shaped
from tests.browser.main_thread import MainThread
from tests.cluster.build import BuildError
from tests.cluster.control_plane import ControlPlane
from tests.cluster.processes import free_port
from tests.kube.etcd import Etcd
from tests.nginx import Nginx, portal_site
from tests.portal import PortalProcess

PODS = int(os.environ.get("BENCH_PODS", "10000"))
MINUTES = float(os.environ.get("BENCH_MINUTES", "2"))
MEGABITS, ROUND_TRIP = 9, 0.170
VISITS = 5
CHANGES = 300
CHANGED_PODS = 8
CHANGES_A_SECOND = 200
PORTIONS_A_SECOND = 10
HEAP_SECONDS = 30
MANY, FEW, NONE = "bench", "bench-few", "bench-none"
GOALS = {
    "assets_kb": 120.0,
    "first_rows_s": 1.0,
    "rows_kb": 1000.0,
    "change_p99_ms": 100.0,
    "batch_ms": 7.0,
    "longest_task_ms": 50.0,
    "other_hosts": 0.0,
}

Figures = dict[str, Any]


def measure() -> int:
    """Measures, prints, writes; 1 where no control plane can be had."""
    try:
        with ControlPlane() as cluster:
            _fill(cluster)
            with PortalProcess(
                cluster.kubeconfig, environment={"PORTAL_TRUSTED_PROXIES": "127.0.0.1/32"}
            ) as portal:
                figures = _measured(cluster, portal)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    for name, value in figures.items():
        print(f"{name:<28}{value!s:>16}" + (f"   goal {GOALS[name]:g}" if name in GOALS else ""))
    path = write_result(
        "page", {"pods": PODS, "megabits": MEGABITS, "round_trip_s": ROUND_TRIP, "goals": GOALS} | figures
    )
    print(f"Written to {path.relative_to(ROOT)}")
    return 0


def _fill(cluster: ControlPlane) -> None:
    print(f"Writing {PODS} pods ...", flush=True)
    for name in (MANY, FEW, NONE):
        cluster.create_namespace(name)
    etcd = Etcd(cluster)
    etcd.put(_many())
    etcd.put_pods({FEW: (f"few-{number:03}" for number in range(200))})


def _many(restarts: int = 0, numbers: range = range(PODS)) -> Iterator[tuple[str, dict[str, Any]]]:
    for number in numbers:
        pod = fat_pod(MANY, number)
        # The same pod at each writing.
        pod["metadata"]["uid"] = f"00000000-0000-4000-8000-{number:012}"
        if restarts:
            pod["status"]["containerStatuses"][0]["restartCount"] = restarts
        yield f"/registry/pods/{MANY}/{pod['metadata']['name']}", pod


def _measured(cluster: ControlPlane, portal: PortalProcess) -> Figures:
    folder = cluster.folder
    tls = (folder / "server.crt", folder / "server.key")
    port = free_port()
    with (
        Nginx(port, portal_site(port, [portal.port], tls=tls), secure=True) as nginx,
        chromium() as browser,
    ):
        with shaped(nginx.port, MEGABITS, ROUND_TRIP) as line:
            figures = _weigh(browser, line) | _first_rows(browser, line, portal)
        figures |= _change_to_dom(browser, cluster, portal)
        return figures | _steady(browser, cluster, portal)


def _view(namespace: str, more: str = "") -> str:
    return f"/pods/?cluster=test&namespace={namespace}{more}"


def _weigh(browser: Browser, line: Link) -> Figures:
    """The page and its assets, without rows."""
    with tab(browser) as page:
        load = Load(page)
        page.goto(f"https://127.0.0.1:{line.port}{_view(NONE)}")
        page.locator("#empty").wait_for()
        page.wait_for_load_state("networkidle")
        others = load.hosts - {f"127.0.0.1:{line.port}"}
        return {
            "assets_kb": round(load.bytes / 1000, 1),
            "requests": load.requests,
            "other_hosts": len(others),
        }


def _first_rows(browser: Browser, line: Link, portal: PortalProcess) -> Figures:
    """From the navigation to the first row on screen, and to all; the portal knows the rows already."""
    seen = []
    for number in range(VISITS):
        _keep_known(portal)
        with tab(browser, f"const ALL = '{PODS:,}';{ROWS_PROBE}") as page:
            before = line.down
            page.goto(f"https://127.0.0.1:{line.port}{_view(MANY)}")
            until(page, "window.seen.all !== null")
            found = page.evaluate("window.seen")
            seen.append((found["first"] / 1000, found["all"] / 1000, (line.down - before) / 1000))
            print(f"visit {number + 1}: first {seen[-1][0]:.2f} s, all {seen[-1][1]:.2f} s", flush=True)
    first, whole, kilobytes = (statistics.median(column) for column in zip(*seen, strict=True))
    return {
        "first_rows_s": round(first, 2),
        "all_rows_s": round(whole, 2),
        "all_kb": round(kilobytes),
    }


def _keep_known(portal: PortalProcess) -> None:
    portal.wait_until(
        lambda: f'"{MANY}":null' not in portal.get(f"/api/v1/pods?cluster=test&namespace={MANY}&poll=1"),
        120,
        "the pods are known",
    )


def _change_to_dom(browser: Browser, cluster: ControlPlane, portal: PortalProcess) -> Figures:
    """From the moment before a change is sent to the API server until the page has it."""
    sent: dict[str, float] = {}
    with tab(browser, STATUS_PROBE) as page:
        page.goto(portal.url(_view(FEW, "&sort=name&group=none")))
        page.locator("[data-name=few-000]").wait_for()
        for number in range(CHANGES):
            status = f"Bench{number}"
            path = f"/api/v1/namespaces/{FEW}/pods/few-{number % CHANGED_PODS:03}/status"
            sent[status] = time.time()
            cluster.api("PATCH", path, {"status": {"reason": status}})
            page.wait_for_timeout(random.uniform(20, 80))  # in step with no timer of the portal's
        until(page, f"'Bench{CHANGES - 1}' in window.statuses")
        seen = page.evaluate("window.statuses")
    delays = sorted(1000 * (seen[status] - at) for status, at in sent.items() if status in seen)
    return {
        "changes_seen": f"{len(delays)} of {CHANGES}",
        "change_p50_ms": round(_share(delays, 0.5), 1),
        "change_p99_ms": round(_share(delays, 0.99), 1),
    }


def _share(values: list[float], share: float) -> float:
    return values[math.ceil(share * len(values)) - 1]


@contextlib.contextmanager
def _writing(cluster: ControlPlane) -> Iterator[None]:
    """CHANGES_A_SECOND pods change, each portion others."""
    ended = threading.Event()
    portion = CHANGES_A_SECOND // PORTIONS_A_SECOND

    def write() -> None:
        etcd = Etcd(cluster)
        due = time.monotonic()
        for number in range(sys.maxsize):
            first = number * portion % PODS
            etcd.put(_many(1 + number, range(first, min(first + portion, PODS))))
            due = max(due + 1 / PORTIONS_A_SECOND, time.monotonic() - 1)
            if ended.wait(max(due - time.monotonic(), 0)):
                return

    thread = threading.Thread(target=write, name="writing")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _steady(browser: Browser, cluster: ControlPlane, portal: PortalProcess) -> Figures:
    """What changing rows cost the page, in scripts' processor time and in memory."""
    _keep_known(portal)
    with tab(browser) as page, _writing(cluster):
        batches = Batches(page)
        page.goto(portal.url(_view(MANY)))
        until(page, f"document.getElementById('shown').textContent.startsWith('{PODS:,} of')")
        page.wait_for_timeout(5000)  # what opening it cost is no part of it
        page.evaluate(LONG_TASKS_PROBE)
        return _watched(page, batches)


def _watched(page: Page, batches: Batches) -> Figures:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    thread = MainThread(page)
    heaps = [heap_mb(session)]
    work, count, began = 0.0, batches.count, time.monotonic()
    while time.monotonic() < began + 60 * MINUTES:
        before = thread.scripts_ms()
        page.wait_for_timeout(HEAP_SECONDS * 1000)
        work += thread.scripts_ms() - before
        heaps.append(heap_mb(session))
    count, seconds = batches.count - count, time.monotonic() - began
    tasks = page.evaluate("window.longTasks")
    return {
        "minutes": round(seconds / 60, 1),
        "batches_a_second": round(count / seconds, 1),
        "batch_ms": round(work / count, 1),
        "long_tasks": len(tasks),
        "longest_task_ms": round(max(tasks, default=0.0)),
        "heap_mb": [round(one, 1) for one in heaps],
    }
