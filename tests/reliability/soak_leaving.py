"""The long form of leaving: thousands of cycles of each way, under 50 changes a second, and flat memory.

    python -m tests.reliability.soak_leaving --server daphne --output figures.json

Goes round all ways of leaving again and again, and reads all counts after each round. Exits with 1 where
something is left, or where memory grew beyond its allowance after the first round.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from pods.leakcheck.check import Outcome, Plan, check
from pods.leakcheck.report import report
from pods.leakcheck.target import Address, Target
from pods.leakcheck.ways import WAYS
from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.portal import PortalProcess
from tests.reliability.log import openings, unpaired
from tests.reliability.traffic import traffic

CYCLES = 10_000
ROUND = 500
CONCURRENCY = 16
MANY_PODS = 300
MIB = 1024 * 1024
# From the end of the first round to the end of the last.
MEMORY_ALLOWANCE_MIB = 16.0
LOG_SECONDS = 20.0
# Characters of the log before and after what should not be in it.
EXCERPT = 3000


def main(argv: list[str] | None = None) -> int:
    """Runs the rounds for one server; 1 if anything is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne")
    parser.add_argument("--cycles", type=int, default=CYCLES, help="of each way")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no round after these")
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args(argv)
    with ControlPlane() as cluster, PortalProcess(cluster.kubeconfig, asked.server) as portal:
        figures = asyncio.run(_soak(cluster, portal, asked.cycles, asked.seconds))
        portal.wait_until(lambda: not unpaired(portal.log()), LOG_SECONDS, "a line for each end")
        log = portal.log()
        before, *tracebacks = log.split("Traceback")
        figures["log"] = {**openings(log), "unpaired": 0, "tracebacks": len(tracebacks)}
    if tracebacks:
        first = before[-EXCERPT:] + tracebacks[0][:EXCERPT]
        figures["missed"].append(f"{len(tracebacks)} tracebacks in the log, the first: {first}")
    if asked.output is not None:
        asked.output.write_text(json.dumps({"server": asked.server, **figures}, indent=2) + "\n")
    print("\n".join(figures["missed"]) or "Every figure holds.")
    return 1 if figures["missed"] else 0


async def _soak(cluster: ControlPlane, portal: PortalProcess, cycles: int, seconds: float) -> dict[str, Any]:
    namespace = cluster.create_namespace("soak")
    await pods.create_many(cluster, namespace, MANY_PODS)
    watches = cluster.longrunning_watches("pods")
    address = Address.parse(portal.url())
    target = Target(address, "", f"cluster=test&namespace={namespace}")
    rounds: list[Outcome] = []
    done, started = 0, time.monotonic()
    async with traffic(cluster, namespace) as written:
        while done < cycles and (not rounds or time.monotonic() - started < seconds):
            count = min(ROUND, cycles - done)
            plan = Plan(target, [address.at("/metrics")], WAYS, count, CONCURRENCY, lambda _: None)
            rounds.append(await check(plan))
            done += count
            print(f"{portal.port}: {done} cycles of each way\n{report(rounds[-1])}\n", flush=True)
    figures = _figures(rounds, done)
    figures["changes_a_second"] = round(written.rate, 1)
    if cluster.longrunning_watches("pods") != watches:
        figures["missed"].append("the API server holds more watches than before")
    return figures


def _figures(rounds: list[Outcome], cycles: int) -> dict[str, Any]:
    first, last = rounds[0], rounds[-1]
    left = last.after.beyond(first.before)
    failures: Counter[str] = sum((one.failures for one in rounds), Counter())
    grown = (last.after.memory - first.after.memory) / MIB
    missed = [f"{count} {name} left" for name, count in left.items()]
    missed += [f"{count} cycles not done: {why}" for why, count in failures.items()]
    if grown > MEMORY_ALLOWANCE_MIB:
        missed.append(f"memory grew by {grown:.1f} MiB, at most {MEMORY_ALLOWANCE_MIB}")
    rates: dict[str, list[float]] = {}
    for one in rounds:
        for done in one.done:
            rates.setdefault(done.way.name, []).append(done.rate)
    return {
        "cycles_of_each_way": cycles,
        "sockets_and_requests": cycles * sum(way.sockets for way in WAYS),
        "cycles_a_second": {name: round(sum(found) / len(found)) for name, found in rates.items()},
        "before": first.before.counts,
        "after": last.after.counts,
        "left": left,
        "returned_after_seconds": round(max(one.waited for one in rounds), 1),
        "memory_mib": [round(one.after.memory / MIB, 1) for one in rounds],
        "memory_before_mib": round(first.before.memory / MIB, 1),
        "missed": missed,
    }


if __name__ == "__main__":
    sys.exit(main())
