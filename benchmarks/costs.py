"""What a fleet has used until now, and between two moments: CPU, memory, messages, bytes."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.crowd import Viewer
from tests.portal import PortalProcess
from tests.redis import RedisServer

TICKS = os.sysconf("SC_CLK_TCK")
COUNTERS = {
    "frames": "k8sportal_frames_sent_total",
    "sent": "k8sportal_fleet_messages_sent_total",
    "sent_bytes": "k8sportal_fleet_sent_bytes_total",
    "dropped": "k8sportal_fleet_messages_dropped_total",
}
# A holder's heartbeat, in each scope.
BEATS_PER_SECOND = 1.0

Figures = dict[str, float]


@dataclass(frozen=True)
class Reading:
    """A moment (monotonic seconds): what each replica, Redis and all viewers together have counted."""

    at: float
    replicas: list[Figures]
    redis: Figures
    viewers: Figures

    @classmethod
    def of(cls, portals: Sequence[PortalProcess], redis: RedisServer, viewers: Sequence[Viewer]) -> Reading:
        """Of now."""
        heard = {
            "frames": float(sum(viewer.frames for viewer in viewers)),
            "bytes": float(sum(viewer.bytes for viewer in viewers)),
        }
        at = time.monotonic()
        used = [_cpu_milliseconds(portal.pid) for portal in portals]
        replicas = [{"cpu": cpu, **_told(portal)} for cpu, portal in zip(used, portals, strict=True)]
        return cls(at, replicas, _redis(redis), heard)


@dataclass(frozen=True)
class Costs:
    """Between two readings, a second: CPU in milliseconds, memory in kB."""

    replicas: list[Figures]
    redis: Figures
    to_viewers: Figures

    def rows(self, replicas: int, pods: int) -> list[Figures]:
        """An observation for each replica, with what its cost may come from. `pods` of each namespace."""
        all_sent = sum(each["sent"] for each in self.replicas)
        return [
            {
                **each,
                "replica": 1.0,
                "batches": max(each["sent"] - BEATS_PER_SECOND * each["held"], 0.0),
                "followed": all_sent - each["sent"],
                "pods": each["scopes"] * pods,
                "viewers_pods": each["viewers"] * pods,
            }
            for each in self.replicas
        ]

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "each_replica": [_rounded(each) for each in self.replicas],
            "redis": _rounded(self.redis),
            "to_viewers": _rounded(self.to_viewers),
        }


def costs(idle: Reading, opened: Reading, before: Reading, after: Reading) -> Costs:
    """A second between `before` and `after`; the opening's CPU from `idle` to `opened`."""
    seconds = after.at - before.at
    counted = ("cpu", *COUNTERS)
    replicas = []
    for number, now in enumerate(after.replicas):
        then = before.replicas[number]
        opening = opened.replicas[number]["cpu"] - idle.replicas[number]["cpu"]
        rates = {name: (now[name] - then[name]) / seconds for name in counted}
        replicas.append({**now, **rates, "opening_cpu": opening})
    return Costs(
        replicas, _rates(before.redis, after.redis, seconds), _rates(before.viewers, after.viewers, seconds)
    )


def _rates(before: Figures, after: Figures, seconds: float) -> Figures:
    return {name: (after[name] - before[name]) / seconds for name in after}


def _told(portal: PortalProcess) -> Figures:
    """What its metrics say."""
    found: Figures = dict.fromkeys(COUNTERS, 0.0)
    scopes: Figures = {}
    for name, labels, value in portal.metrics():
        for key, counter in COUNTERS.items():
            found[key] += value if name == counter else 0.0
        if name == "k8sportal_fleet_scopes":
            scopes[labels["role"]] = value
        elif name == "process_resident_memory_bytes":
            found["memory"] = value / 1000
        elif name == "k8sportal_sockets":
            found["viewers"] = value
        elif name == "k8sportal_loop_stall_longest_seconds":
            found["longest_stall"] = value
    return {**found, "held": scopes.get("holder", 0.0), "scopes": sum(scopes.values())}


def _redis(redis: RedisServer) -> Figures:
    """Its own counts; commands by the scripts' and the messages' names."""
    info: dict[str, Any] = redis.command("INFO", "everything")
    calls = {name: float(each["calls"]) for name, each in info.items() if name.startswith("cmdstat_")}
    return {
        "publish": calls.get("cmdstat_publish", 0.0),
        "scripts": calls.get("cmdstat_evalsha", 0.0),
        "commands": float(info["total_commands_processed"]),
        "bytes_in": float(info["total_net_input_bytes"]),
        "bytes_out": float(info["total_net_output_bytes"]),
        "cpu": 1000 * (float(info["used_cpu_user"]) + float(info["used_cpu_sys"])),
    }


def _cpu_milliseconds(pid: int) -> float:
    """User and system time of a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / TICKS


def _rounded(figures: Figures) -> Figures:
    return {name: round(value, 3) for name, value in figures.items()}
