"""A portal process with shorter deadlines than the real one, and a wall clock that can be set.

For faults that otherwise take minutes to show. `python -m tests.reliability.scaled_portal` is what runs in
the process: `k8sportal.run` after the figures in SCALED_FIGURES were put in place of the portal's own.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.portal import PortalProcess


class ScaledPortal(PortalProcess):
    """`figures` are values by dotted name, such as `pods.kube.listwatch.MUTE_SECONDS`."""

    def __init__(self, kubeconfig: Path | str, figures: dict[str, Any], **settings: str) -> None:
        super().__init__(kubeconfig, program="tests.reliability.scaled_portal")
        self._step = self.folder / "clock-step"
        self._environment |= {
            "SCALED_FIGURES": json.dumps(figures),
            "CLOCK_STEP": str(self._step),
            **settings,
        }

    def step_clock(self, seconds: float) -> None:
        """Sets the portal's wall clock this far from the right time."""
        replacement = self._step.with_suffix(".new")
        replacement.write_text(str(seconds))
        replacement.replace(self._step)


def _put_in_place(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        parts = name.split(".")
        owner: Any = importlib.import_module(".".join(parts[:3]))
        for part in parts[3:-1]:
            owner = getattr(owner, part)
        assert hasattr(owner, parts[-1]), name
        setattr(owner, parts[-1], tuple(value) if isinstance(value, list) else value)


def _let_the_clock_be_set(step: Path) -> None:
    from pods.clock import SystemClock

    def now(self: SystemClock) -> datetime:
        seconds = float(step.read_text()) if step.exists() else 0.0
        return datetime.now(UTC) + timedelta(seconds=seconds)

    SystemClock.now = now  # type: ignore[method-assign]


if __name__ == "__main__":
    _put_in_place(json.loads(os.environ["SCALED_FIGURES"]))
    _let_the_clock_be_set(Path(os.environ["CLOCK_STEP"]))
    from k8sportal.run import main

    sys.exit(main())
