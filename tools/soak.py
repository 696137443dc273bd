"""Runs the long forms of the fault and leak tests under both servers, and writes what they found.

    python -m tools.soak                            # make soak: hours
    python -m tools.soak --only leaving             # some parts
    python -m tools.soak --leaving "--seconds 300"  # so many cycles as fit

Each part is a program of its own, which exits with 1 where a figure does not hold. What it measured goes
to benchmarks/results/<date>-soak-<server>.json.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tools.programs import say

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
SERVERS = ("daphne", "uvicorn")
# The last lines of a part's output are kept with its figures.
LAST_LINES = 5


@dataclass(frozen=True)
class Part:
    """A program, `python -m MODULE --server SERVER`; `writes`: it takes `--output FILE` for its figures."""

    name: str
    module: str
    writes: bool = True


PARTS = (
    Part("leaving", "tests.reliability.soak_leaving"),
    Part("browser", "tests.reliability.soak_browser"),
    Part("upstream", "tests.reliability.soak_upstream"),
    Part("hostile", "tests.reliability.soak_hostile"),
    Part("oracle", "tests.reliability.oracle", writes=False),
    Part("fleet", "tests.replicas.soak"),
    Part("upgrades", "tests.replicas.soak_upgrades"),
    Part("fleet-oracle", "tests.replicas.oracle", writes=False),
)


def main(argv: list[str] | None = None) -> int:
    """Runs the parts that there are; 1 if a figure of any does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", default="", help=f"parts, by commas, of {', '.join(p.name for p in PARTS)}")
    parser.add_argument("--server", choices=SERVERS, action="append", help="once or twice (default: both)")
    for part in PARTS:
        help_ = f"further words for the part {part.name}"
        parser.add_argument(f"--{part.name}", default="", metavar="WORDS", help=help_)
    asked = parser.parse_args(argv)
    names = [name for name in asked.only.split(",") if name] or [part.name for part in PARTS]
    if unknown := set(names) - {part.name for part in PARTS}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    parts = [part for part in PARTS if part.name in names and find_spec(part.module)]
    good = True
    for server in asked.server or SERVERS:
        found = {
            part.name: _run(part, server, getattr(asked, part.name.replace("-", "_")).split())
            for part in parts
        }
        _print(server, found)
        say(f"Written to {_write(server, found).relative_to(ROOT)}\n")
        good = good and all(one["status"] == 0 for one in found.values())
    return 0 if good else 1


def _run(part: Part, server: str, words: list[str]) -> dict[str, Any]:
    """Runs one part to its end: its exit status, its time, its figures, its last lines."""
    say(f"\n== {part.name}, {server}")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "figures.json"
        writes = ["--output", str(output)] if part.writes else []
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", part.module, "--server", server, *writes, *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        lines: list[str] = []
        try:
            assert process.stdout is not None
            for line in process.stdout:
                print(line, end="", flush=True)
                lines = [*lines, line.rstrip()][-LAST_LINES:]
            status = process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        figures = json.loads(output.read_text()) if output.exists() else {}
    return {
        "status": status,
        "minutes": round((time.monotonic() - started) / 60, 1),
        "figures": figures,
        "last_lines": lines,
    }


def _print(server: str, found: dict[str, dict[str, Any]]) -> None:
    """The table of a server's parts."""
    say(f"\n{server:<12}{'status':>8}{'minutes':>10}  said")
    for name, one in found.items():
        said = one["last_lines"][-1] if one["last_lines"] else ""
        say(f"{name:<12}{one['status']:>8}{one['minutes']:>10}  {said}")


def _write(server: str, found: dict[str, dict[str, Any]]) -> Path:
    """The results of a day: a part that was not run now is kept from an earlier run."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    path = RESULTS / f"{now:%Y-%m-%d}-soak-{server}.json"
    before = json.loads(path.read_text())["parts"] if path.exists() else {}
    document = {
        "soak": server,
        "date": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "machine": {
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[1], 1),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
        },
        "parts": {**before, **found},
    }
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path


if __name__ == "__main__":
    sys.exit(main())
