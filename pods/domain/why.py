"""Why a pod is not well: a code with parameters, its sentence in English, and what is known beside it.

A list of small rules, each of which looks at one kind of trouble and answers or passes; the first
answer wins, so the order of RULES is the order of what an engineer wants to know first. Whatever
text comes from the cluster is made one line and cut before it goes anywhere. What events say is added
afterwards, by pods.domain.podevents: they come on a way of their own, and may not be readable at all.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from pods.domain.apitime import api_time, seconds_before
from pods.domain.endwhy import end
from pods.domain.health import (
    CONFIG_REASONS,
    FAILING,
    IMAGE_REASONS,
    NOT_ADMITTED,
    is_in_trouble,
    lost_readiness,
    node_is_lost,
    unready_containers,
)
from pods.domain.oneline import names, one_line
from pods.domain.podobject import ContainerStatus, PodObject
from pods.domain.row import Health, Why
from pods.domain.schedulingwhy import unschedulable
from pods.domain.startwhy import configuration, image, quota, start
from pods.domain.whytexts import detail, next_step_with, reason


def why(pod: PodObject, health: Health, status: str) -> Why | None:
    """Why `pod`, whose STATUS cell is `status`, is failing or waiting; None for one that is well."""
    if health in ("running", "done"):
        return None
    for rule in RULES:
        found = rule(pod, status)
        if found is not None:
            break
    else:
        found = reason("unknown", status=status)
    return msgspec.structs.replace(found, since=_since(pod, found))


def _since(pod: PodObject, found: Why) -> str | None:
    """Since when it is not well: being deleted, not ready, without a node, or there at all."""
    if "since" in found.params:
        return api_time(str(found.params["since"]))
    for kind in ("Ready", "PodScheduled"):
        condition = pod.condition(kind)
        if condition is not None and condition.status != "True" and condition.last_transition_time:
            return api_time(condition.last_transition_time)
    return api_time(pod.metadata.creation_timestamp)


def _failed(pod: PodObject, status: str) -> Why | None:
    """The pod as a whole failed, whatever its containers say."""
    word = pod.status.reason
    message = one_line(pod.status.message) or word
    if pod.status.phase != "Failed" or not word:
        return None
    match word:
        case "Evicted":
            return _evicted(pod.status.message or word)
        case "DeadlineExceeded":
            seconds = pod.spec.active_deadline_seconds
            return reason("deadline_seconds", seconds=seconds) if seconds else reason("deadline")
        case "Preempting":
            return reason("preempted", message=message)
        case "Terminated" | "NodeShutdown":
            return reason("node_shutdown", message=message)
    code = "not_admitted" if word in NOT_ADMITTED else "failed"
    return quota(pod.status.message) or reason(code, reason=one_line(word), message=message)


def _evicted(message: str) -> Why:
    """What the node was short of; then how short, and of what this pod used how much."""
    cause, _, figures = message.partition(". ")
    more = [detail("runtime_said", message=one_line(figures))] if figures.strip() else []
    return reason("evicted", *more, message=one_line(cause))


def _node_lost(pod: PodObject, status: str) -> Why | None:
    if node_is_lost(pod) or pod.status.phase == "Unknown":
        return reason("node_lost", node=pod.spec.node_name)
    return None


def _terminating(pod: PodObject, status: str) -> Why | None:
    """The pod is being deleted: `deletionTimestamp` is when its grace period ends.

    Where its containers have ended already, only its finalizers keep it.
    """
    if status != "Terminating":
        return None
    grace = pod.metadata.deletion_grace_period_seconds or 0
    deadline = pod.metadata.deletion_timestamp or ""
    since = seconds_before(deadline, grace) or deadline
    held_by = pod.metadata.finalizers
    if held_by and not any(c.state and c.state.running for c in pod.status.container_statuses or ()):
        return reason("finalizers", since=since, finalizers=names(held_by))
    step = next_step_with("next_terminating", deadline=deadline)
    return reason("terminating", next=step, since=since, grace=grace)


def _scheduling(pod: PodObject, status: str) -> Why | None:
    """No node yet."""
    condition = pod.condition("PodScheduled")
    if condition is not None and condition.reason == "SchedulingGated":
        return reason("scheduling_gated", gates=names([g.name for g in pod.spec.scheduling_gates or ()]))
    if condition is not None and condition.status != "True" and condition.reason == "Unschedulable":
        return quota(condition.message) or unschedulable(condition.message)
    if not pod.spec.node_name and status == "Pending":
        return reason("not_scheduled")
    return None


def _container(pod: PodObject, status: str) -> Why | None:
    """A container in trouble: the one that STATUS speaks of, else the first."""
    troubled = [container for container in unready_containers(pod) if is_in_trouble(container)]
    if not troubled:
        return None
    word = status.removeprefix("Init:")
    return _trouble(next((c for c in troubled if word in _reasons(c)), troubled[0]))


def _reasons(container: ContainerStatus) -> Iterator[str]:
    state = container.state
    if state and state.waiting:
        yield state.waiting.reason
    if state and state.terminated:
        yield state.terminated.reason


def _trouble(container: ContainerStatus) -> Why:
    """What is wrong with a container that is in trouble."""
    waiting = container.state.waiting if container.state else None
    if waiting is None or waiting.reason == "CrashLoopBackOff" or waiting.reason not in FAILING:
        return end(container)
    name, message = container.name, waiting.message or waiting.reason
    if waiting.reason in IMAGE_REASONS:
        return image(name, container.image, waiting.reason, message)
    if waiting.reason == "InvalidImageName":
        return reason("image_name_invalid", image=one_line(container.image), container=name)
    if waiting.reason in CONFIG_REASONS:
        return configuration(name, message)
    return quota(message) or start(name, waiting.reason, message)


def _init(pod: PodObject, status: str) -> Why | None:
    """Init containers are at work; one that does not run yet waits for what all containers wait for."""
    statuses = pod.status.init_container_statuses or []
    if not status.startswith("Init:") or not statuses:
        return None
    done, _, total = status.removeprefix("Init:").partition("/")
    if not (done.isdigit() and total.isdigit() and int(done) < len(statuses)):
        return None
    at_work = statuses[int(done)]
    if int(done) == 0 and at_work.state and at_work.state.waiting:
        return reason("creating")
    return reason("initializing", container=at_work.name, done=int(done), total=int(total))


def _creating(pod: PodObject, status: str) -> Why | None:
    if status in ("ContainerCreating", "PodInitializing", "Pending"):
        return reason("creating")
    return None


def _readiness(pod: PodObject, status: str) -> Why | None:
    """The containers run, and not all are ready."""
    running = [c.name for c in unready_containers(pod) if c.state and c.state.running]
    if running:
        return reason("readiness_lost" if lost_readiness(pod) else "readiness", containers=names(running))
    for container in unready_containers(pod):
        if container.state and container.state.terminated:
            return reason("ended", container=container.name)
    gates = [gate.condition_type for gate in pod.spec.readiness_gates or ()]
    missing = [g for g in gates if (found := pod.condition(g)) is None or found.status != "True"]
    return reason("readiness_gates", gates=names(missing)) if missing else None


RULES = (_failed, _node_lost, _terminating, _scheduling, _container, _init, _creating, _readiness)
