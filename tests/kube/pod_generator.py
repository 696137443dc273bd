"""Pod states made up from a seed: all randomness comes from it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.kube.pod_states import PodState, Status, Times, container, ended, running, status, waiting

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
