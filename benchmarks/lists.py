"""Listing: 10,000 pods of about 12 kB into rows, and into the official client's models.

Prints one table of figures and ratios, and writes them as JSON under benchmarks/results/. Each figure is
the median of some runs, each in a fresh process. The pods come from a real API server, and then again as
it sent them from a server that does nothing but send.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from benchmarks.listing import WAYS
from benchmarks.pods import fat_pod
from benchmarks.record import ROOT, write_result
from benchmarks.replay import recorded, replaying
from tests.cluster.build import KUBERNETES_VERSION, BuildError
from tests.cluster.control_plane import ControlPlane
from tests.kube.etcd import Etcd

NAMESPACE = "bench"
PODS = int(os.environ.get("BENCH_PODS", "10000"))
RUNS = {"portal, streaming list": 3, "portal, pages of 500": 3, "kubernetes.aio models": 1}
BASELINE = "kubernetes.aio models"
LIST_SECONDS = 300.0
PACKAGES = ("kubernetes", "aiohttp", "msgspec", "isal")
LIVE = f"kube-apiserver {KUBERNETES_VERSION}, TLS"
REPLAYED = "recorded answers, plain HTTP"

Figures = dict[str, float]
Tables = dict[str, dict[str, Figures]]


def measure() -> int:
    """Measures, prints, writes; 1 where no control plane can be had."""
    try:
        with ControlPlane() as control_plane:
            size = _fill(control_plane)
            tables = {LIVE: _measure(control_plane.kubeconfig)}
            recording = recorded(control_plane, NAMESPACE)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, replaying(recording, Path(folder), NAMESPACE) as kubeconfig:
        tables[REPLAYED] = _measure(kubeconfig)
    ratios = {server: _ratios(figures) for server, figures in tables.items()}
    _print(tables, ratios, size)
    path = _write(tables, ratios, size)
    print(f"Written to {path.relative_to(ROOT)}")
    return 0


def _fill(control_plane: ControlPlane) -> float:
    """Writes the pods; gives their mean size as the API server serves them, in kB."""
    control_plane.create_namespace(NAMESPACE)
    print(f"Writing {PODS} pods ...", flush=True)
    pods = (fat_pod(NAMESPACE, number) for number in range(PODS))
    # Keys as the API server makes them: a list goes on after the last name, in its cache or in etcd.
    Etcd(control_plane).put((f"/registry/pods/{NAMESPACE}/{pod['metadata']['name']}", pod) for pod in pods)
    sample = control_plane.api("GET", f"/api/v1/namespaces/{NAMESPACE}/pods?limit=100")
    return len(sample.body) / len(sample.json()["items"]) / 1000


def _measure(kubeconfig: Path) -> dict[str, Figures]:
    return {way: _median(way, kubeconfig) for way in WAYS}


def _median(way: str, kubeconfig: Path) -> Figures:
    runs = []
    for number in range(RUNS[way]):
        print(f"{way}: run {number + 1} of {RUNS[way]} ...", flush=True)
        runs.append(_run("cost", way, kubeconfig) | _run("stall", way, kubeconfig))
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def _run(measure: str, way: str, kubeconfig: Path) -> Figures:
    command = [sys.executable, "-m", "benchmarks.listing", measure, way, str(kubeconfig), NAMESPACE]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=LIST_SECONDS, check=True
    )
    figures: Figures = json.loads(done.stdout)
    if figures["pods"] != PODS:
        raise RuntimeError(f"{way} listed {figures['pods']:.0f} pods of {PODS}.")
    return figures


def _ratios(figures: dict[str, Figures]) -> dict[str, Figures]:
    """How many times more the models need."""
    baseline = figures[BASELINE]
    return {
        way: {name: baseline[name] / row[name] for name in ("cpu_seconds", "memory_mb", "stall_ms")}
        for way, row in figures.items()
    }


def _print(tables: Tables, ratios: Tables, size: float) -> None:
    print(f"\nListing {PODS} pods of {size:.1f} kB; ratios say how many times more the models need.")
    for server, figures in tables.items():
        print(f"\n{server:<30}{'CPU':>9}{'ratio':>7}{'memory':>10}{'ratio':>7}{'stall':>11}{'wall':>8}")
        for way, row in figures.items():
            ratio = ratios[server][way]
            print(
                f"  {way:<28}{row['cpu_seconds']:>7.2f} s{ratio['cpu_seconds']:>7.1f}"
                f"{row['memory_mb']:>7.0f} MB{ratio['memory_mb']:>7.1f}"
                f"{row['stall_ms']:>8.0f} ms{row['wall_seconds']:>6.1f} s"
            )
    print()


def _write(tables: Tables, ratios: Tables, size: float) -> Path:
    document = {
        "pods": PODS,
        "kilobytes_per_pod": round(size, 2),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "runs": RUNS,
        "figures": {server: _rounded(table) for server, table in tables.items()},
        "ratios": {server: _rounded(table) for server, table in ratios.items()},
    }
    return write_result("listing", document)


def _rounded(table: dict[str, Figures]) -> dict[str, Figures]:
    return {way: {name: round(value, 3) for name, value in row.items()} for way, row in table.items()}
