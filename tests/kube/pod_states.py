"""Pod states for the parity test: corners chosen by hand, and as many generated ones as wanted.

A state is what decides READY, STATUS and RESTARTS: the spec a pod is created with, statuses that it
goes through, and whether it is being deleted meanwhile. Containers never run: the statuses are
written to the API server as a kubelet would. All randomness comes from the seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

Status = dict[str, Any]

FINALIZER = "example.com/held-by-a-test"

WAITING_REASONS = (
    "",
    "ContainerCreating",
    "PodInitializing",
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "RunContainerError",
    "Some words of our own",
    "Ünïcode",
)
ENDED_REASONS = (
    "",
    "Completed",
    "Error",
    "OOMKilled",
    "ContainerStatusUnknown",
    "StartError",
    "DeadlineExceeded",
)
POD_REASONS = (
    "",
    "",
    "",
    "",
    "Evicted",
    "NodeLost",
    "NodeAffinity",
    "OutOfcpu",
    "Terminated",
    "Preempting",
    "Odd one",
)
PHASES = ("Pending", "Running", "Running", "Running", "Succeeded", "Failed", "Unknown")
EXIT_CODES = (0, 0, 1, 2, 127, 137, 139, 143, 255)
SIGNALS = (0, 0, 0, 9, 15)
RESTARTS = (0, 0, 0, 1, 2, 14, 1_000_000)


@dataclass(frozen=True)
class PodState:
    """A pod of `containers` and `inits` (name -> whether it is a sidecar), and its `statuses` in turn.

    It is deleted before its status number `deleted_before`, and held by a finalizer from then on.
    """

    statuses: tuple[Status, ...]
    containers: tuple[str, ...] = ("a",)
    inits: dict[str, bool] = field(default_factory=dict)
    gates: tuple[str, ...] = ()
    readiness_gates: tuple[str, ...] = ()
    deleted_before: int | None = None

    def manifest(self, name: str) -> dict[str, Any]:
        """The Pod to create. One with scheduling gates has no node yet."""
        inits = [
            {"name": init, "image": "init:1"} | ({"restartPolicy": "Always"} if sidecar else {})
            for init, sidecar in self.inits.items()
        ]
        spec: dict[str, Any] = {
            "containers": [{"name": container, "image": "main:1"} for container in self.containers],
            "initContainers": inits,
            "readinessGates": [{"conditionType": gate} for gate in self.readiness_gates],
            "terminationGracePeriodSeconds": 5,
        }
        if self.gates:
            spec["schedulingGates"] = [{"name": gate} for gate in self.gates]
        else:
            spec["nodeName"] = "a-node"
        metadata: dict[str, Any] = {"name": name}
        if self.deleted_before is not None:
            metadata["finalizers"] = [FINALIZER]
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


class Times:
    """Moments so many days and a half ago: their age in days is the same all through a test."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def ago(self, days: int) -> str:
        """RFC 3339, in UTC."""
        return (self._now - timedelta(days=days, hours=12)).strftime("%Y-%m-%dT%H:%M:%SZ")


def waiting(reason: str = "") -> Status:
    return {"waiting": {"reason": reason, "message": "a message"}}


def running(started_at: str | None = None) -> Status:
    return {"running": {"startedAt": started_at}}


def ended(code: int = 0, reason: str = "", signal: int = 0, at: str | None = None) -> Status:
    return {"terminated": {"exitCode": code, "reason": reason, "signal": signal, "finishedAt": at}}


def container(
    name: str,
    state: Status,
    *,
    ready: bool = False,
    restarts: int = 0,
    last: Status | None = None,
    started: bool | None = None,
) -> Status:
    """An entry of containerStatuses or initContainerStatuses."""
    return {
        "name": name,
        "image": "main:1",
        "imageID": "",
        "ready": ready,
        "restartCount": restarts,
        "started": started,
        "state": state,
        "lastState": last or {},
    }


def condition(kind: str, status: str, reason: str = "") -> Status:
    return {"type": kind, "status": status, "reason": reason}


def status(
    *containers: Status,
    phase: str = "Running",
    inits: tuple[Status, ...] = (),
    conditions: str = "",
    **more: Any,
) -> Status:
    """A pod's status. `conditions` is written as "Ready PodScheduled=False:Unschedulable"."""
    listed = []
    for word in conditions.split():
        kind, _, value = word.partition("=")
        truth, _, reason = value.partition(":")
        listed.append(condition(kind, truth or "True", reason))
    return {
        "phase": phase,
        "containerStatuses": list(containers),
        "initContainerStatuses": list(inits),
        "conditions": listed,
        **more,
    }


def corners(times: Times) -> Iterator[PodState]:
    """States at the edges of the API server's rules, each followed by what it may turn into."""
    up = container("a", running(), ready=True, started=True)
    fine = status(up, conditions="Initialized Ready")
    yield from _phases_and_reasons(fine)
    yield from _containers(times, up)
    yield from _init_containers(times, up)
    yield from _sidecars(times, up)
    yield from _gates(up)
    yield from _deletions(up, fine)


def _phases_and_reasons(fine: Status) -> Iterator[PodState]:
    yield PodState(({}, fine))
    for phase in ("Pending", "Running", "Succeeded", "Failed", "Unknown", "Levitating"):
        yield PodState((status(phase=phase), fine))
        for reason in ("Evicted", "NodeLost", "DeadlineExceeded", "UnexpectedAdmissionError", "Two words"):
            yield PodState((status(phase=phase, reason=reason, message="why"), fine))
    yield PodState((status(phase="Pending", conditions="PodScheduled=False:Unschedulable"), fine))
    yield PodState(
        (status(phase="Pending", conditions="PodScheduled=False:SchedulingGated", reason="Odd"), fine)
    )
    yield PodState((fine | {"conditions": [condition("Ready", "False", "NodeNotReady")]}, fine))


def _containers(times: Times, up: Status) -> Iterator[PodState]:
    two = ("a", "b")
    down = container("b", running())
    crashed = ended(1, "Error", at=times.ago(3))
    loop = container("b", waiting("CrashLoopBackOff"), restarts=14, last=crashed)
    again = container("b", running(), ready=True, restarts=15, last=ended(137, "OOMKilled", at=times.ago(1)))
    yield PodState((status(up, down), status(up, loop), status(up, again, conditions="Ready")), two)
    yield PodState(
        (status(loop | {"name": "a"}, down), status(up, container("b", waiting("ErrImagePull")))), two
    )
    done = container("b", ended(0, "Completed"))
    failed = container("b", ended(3, "Error"))
    for ready in ("", "Ready", "Ready=False", "Ready=Unknown"):
        yield PodState((status(up, done, conditions=ready), status(up, failed, conditions=ready)), two)
        yield PodState((status(done | {"name": "a"}, failed, conditions=ready),), two)
        yield PodState((status(failed | {"name": "a"}, done, conditions=ready),), two)
    for code, reason, signal in (
        (0, "", 0),
        (3, "", 0),
        (137, "", 9),
        (0, "", 9),
        (0, "Error", 0),
        (1, "Completed", 0),
    ):
        yield PodState((status(container("a", ended(code, reason, signal))), status(up)))
    yield PodState((status(container("a", {}, ready=True)), status(container("a", waiting("")))))
    yield PodState(
        (status(container("a", ended(1), ready=True)), status(container("a", waiting("X"), ready=True)))
    )
    yield PodState(
        (
            status(container("a", running(), restarts=3)),
            status(container("a", running(), restarts=4, last=crashed)),
        )
    )
    yield PodState((status(container("a", running(), restarts=3, last=ended(1))), status(up)))
    yield PodState((status(container("a", running(), last=crashed)), status(up)))
    yield PodState((status(up, container("stranger", waiting("ErrImagePull"), restarts=5)), status(up)))
    latest = container("b", running(), restarts=1, last=ended(1, at=times.ago(9)))
    yield PodState((status(again | {"name": "a"}, latest), status(latest | {"name": "a"}, again)), two)


def _init_containers(times: Times, up: Status) -> Iterator[PodState]:
    inits = {"i": False, "j": False, "k": False}
    through = container("i", ended(0, "Completed"), restarts=2, last=ended(1, at=times.ago(2)))
    creating = container("a", waiting("PodInitializing"), restarts=6, last=ended(1, at=times.ago(7)))
    seconds = (
        container("j", {}),
        container("j", waiting("")),
        container("j", waiting("PodInitializing")),
        container("j", waiting("ImagePullBackOff")),
        container("j", waiting("CrashLoopBackOff"), restarts=9, last=ended(1, at=times.ago(4))),
        container("j", running(), restarts=1, last=ended(1, at=times.ago(5))),
        container("j", ended(0), restarts=4, last=ended(1, at=times.ago(6))),
        container("j", ended(1, "Error")),
        container("j", ended(1)),
        container("j", ended(137, "", 9)),
        container("j", ended(0, "Error")),
    )
    third = container("k", waiting("PodInitializing"), restarts=8, last=ended(1, at=times.ago(8)))
    for second in seconds:
        for conditions in ("", "Initialized", "Initialized=False"):
            now = status(creating, phase="Pending", inits=(through, second, third), conditions=conditions)
            later = status(up, inits=(through, second), conditions=conditions + " Ready")
            yield PodState((now, later), inits=inits)
    yield PodState(
        (status(phase="Pending", inits=(through,)), status(up, inits=(through, third))), inits=inits
    )


def _sidecars(times: Times, up: Status) -> Iterator[PodState]:
    inits = {"s": True, "i": False}
    end = ended(1, "Error", at=times.ago(11))
    states = (
        container("s", running(), started=True, ready=True, restarts=2, last=end),
        container("s", running(), started=True, restarts=2, last=end),
        container("s", running(), started=False, ready=True, restarts=2, last=end),
        container("s", running(), restarts=2, last=end),
        container("s", waiting("CrashLoopBackOff"), restarts=5, last=end, started=False),
        container("s", ended(1, "Error"), restarts=5, last=end),
        container("s", ended(0, "Completed"), restarts=5, last=end, ready=True),
        container("s", ended(0, "Completed"), restarts=5, last=end, started=True),
    )
    init = container("i", running(), restarts=3, last=ended(1, at=times.ago(12)))
    init_through = container("i", ended(0, "Completed"), restarts=3, last=ended(1, at=times.ago(13)))
    main = container("a", waiting("PodInitializing"), restarts=1, last=ended(1, at=times.ago(14)))
    for side in states:
        for conditions in ("", "Initialized"):
            now = status(main, phase="Pending", inits=(side, init), conditions=conditions)
            later = status(up, inits=(side, init_through), conditions=conditions + " Ready")
            over = status(
                container("a", ended(0, "Completed")), inits=(side, init_through), conditions=conditions
            )
            yield PodState((now, later, over), inits=inits)


def _gates(up: Status) -> Iterator[PodState]:
    for gates in (("example.com/one",), ("example.com/one", "example.com/two")):
        yield PodState(
            ({}, status(phase="Pending", conditions="PodScheduled=False:SchedulingGated")), gates=gates
        )
    for gate in ("", "example.com/lb=False", "example.com/lb=True"):
        for ready in ("Ready=False:ReadinessGatesNotReady", "Ready"):
            yield PodState(
                (status(up, conditions=f"{gate} {ready}"), status(up)), readiness_gates=("example.com/lb",)
            )


def _deletions(up: Status, fine: Status) -> Iterator[PodState]:
    over = container("a", ended(0, "Completed"))
    crashed = container("a", ended(143, "Error"))
    for when in (0, 1):
        yield PodState((fine, status(over, conditions="Initialized")), deleted_before=when)
        yield PodState((fine, status(crashed)), deleted_before=when)
        for phase in ("Pending", "Running", "Succeeded", "Failed", "Unknown"):
            yield PodState((status(phase=phase), status(over, phase=phase)), deleted_before=when)
            for reason in ("NodeLost", "Evicted"):
                yield PodState((status(up, phase=phase, reason=reason), fine), deleted_before=when)


def generated(seed: int, count: int, times: Times) -> Iterator[PodState]:
    """`count` states of two statuses each, mostly believable, some not."""
    random = Random(seed)
    for _ in range(count):
        containers = tuple("abc"[: random.choice((1, 1, 2, 3))])
        inits = {name: random.random() < 0.4 for name in "ijk"[: random.choice((0, 0, 1, 2, 3))]}
        yield PodState(
            tuple(_generated_status(random, containers, inits, times) for _ in range(2)),
            containers,
            inits,
            readiness_gates=("example.com/lb",) if random.random() < 0.1 else (),
            deleted_before=random.choice((0, 1)) if random.random() < 0.15 else None,
        )


def _generated_status(
    random: Random, containers: tuple[str, ...], inits: dict[str, bool], times: Times
) -> Status:
    conditions = [
        f"{kind}={random.choice(('True', 'True', 'False', 'Unknown'))}"
        for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled", "example.com/lb")
        if random.random() < 0.7
    ]
    if random.random() < 0.03:
        conditions.append("PodScheduled=False:SchedulingGated")
    return status(
        *[_generated_container(random, name, times) for name in containers if random.random() < 0.95],
        phase=random.choice(PHASES),
        inits=tuple(_generated_container(random, name, times, init=True) for name in inits),
        conditions=" ".join(dict.fromkeys(conditions)),
        reason=random.choice(POD_REASONS),
    )


def _generated_container(random: Random, name: str, times: Times, init: bool = False) -> Status:
    def end() -> Status:
        at = times.ago(random.randint(1, 400)) if random.random() < 0.9 else None
        return ended(random.choice(EXIT_CODES), random.choice(ENDED_REASONS), random.choice(SIGNALS), at)

    state = random.choice(
        (
            waiting(random.choice(WAITING_REASONS)),
            running(times.ago(1)),
            running(times.ago(1)),
            end(),
            ended(0, "Completed") if init else running(),
            {},
        )
    )
    return container(
        name,
        state,
        ready=random.random() < 0.5,
        restarts=random.choice(RESTARTS),
        last=end() if random.random() < 0.5 else None,
        started=random.choice((None, True, True, False)),
    )
