"""Health: every pod is failing, waiting, running or done, by the table in docs/health.md.

* failing: it does not do its work and will not without somebody (or has failed for good);
* waiting: it is on its way, to work or to its end, and nothing has gone wrong yet;
* running: it does its work, as far as Kubernetes knows;
* done: it has finished as planned.

The table goes by the STATUS that the API server prints; where that alone does not tell, by what
the object says of its containers. Health is a function of the object: time plays no part, so a
pod in a crash loop is failing also in the moments in which it runs and is not ready yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pods.domain.podobject import ContainerStatus, PodObject
from pods.domain.row import Health

# A STATUS for which the containers decide (docs/health.md, "By readiness").
BY_READINESS: Literal["by readiness"] = "by readiness"

IMAGE_REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)

CONFIG_REASONS = frozenset({"CreateContainerConfigError", "VerifyNonRootError"})

# The kubelet refused a pod that was given to its node.
NOT_ADMITTED = frozenset(
    {
        "NodeAffinity",
        "OutOfcpu",
        "OutOfmemory",
        "OutOfpods",
        "OutOfephemeral-storage",
        "UnexpectedAdmissionError",
        "EmptyPodSharedPoolError",
        "SysctlForbidden",
        "AppArmor",
        "PodLevelResourcesNotSupported",
        "VolumeAttachmentLimitExceeded",
        "TopologyAffinityError",
    }
)

# Reasons that the kubelet, the container runtimes, the schedulers and the node controllers give.
FAILING = (
    IMAGE_REASONS
    | CONFIG_REASONS
    | NOT_ADMITTED
    | {
        "InvalidImageName",
        "CrashLoopBackOff",
        "CreateContainerError",
        "RunContainerError",
        "PreCreateHookError",
        "PreStartHookError",
        "PostStartHookError",
        "StartError",
        "ContainerCannotRun",
        "KillContainerError",
        "RunInitContainerError",
        "CreatePodSandboxError",
        "ConfigPodSandboxError",
        "KillPodSandboxError",
        "SetupNetworkError",
        "TeardownNetworkError",
        "ResizePodInPlaceError",
        "RemoveContainerError",
        "Error",
        "OOMKilled",
        "ContainerStatusUnknown",
        "DeadlineExceeded",
        "Failed",
        "Evicted",
        "Preempting",
        "NodeLost",
        "NodeShutdown",
        "Terminated",
        "Unknown",
    }
)

WAITING = frozenset({"Pending", "SchedulingGated", "Terminating"})

DONE = frozenset({"Succeeded"})

UNDECIDED = frozenset({"Running", "NotReady", "Completed", "ContainerCreating", "PodInitializing"})

TABLE: dict[str, Health | Literal["by readiness"]] = {
    **dict.fromkeys(FAILING, "failing"),
    **dict.fromkeys(WAITING, "waiting"),
    **dict.fromkeys(DONE, "done"),
    **dict.fromkeys(UNDECIDED, BY_READINESS),
}


def all_ready(ready: str) -> bool:
    """Whether a READY cell such as "2/2" counts every container."""
    have, _, want = ready.partition("/")
    return have == want


def health(pod: PodObject, ready: str, status: str) -> Health:
    """The health of `pod`, whose READY and STATUS cells are `ready` and `status`."""
    phase = pod.status.phase
    if phase == "Failed" or phase == "Unknown":
        return "failing"
    if phase == "Succeeded":
        return "done"
    condition = pod.condition("Ready")
    is_ready = all_ready(ready) and (condition is None or condition.status == "True")
    if is_ready and status == "Running":
        return "running"
    if node_is_lost(pod):
        return "failing"
    known = TABLE.get(status.removeprefix("Init:"))
    if known is not None and known != BY_READINESS:
        return known
    if any(map(is_in_trouble, unready_containers(pod))) or lost_readiness(pod):
        return "failing"
    # A STATUS that the table does not know: the pod's own word for its readiness is the best there is.
    return "running" if known is None and is_ready and phase == "Running" else "waiting"


def node_is_lost(pod: PodObject) -> bool:
    """Whether the node controller says that the pod's node does not answer."""
    condition = pod.condition("Ready")
    return pod.status.reason == "NodeLost" or (
        condition is not None and condition.status != "True" and condition.reason == "NodeNotReady"
    )


def unready_containers(pod: PodObject) -> Iterator[ContainerStatus]:
    """The containers that are not what they should be, init containers first.

    An init container that ended well and a container that is ready are left out; a container
    that ended well is not: its pod is not ready.
    """
    for container in pod.status.init_container_statuses or ():
        terminated = container.state and container.state.terminated
        if not container.ready and not (terminated and terminated.exit_code == 0):
            yield container
    for container in pod.status.container_statuses or ():
        if not container.ready:
            yield container


def is_in_trouble(container: ContainerStatus) -> bool:
    """Whether a container that is not ready waits for a bad reason, or has ended badly before."""
    state, last = container.state, container.last_state
    if state and state.waiting and state.waiting.reason in FAILING:
        return True
    if state and state.terminated:
        return state.terminated.exit_code != 0
    return last is not None and last.terminated is not None and last.terminated.exit_code != 0


def lost_readiness(pod: PodObject) -> bool:
    """Whether the pod was ready in its containers' present run, and is not any more.

    Readiness changes to false before a container starts (it is new, or the last run ended). A
    change after the start of a container that is not ready means that it was ready meanwhile.
    """
    condition = pod.condition("Ready")
    if condition is None or condition.status != "False" or condition.reason != "ContainersNotReady":
        return False
    changed = condition.last_transition_time or ""
    return any(
        c.state is not None and c.state.running is not None and (c.state.running.started_at or "~") < changed
        for c in unready_containers(pod)
    )
