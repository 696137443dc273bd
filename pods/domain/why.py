"""Why a pod is not well: a code with parameters, and its sentence in English.

A list of small rules, each of which looks at one kind of trouble and answers or passes; the first
answer wins, so the order of RULES is the order of what an engineer wants to know first. Whatever
text comes from the cluster is made one line and cut before it goes anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

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
from pods.domain.podobject import ContainerStatus, PodObject, Terminated
from pods.domain.row import Health, ParamValue, Why
from pods.domain.sentences import N_, render

MAX_MESSAGE_LENGTH = 300
MAX_NAMES = 5

SENTENCES: dict[str, str] = {
    "evicted": N_("The node evicted the pod: {message}."),
    "deadline": N_("The pod ran longer than its deadline allows."),
    "preempted": N_("The pod had to make room for a more important one: {message}."),
    "node_shutdown": N_("The node was shut down: {message}."),
    "not_admitted": N_("The node did not admit the pod ({reason}): {message}."),
    "failed": N_("The pod failed ({reason}): {message}."),
    "node_lost": N_("The node {node} does not answer."),
    "terminating": N_("Being deleted since {since}, with {grace} s to end."),
    "scheduling_gated": N_("Held back by scheduling gates: {gates}."),
    "unschedulable": N_("No node takes the pod: {message}."),
    "not_scheduled": N_("Waiting to be given a node."),
    "image_pull": N_("The image {image} of container {container} cannot be had: {message}."),
    "image_name_invalid": N_("The image name {image} of container {container} is not valid."),
    "config_missing": N_("Container {container} lacks its configuration: {message}."),
    "start_failed": N_("Container {container} cannot be started ({reason}): {message}."),
    "out_of_memory": N_("Container {container} was killed for using more memory than it may."),
    "status_unknown": N_("What became of container {container} is not known."),
    "crash_loop": N_("Container {container} keeps ending ({restarts} restarts)."),
    "crash_loop_exit_code": N_(
        "Container {container} keeps ending ({restarts} restarts), last with exit code {exit_code}."
    ),
    "crash_loop_signal": N_("Container {container} keeps ending ({restarts} restarts), last by {signal}."),
    "restarted_exit_code": N_(
        "Container {container} was restarted and is not ready; its last run ended with exit code {exit_code}."
    ),
    "restarted_signal": N_(
        "Container {container} was restarted and is not ready; its last run was ended by {signal}."
    ),
    "exit_code": N_("Container {container} ended with exit code {exit_code}."),
    "exit_code_message": N_("Container {container} ended with exit code {exit_code}: {message}."),
    "signal": N_("Container {container} was ended by {signal}."),
    "readiness_lost": N_("No longer ready: {containers}."),
    "readiness": N_("Not ready yet: {containers}."),
    "readiness_gates": N_("Waiting for readiness gates: {gates}."),
    "ended": N_("Container {container} ended without an error while the pod goes on."),
    "initializing": N_("Init container {container} has not finished ({done} of {total} have)."),
    "creating": N_("The node is preparing volumes, network and images."),
    "unknown": N_("The pod's status is {status}."),
}

# The usual names of the signals that end programs; the numbers are those of Linux.
_SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    15: "SIGTERM",
}

_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


def why(pod: PodObject, health: Health, status: str) -> Why | None:
    """Why `pod`, whose STATUS cell is `status`, is failing or waiting; None for one that is well."""
    if health in ("running", "done"):
        return None
    for rule in RULES:
        reason = rule(pod, status)
        if reason is not None:
            return reason
    return _why("unknown", status=status)


def one_line(text: str) -> str:
    """`text` as one line of at most MAX_MESSAGE_LENGTH characters, without its last full stop."""
    line = _UNPRINTABLE.sub(" ", text[: 4 * MAX_MESSAGE_LENGTH]).strip()
    if len(line) > MAX_MESSAGE_LENGTH:
        return line[: MAX_MESSAGE_LENGTH - 1].rstrip() + "…"
    return line.rstrip(".")


def _why(code: str, **params: ParamValue) -> Why:
    return Why(code, params, render(SENTENCES[code], params))


def _names(names: list[str]) -> str:
    """Names as a list for people, the first MAX_NAMES of them."""
    return ", ".join(names[:MAX_NAMES]) + (", …" if len(names) > MAX_NAMES else "")


def _failed(pod: PodObject, status: str) -> Why | None:
    """The pod as a whole failed, whatever its containers say."""
    reason = pod.status.reason
    message = one_line(pod.status.message) or reason
    if pod.status.phase != "Failed" or not reason:
        return None
    match reason:
        case "Evicted":
            return _why("evicted", message=message)
        case "DeadlineExceeded":
            return _why("deadline")
        case "Preempting":
            return _why("preempted", message=message)
        case "Terminated" | "NodeShutdown":
            return _why("node_shutdown", message=message)
    code = "not_admitted" if reason in NOT_ADMITTED else "failed"
    return _why(code, reason=one_line(reason), message=message)


def _node_lost(pod: PodObject, status: str) -> Why | None:
    if node_is_lost(pod) or pod.status.phase == "Unknown":
        return _why("node_lost", node=pod.spec.node_name)
    return None


def _terminating(pod: PodObject, status: str) -> Why | None:
    """The pod is being deleted: `deletionTimestamp` is when its grace period ends."""
    if status != "Terminating":
        return None
    grace = pod.metadata.deletion_grace_period_seconds or 0
    end = pod.metadata.deletion_timestamp or ""
    try:
        begin = datetime.fromisoformat(end).astimezone(UTC) - timedelta(seconds=grace)
    except (ValueError, OverflowError):
        return _why("terminating", since=end, grace=grace)
    return _why("terminating", since=begin.strftime("%Y-%m-%dT%H:%M:%SZ"), grace=grace)


def _scheduling(pod: PodObject, status: str) -> Why | None:
    """No node yet."""
    condition = pod.condition("PodScheduled")
    if condition is not None and condition.reason == "SchedulingGated":
        return _why("scheduling_gated", gates=_names([g.name for g in pod.spec.scheduling_gates or ()]))
    if condition is not None and condition.status != "True" and condition.reason == "Unschedulable":
        return _why("unschedulable", message=one_line(condition.message) or condition.reason)
    if not pod.spec.node_name and status == "Pending":
        return _why("not_scheduled")
    return None


def _container(pod: PodObject, status: str) -> Why | None:
    """A container in trouble: the one that STATUS speaks of, else the first."""
    troubled = [container for container in unready_containers(pod) if is_in_trouble(container)]
    if not troubled:
        return None
    reason = status.removeprefix("Init:")
    return _trouble(next((c for c in troubled if reason in _reasons(c)), troubled[0]))


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
        return _end(container)
    name, reason = container.name, waiting.reason
    message = one_line(waiting.message) or reason
    if reason in IMAGE_REASONS:
        return _why("image_pull", image=one_line(container.image), container=name, message=message)
    if reason == "InvalidImageName":
        return _why("image_name_invalid", image=one_line(container.image), container=name)
    if reason in CONFIG_REASONS:
        return _why("config_missing", container=name, message=message)
    return _why("start_failed", container=name, reason=reason, message=message)


def _end(container: ContainerStatus) -> Why:
    """How a container ended: now, or before its present run or back-off."""
    name = container.name
    now = container.state.terminated if container.state else None
    ended = now or (container.last_state.terminated if container.last_state else None)
    backing_off = container.state is not None and container.state.waiting is not None
    if ended is None:
        return _why("crash_loop", container=name, restarts=container.restart_count)
    if ended.reason == "OOMKilled":
        return _why("out_of_memory", container=name)
    if ended.reason == "ContainerStatusUnknown":
        return _why("status_unknown", container=name)
    how, params = _exit(ended)
    if now is not None:
        message = one_line(now.message)
        if message and how == "exit_code":
            return _why("exit_code_message", container=name, message=message, **params)
        return _why(how, container=name, **params)
    if backing_off:
        return _why(f"crash_loop_{how}", container=name, restarts=container.restart_count, **params)
    return _why(f"restarted_{how}", container=name, **params)


def _exit(ended: Terminated) -> tuple[str, dict[str, ParamValue]]:
    """Whether an exit code or a signal ended a run, and which: runtimes report signal n as code 128 + n."""
    number = ended.signal or ended.exit_code - 128
    if ended.signal or number in _SIGNALS:
        return "signal", {"signal": _SIGNALS.get(number, f"SIG{number}")}
    return "exit_code", {"exit_code": ended.exit_code}


def _init(pod: PodObject, status: str) -> Why | None:
    """Init containers are at work."""
    statuses = pod.status.init_container_statuses or []
    if not status.startswith("Init:") or not statuses:
        return None
    done, _, total = status.removeprefix("Init:").partition("/")
    if not (done.isdigit() and total.isdigit() and int(done) < len(statuses)):
        return None
    return _why("initializing", container=statuses[int(done)].name, done=int(done), total=int(total))


def _creating(pod: PodObject, status: str) -> Why | None:
    if status in ("ContainerCreating", "PodInitializing", "Pending"):
        return _why("creating")
    return None


def _readiness(pod: PodObject, status: str) -> Why | None:
    """The containers run, and not all are ready."""
    running = [c.name for c in unready_containers(pod) if c.state and c.state.running]
    if running:
        return _why("readiness_lost" if lost_readiness(pod) else "readiness", containers=_names(running))
    for container in unready_containers(pod):
        if container.state and container.state.terminated:
            return _why("ended", container=container.name)
    gates = [gate.condition_type for gate in pod.spec.readiness_gates or ()]
    missing = [g for g in gates if (found := pod.condition(g)) is None or found.status != "True"]
    return _why("readiness_gates", gates=_names(missing)) if missing else None


RULES = (_failed, _node_lost, _terminating, _scheduling, _container, _init, _creating, _readiness)
