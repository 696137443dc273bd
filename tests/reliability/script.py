"""What the oracle does with one seed: steps as data, so that a seed always gives the same ones."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Literal

import msgspec

from tests.reliability.faults import GONE, HTML, Fault, error_event

NAMESPACES = ("a", "b", "c")
NAMES = tuple(f"pod-{number}" for number in range(5))
TIERS = ("x", "y", "z")
DEPLOYMENTS = ("web", "api", "")
FAULTS = (
    Fault("answer", status=410, body=GONE),
    Fault("line", line=error_event(GONE), after_list=True),
    Fault("line", line="\xff\xfe\n", after_list=True),
    Fault("line", line='{"type":"MODIFIED","object":{"kind":"Table"'),
    Fault("end", after_list=True),
    Fault("cut"),
    Fault("answer", ("list", "watch", "get"), status=500),
    Fault("answer", ("list", "watch", "get"), status=502, body=HTML),
    Fault("answer", ("list", "watch", "get"), status=429, headers={"Retry-After": "1"}),
    Fault("answer", ("list",), continued=True, status=410, body=GONE),
)
SEATS = 6
STEPS = 60
# How often each kind of step comes.
WEIGHTS = {"pod": 9, "status": 8, "tier": 6, "delete": 6, "again": 6, "wait": 6}
TROUBLES = {"fault": 5, "clear": 2, "break": 2, "cut": 1, "leave": 4, "join": 4}

# What else happens where several portals share one watch over Redis.
FLEET_TROUBLES = {"kill": 3, "freeze": 2, "end": 2, "redis": 2}

Kind = Literal[
    "pod", "status", "tier", "delete", "again", "wait", "fault", "clear", "break", "cut", "leave", "join",
    "kill", "freeze", "end", "redis",
]  # fmt: skip


class Step(msgspec.Struct, frozen=True):
    """One thing to do. What a kind does not need is drawn and ignored."""

    kind: Kind
    namespace: str
    name: str
    tier: str
    deployment: str
    which: int
    count: int
    crashes: bool
    seconds: float


def script(seed: int, troubles: Mapping[str, int] = TROUBLES) -> list[Step]:
    """The steps of `seed`. Those on pods fit what is there by then: writes never fail."""
    draw = random.Random(seed)
    kinds = {**WEIGHTS, **troubles}
    there: set[tuple[str, str]] = set()
    steps: list[Step] = []
    while len(steps) < STEPS:
        step = _draw(draw, draw.choices(list(kinds), list(kinds.values()))[0], len(steps))
        pod = (step.namespace, step.name)
        if step.kind == "pod" and pod not in there:
            there.add(pod)
        elif step.kind in ("status", "tier", "again") and pod in there:
            pass
        elif step.kind == "delete" and pod in there:
            there.remove(pod)
        elif step.kind not in ("wait", *troubles):
            continue
        steps.append(step)
    return steps


def _draw(draw: random.Random, kind: str, count: int) -> Step:
    return Step(
        kind=kind,  # type: ignore[arg-type]  # one of the weights' names
        namespace=draw.choice(NAMESPACES),
        name=draw.choice(NAMES),
        tier=draw.choice(TIERS),
        deployment=draw.choice(DEPLOYMENTS),
        which=draw.randrange(len(FAULTS) * SEATS),
        count=count,
        crashes=draw.random() < 0.3,
        seconds=round(draw.uniform(0.0, 0.4), 2),
    )
