"""Pod states chosen by hand: the corners of what the API server prints."""

from __future__ import annotations

from collections.abc import Iterator

from tests.kube.pod_states import (
    PodState,
    Status,
    Times,
    condition,
    container,
    ended,
    running,
    status,
    waiting,
)


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
