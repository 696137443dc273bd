"""What a cluster writes of pods that are not well: the pieces of why_cases.py."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.domain.builders import T0, T1, T2, condition, container, running, terminated, waiting

Object = dict[str, Any]

NOT_READY = condition("Ready", "False", "ContainersNotReady", T0)
LOST = condition("Ready", "False", "ContainersNotReady", T2)
NO_NODE: Object = {"nodeName": None}
IMAGE = "registry.example.com/web:1"
PULL = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}"'


class Warned(NamedTuple):
    """A warning event about a pod."""

    reason: str
    message: str
    container: str = ""
    at: str = T2


class Case(NamedTuple):
    """A pod that is not well. `ready` and `status` are the cells that an API server prints."""

    name: str
    ready: str
    status: str
    pod_status: Object
    spec: Object = {}
    warned: Warned | None = None
    deleted: bool = False
    finalizers: tuple[str, ...] = ()


def state(
    *containers: Object, phase: str = "Pending", conditions: list[Object] | None = None, **more: Any
) -> Object:
    """A pod's status."""
    return {"phase": phase, "containerStatuses": list(containers), "conditions": conditions or [], **more}


CREATING = state(container(waiting("ContainerCreating")), conditions=[NOT_READY])
STARTED = state(container(running(T1)), phase="Running", conditions=[NOT_READY])
UNREADY = state(container(running(T1)), phase="Running", conditions=[LOST])


def whole(name: str, status: str, message: str = "", **spec: Any) -> Case:
    """A pod that failed as a whole."""
    return Case(name, "0/1", status, state(phase="Failed", reason=status, message=message), spec)


def deleted(name: str, pod_status: Object = STARTED, *finalizers: str, warned: Warned | None = None) -> Case:
    """A pod that is being deleted."""
    return Case(name, "0/1", "Terminating", pod_status, {}, warned, deleted=True, finalizers=finalizers)


def unfit(name: str, message: str) -> Case:
    """A pod that the scheduler has no node for; "…" stands for how it begins its sentence."""
    words = message.replace("…", "0/5 nodes are available:")
    refused = condition("PodScheduled", "False", "Unschedulable", message=words)
    return Case(name, "0/1", "Pending", state(conditions=[refused]), NO_NODE)


def creating(name: str, reason: str = "", message: str = "") -> Case:
    """A pod whose containers are being made, and what the node warns of."""
    return Case(name, "0/1", "ContainerCreating", CREATING, {}, Warned(reason, message) if reason else None)


def initializing(name: str, first: Object, warned: Warned | None = None) -> Case:
    """A pod whose first init container of two is in the state `first`."""
    inits = [container(first, name="migrate"), container(waiting("PodInitializing"), name="seed")]
    status = state(
        container(waiting("PodInitializing")),
        conditions=[condition("Initialized", "False"), NOT_READY],
        initContainerStatuses=inits,
    )
    spec = {"initContainers": [{"name": init["name"], "image": IMAGE} for init in inits]}
    return Case(name, "0/1", "Init:0/2", status, spec, warned)


def stuck(name: str, reason: str, message: str, warned: Warned | None = None) -> Case:
    """A pod whose container waits for `reason`."""
    status = state(container(waiting(reason, message)), conditions=[NOT_READY])
    return Case(name, "0/1", reason, status, {}, warned)


def unpulled(name: str, said: str) -> Case:
    """A pod whose image cannot be had, in the words of a node with containerd."""
    error = f"rpc error: code = Unknown desc = {said}"
    return stuck(name, "ImagePullBackOff", f'Back-off pulling image "{IMAGE}": ErrImagePull: {error}')


def loop(
    name: str, code: int, reason: str = "Error", message: str = "", warned: Warned | None = None
) -> Case:
    """A pod whose container keeps ending."""
    last = terminated(code, reason, finished_at=T2, message=message, started_at=T1)
    status = state(
        container(waiting("CrashLoopBackOff", "back-off 5m0s"), last=last, restarts=7),
        phase="Running",
        conditions=[NOT_READY],
    )
    return Case(name, "0/1", "CrashLoopBackOff", status, {}, warned)


def again(name: str, code: int) -> Case:
    """A pod whose container runs again after an end."""
    last = terminated(code, "Error", started_at=T0, finished_at=T1)
    up = container(running(T2), last=last, restarts=2)
    return Case(name, "0/1", "Running", state(up, phase="Running", conditions=[NOT_READY]))


def ended(name: str, code: int, reason: str = "Error", message: str = "") -> Case:
    """A pod that failed with its container."""
    end = terminated(code, reason, started_at=T1, finished_at=T2, message=message)
    return Case(name, "0/1", reason, state(container(end), phase="Failed"))


def unready(name: str, kind: str = "", message: str = "", *, lost: bool = False, at: str = T2) -> Case:
    """A pod whose container runs and is not ready, and which probe the node says failed."""
    warned = Warned("Unhealthy", f"{kind} probe failed: {message}", "web", at) if kind else None
    return Case(name, "0/1", "Running", UNREADY if lost else STARTED, {}, warned)
