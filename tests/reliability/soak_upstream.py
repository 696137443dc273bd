"""The long form of the upstream's faults: true durations, 300 namespaces, strict figures.

    python -m tests.reliability.soak_upstream --server daphne --output figures.json

Prints each measurement, and exits with 1 where a figure of docs/reliability.md does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from tests.cluster.control_plane import ControlPlane
from tests.kube.writer import Writer
from tests.reliability.faults import Fault
from tests.reliability.outages import OUTAGES, OutageFigures, go_through, many_namespaces
from tests.reliability.stage import Busy, Stage, staged
from tests.reliability.upstream_faults import (
    CURED_SECONDS,
    FIRST_SECONDS,
    MOST_A_MINUTE,
    SCENARIOS,
    STALE_SECONDS,
    Figures,
    suffer,
    throttled,
)
from tests.reliability.watching import Watched

FAULT_SECONDS = 60.0
RETRY_AFTER = 20
NAMESPACES = 300
OUTAGE_SECONDS = {"killed": 10.0, "frozen": 30.0, "a dead link": 30.0}
RECOVERED_SECONDS = 5.0
MOST_A_MINUTE_AND_CLUSTER = 60
CPU_PERCENT = 5.0
MUTE_SECONDS = 75.0
# The contract calls a feed stale from 5 s on, and its state is looked at ten times a second.
PULSE_SECONDS = 0.3


def main() -> int:
    """Runs everything once; 1 if a figure does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne")
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    with ControlPlane() as control_plane, staged(control_plane, asked.server) as stage:
        found, missed = asyncio.run(_soak(stage))
    text = msgspec.json.format(msgspec.json.encode({"server": asked.server, **found}), indent=2)
    if asked.output is not None:
        asked.output.write_bytes(text + b"\n")
    print("\n".join(missed) if missed else "Every figure holds.")
    return 1 if missed else 0


async def _soak(stage: Stage) -> tuple[dict[str, Any], list[str]]:
    missed: list[str] = []
    busy = Busy(stage)
    scenarios = (*SCENARIOS, throttled(RETRY_AFTER))
    mute = asyncio.create_task(_one_mute_watch(stage), name="one mute watch")
    faults = await asyncio.gather(*(suffer(stage, scenario, FAULT_SECONDS) for scenario in scenarios))
    cpu = busy.percent()
    if cpu >= CPU_PERCENT * 2:  # together they may take twice what one may
        missed.append(f"{len(scenarios)} faults at once: {cpu:.1f} % of a processor")
    for scenario, figures in zip(scenarios, faults, strict=True):
        print(figures, flush=True)
        missed += [f"{figures.name}: {what}" for what in _missed(figures, scenario.retry_after)]
    noticed = await mute
    print(f"one mute watch: right {noticed:.1f} s after it fell mute", flush=True)
    if noticed > MUTE_SECONDS:
        missed.append(f"one mute watch: right after {noticed:.1f} s")
    outages = []
    async with many_namespaces(stage, NAMESPACES) as watched:
        for outage in OUTAGES:
            figures_ = await go_through(stage, outage, watched, OUTAGE_SECONDS[outage.name])
            print(figures_, flush=True)
            outages.append(figures_)
            missed += [f"{figures_.name}: {what}" for what in _missed_in_outage(figures_)]
    found = {
        "faults": faults,
        "faults_at_once_cpu_percent": cpu,
        "mute_watch_right_after_seconds": noticed,
        "outages": outages,
        "missed": missed,
    }
    return found, missed


async def _one_mute_watch(stage: Stage) -> float:
    """A watch falls mute while its cluster answers: the seconds until its viewer is right again."""
    namespace = await asyncio.to_thread(stage.new_namespace, "mute")
    async with stage.control_plane.admin_session() as session, stage.viewing("test", namespace) as viewer:
        writer, watched = Writer(session, namespace), Watched(viewer, namespace)
        await watched.live(time.monotonic() + FIRST_SECONDS)
        stage.proxies["test"].apply(Fault("mute", namespaces=(namespace,), resources=("pods",)), "mute")
        muted = time.monotonic()
        stage.proxies["test"].clear("mute")  # the next watch is well
        await writer.pod("unheard", {"app": "unheard"})
        return await watched.shows(await writer.truth(), muted + 2 * MUTE_SECONDS) - muted


def _missed(figures: Figures, retry_after: float) -> list[str]:
    # After a 429 the pause that was asked for is waited out first.
    cured = RECOVERED_SECONDS + retry_after if retry_after else CURED_SECONDS
    checks = {
        f"{figures.lost} viewers lost": figures.lost == 0,
        f"older shown: {figures.older}": not figures.older,
        f"right after {figures.right_after:.1f} s": figures.right_after <= cured,
        f"{figures.most_a_minute} requests a minute": figures.most_a_minute <= MOST_A_MINUTE,
        f"stale after {figures.stale_after} s": figures.stale_after is None
        or figures.stale_after <= STALE_SECONDS + PULSE_SECONDS,
        f"pauses of {figures.pauses[:1]} s": not retry_after or min(figures.pauses) >= retry_after,
    }
    return [what for what, holds in checks.items() if not holds]


def _missed_in_outage(figures: OutageFigures) -> list[str]:
    checks = {
        f"{figures.lost} viewers lost": figures.lost == 0,
        f"{figures.stale} of {figures.namespaces} stale": figures.stale == figures.namespaces,
        f"stale after {figures.stale_after:.1f} s": figures.stale_after <= STALE_SECONDS + PULSE_SECONDS,
        f"right after {figures.right_after:.1f} s": figures.right_after <= RECOVERED_SECONDS,
        f"{figures.requests} requests": figures.requests <= MOST_A_MINUTE_AND_CLUSTER * figures.seconds / 60,
        f"{figures.cpu_percent:.1f} % of a processor": figures.cpu_percent < CPU_PERCENT,
    }
    return [what for what, holds in checks.items() if not holds]


if __name__ == "__main__":
    sys.exit(main())
