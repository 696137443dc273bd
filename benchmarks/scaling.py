"""What viewers, namespaces, pods, changes and replicas cost, and a model of it (docs/scaling.md).

    python -m benchmarks.scaling                      # about ten minutes
    python -m benchmarks.scaling --server uvicorn --replicas 1

Each point is a fresh fleet with one Valkey before an API server that makes as many pods and changes as asked,
and as many viewers as asked that read everything. Costs are CPU seconds, messages and bytes within some
seconds, so that a busy machine spoils little of them. Writes benchmarks/results/<date>-scaling-<server>.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.costs import Costs, Reading, costs
from benchmarks.crowd import crowd
from benchmarks.fitting import fit, predicted, quality
from tests.portal import PortalProcess
from tests.redis import RedisServer
from tests.reliability.firehose import Firehose, paced

RESULTS = Path(__file__).resolve().parent / "results"
SERVERS = ("daphne", "uvicorn")
SETTLE_SECONDS = 3.0
SECONDS = 10.0
# The limits are for people; here everybody comes from one address.
SETTINGS = {"PORTAL_MAX_SOCKETS_PER_PERSON": "10000", "PORTAL_MAX_SOCKETS_PER_ADDRESS": "10000"}


class Point(NamedTuple):
    """A size. `pods` and `changes` (a second) are those of each namespace."""

    replicas: int
    viewers: int
    namespaces: int
    pods: int
    changes: int

    def names(self) -> list[str]:
        """Its namespaces."""
        return [paced(self.pods, self.changes, number) for number in range(self.namespaces)]


POINTS = (
    Point(1, 1, 1, 100, 0),
    Point(1, 60, 1, 100, 20),
    Point(1, 200, 1, 100, 5),
    Point(1, 600, 1, 100, 1),
    Point(1, 40, 20, 100, 1),
    Point(1, 20, 1, 10_000, 1),
    Point(2, 60, 1, 100, 20),
    Point(2, 400, 1, 100, 1),
    Point(2, 80, 20, 100, 1),
    Point(2, 20, 1, 3_000, 2),
    Point(3, 60, 1, 100, 20),
    Point(3, 300, 1, 100, 2),
)

# What adds up to what, and in which unit a coefficient is told.
MODELS: dict[str, tuple[str, dict[str, str]]] = {
    "CPU of a replica": (
        "cpu",
        {
            "replica": "ms/s for itself",
            "scopes": "ms/s a namespace in view",
            "viewers": "ms/s a viewer",
            "frames": "ms a frame to a viewer",
            "batches": "ms a change that it watches, numbers and tells",
            "followed": "ms a message of another replica",
        },
    ),
    "CPU of a replica while viewers open": (
        "opening_cpu",
        {
            "viewers": "ms a viewer",
            "viewers_pods": "ms a pod in a viewer's first picture",
            "pods": "ms a pod that is listed or copied",
        },
    ),
    "memory of a replica": (
        "memory",
        {"replica": "kB for itself", "viewers": "kB a viewer", "pods": "kB a pod in view"},
    ),
}


def main(argv: list[str] | None = None) -> int:
    """Measures, fits, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--server", choices=SERVERS, default="daphne")
    parser.add_argument("--replicas", type=int, action="append", help="only points with so many; repeated")
    asked = parser.parse_args(argv)
    points = [point for point in POINTS if not asked.replicas or point.replicas in asked.replicas]
    names = sorted({name for point in points for name in point.names()})
    measured: list[tuple[Point, Costs]] = []
    with Firehose(namespaces=names) as api, RedisServer() as redis:
        for point in points:
            try:
                measured.append((point, measure(point, api, redis, asked.server)))
            except TimeoutError:
                print(f"{point}: this machine is too busy for it", flush=True)
            else:
                print(_line(*measured[-1]), flush=True)
    rows = [row for point, found in measured for row in found.rows(point.replicas, point.pods)]
    models = {name: _model(rows, target, units) for name, (target, units) in MODELS.items()}
    _print(models)
    path = _write(asked.server, measured, models)
    print(f"Written to {path.relative_to(Path.cwd())}")
    return 0


def measure(point: Point, api: Firehose, redis: RedisServer, server: str) -> Costs:
    """One point, from the start of its portals to their end."""
    with _fleet(point.replicas, api, redis, server) as portals:
        return asyncio.run(_measure(point, portals, redis))


@contextmanager
def _fleet(count: int, api: Firehose, redis: RedisServer, server: str) -> Iterator[list[PortalProcess]]:
    with ExitStack() as ends:
        portals: list[PortalProcess] = []
        for _ in range(count):
            data = {"PORTAL_DATA_DIR": str(portals[0].folder / "data")} if portals else {}
            settings = {**SETTINGS, "REDIS_URL": redis.url, **data}
            portals.append(ends.enter_context(PortalProcess(api.kubeconfig, server, settings)))
        yield portals


async def _measure(point: Point, portals: Sequence[PortalProcess], redis: RedisServer) -> Costs:
    ports = [portal.port for portal in portals]
    idle = await asyncio.to_thread(Reading.of, portals, redis, [])
    async with crowd(ports, point.names(), point.viewers) as viewers:
        opened = await asyncio.to_thread(Reading.of, portals, redis, viewers)
        await asyncio.sleep(SETTLE_SECONDS)
        before = await asyncio.to_thread(Reading.of, portals, redis, viewers)
        await asyncio.sleep(SECONDS)
        after = await asyncio.to_thread(Reading.of, portals, redis, viewers)
        gone = sum(viewer.ended.is_set() for viewer in viewers)
    if gone:
        raise RuntimeError(f"{gone} of {point.viewers} viewers were sent away.")
    return costs(idle, opened, before, after)


def _model(rows: list[dict[str, float]], target: str, units: dict[str, str]) -> dict[str, Any]:
    found = fit(rows, target, [name for name in units if any(row[name] for row in rows)])
    worst = max(rows, key=lambda row: abs(row[target] - predicted(row, found)))
    return {
        "coefficients": {
            name: {"value": round(value, 4), "unit": units[name]} for name, value in found.items()
        },
        "observations": len(rows),
        **{name: round(value, 3) for name, value in quality(rows, target, found).items()},
        "worst": {"measured": round(worst[target], 1), "model": round(predicted(worst, found), 1)},
    }


def _line(point: Point, found: Costs) -> str:
    return (
        f"{point.replicas} replicas {point.viewers:>5} viewers {point.namespaces:>3} namespaces"
        f"{point.pods:>6} pods{point.changes:>3} changes/s:"
        f"{sum(each['cpu'] for each in found.replicas):>7.0f} ms/s CPU"
        f"{max(each['memory'] for each in found.replicas) / 1000:>6.0f} MB"
        f"{found.to_viewers['frames']:>8.0f} frames/s{found.to_viewers['bytes'] / 1000:>8.0f} kB/s"
        f"{found.redis['publish']:>6.1f} messages/s{found.redis['bytes_out'] / 1000:>7.1f} kB/s from Redis"
    )


def _print(models: dict[str, Any]) -> None:
    for name, model in models.items():
        print(f"\n{name}: R2 {model['r2']}, of {model['observations']} observations;", end=" ")
        print(f"errors {model['median_error']:.1%} (median), {model['worst_error']:.1%} of the largest")
        for part in model["coefficients"].values():
            print(f"{part['value']:>12.4f} {part['unit']}")


def _write(server: str, measured: list[tuple[Point, Costs]], models: dict[str, Any]) -> Path:
    now = datetime.now(UTC)
    document = {
        "benchmark": "scaling",
        "date": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "server": server,
        "seconds": SECONDS,
        "machine": {
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[1], 1),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
        },
        "points": [{**point._asdict(), **found.told()} for point, found in measured],
        "models": models,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y-%m-%d}-scaling-{server}.json"
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path


if __name__ == "__main__":
    began = time.monotonic()
    status = main()
    print(f"{time.monotonic() - began:.0f} s")
    sys.exit(status)
