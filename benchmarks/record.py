"""What a benchmark found, as JSON under benchmarks/results/."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def write_result(name: str, document: dict[str, Any]) -> Path:
    """Writes `document` with the time and the machine; where to."""
    now = datetime.now(UTC)
    head = {"benchmark": name, "date": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "machine": _machine()}
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y-%m-%d}-{name}.json"
    path.write_text(json.dumps(head | document, indent=2) + "\n")
    return path


def _machine() -> dict[str, Any]:
    """What the figures depend on, without the machine's name."""
    cpu = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        cpu = models[0] if models else cpu
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[1], 1),
        "system": f"{platform.system()} {platform.machine()}",
    }
