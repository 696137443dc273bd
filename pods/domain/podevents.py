"""What a warning event adds to why a pod is not well: the words of its newest one, where they are of today.

Guarantees. An event never makes a pod well or not well, and never speaks of an earlier state: what happened
before `told_from` is over. What only repeats the pod's STATUS in other words is not looked at. The words do
not change with each repetition of one trouble.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from pods.domain.apitime import api_time, seconds_before
from pods.domain.endwhy import last_end
from pods.domain.health import IMAGE_REASONS, unready_containers
from pods.domain.podobject import ContainerStatus, PodObject
from pods.domain.row import Why
from pods.domain.schedulingwhy import unschedulable
from pods.domain.startwhy import image, quota
from pods.domain.volumewhy import sandbox, volume
from pods.domain.whytexts import detail, next_step, reason, with_detail

# The kubelet writes the event of the last failed probe, and the condition that it leads to, at one moment.
SLACK_SECONDS = 5

# They say what the pod's own STATUS says, often many times a minute.
_SILENT = frozenset({"BackOff", "NodeNotReady", "Evicted", "Preempted", "Preempting", "TaintManagerEviction"})

_PROBE = re.compile(r"(Readiness|Liveness|Startup) probe (?:failed|errored[^:]*): (.*)")

_READINESS = frozenset({"readiness", "readiness_lost"})
_ENDS = frozenset(
    {
        "crash_loop",
        "crash_loop_exit_code",
        "crash_loop_signal",
        "restarted_exit_code",
        "restarted_signal",
        "exit_code",
        "exit_code_message",
        "signal",
        "out_of_memory",
    }
)
# All others are told whole by the pod itself.
_OPEN = (
    _ENDS
    | _READINESS
    | {"creating", "ended", "finalizers", "image_pull", "initializing", "not_scheduled", "readiness_gates"}
    | {"terminating", "unknown"}
)


class PodEvent(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """A warning about a pod: what is kept of an Event. `pod` is the pod's uid, `uid` the event's own.

    `message` is one line without what differs at each repetition; `last` is when it happened last.
    """

    uid: str
    namespace: str
    pod: str
    reason: str
    message: str
    container: str = ""
    last: str = ""

    @property
    def is_telling(self) -> bool:
        """Whether it says more than the pod's STATUS does."""
        repeats = self.reason == "Failed" and self.message.startswith("Error: ")
        return bool(self.pod and self.message) and self.reason not in _SILENT and not repeats

    def says_the_same(self, other: PodEvent) -> bool:
        """Whether both would be shown alike."""
        return (self.reason, self.message, self.container) == (other.reason, other.message, other.container)


def told_from(pod: PodObject, why: Why) -> str:
    """From when on an event speaks of the state that `why` tells of; "" where all of this pod's do.

    "~", which is after every time, where that is not known.
    """
    if why.code in ("not_scheduled", "image_pull"):
        return ""
    if why.code == "creating":
        ready = pod.condition("PodReadyToStartContainers")
        return (ready.last_transition_time or "~") if ready is not None and ready.status == "True" else ""
    if why.code in _ENDS:
        return _last_start(pod, str(why.params["container"]))
    if why.code == "readiness_lost":
        return seconds_before(why.since or "", SLACK_SECONDS) or "~"
    if why.code == "readiness":
        return min(_starts(unready_containers(pod)), default="~")
    statuses = (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ()))
    return max(why.since or "~", *_starts(statuses), "")


def _starts(containers: Iterable[ContainerStatus]) -> Iterator[str]:
    """When the present runs of those that run began."""
    for container in containers:
        if container.state and container.state.running:
            yield api_time(container.state.running.started_at) or "~"


def _last_start(pod: PodObject, name: str) -> str:
    """When the run began of whose end `why` tells."""
    for container in unready_containers(pod):
        if container.name == name:
            ended = (container.state and container.state.terminated) or last_end(container)
            return (ended and api_time(ended.started_at)) or "~"
    return "~"


def explain(why: Why, event: PodEvent, told_from: str) -> Why:
    """`why` with what `event` adds to it; `why` itself where it adds nothing."""
    if event.last < told_from or why.code not in _OPEN:
        return why
    probe = _PROBE.match(event.message) if event.reason == "Unhealthy" else None
    if probe is not None:
        return _probe(why, event, probe.group(1), probe.group(2))
    if why.code == "creating":
        found = (
            quota(event.message)
            or volume(event.reason, event.message)
            or sandbox(event.reason, event.message)
        )
    elif why.code == "not_scheduled":
        found = unschedulable(event.message) if event.reason == "FailedScheduling" else None
    elif why.code == "image_pull":
        found = _image(why, event)
    else:
        return _beside(why, event)
    return _beside(why, event) if found is None else msgspec.structs.replace(found, since=why.since)


def _beside(why: Why, event: PodEvent) -> Why:
    """The event's words beside the reason, unless they are its own."""
    if event.reason in ("Failed", "Unhealthy", "FailedScheduling") or event.message in why.summary:
        return why
    return with_detail(why, detail("event", reason=event.reason, message=event.message))


def _probe(why: Why, event: PodEvent, kind: str, message: str) -> Why:
    """A probe that fails: the reason where the pod is not ready; what went before where a container ended."""
    if why.code in _READINESS and event.container in str(why.params["containers"]).split(", "):
        code = f"{kind.lower()}_probe"
        step = next_step("next_startup_probe" if kind == "Startup" else _next_of_probe(message))
        if kind == "Readiness" and why.code == "readiness_lost":
            code = "readiness_probe_lost"
        found = reason(code, next=step, container=event.container, message=message)
        return msgspec.structs.replace(found, since=why.since)
    if why.code in _ENDS and kind != "Readiness" and event.container == why.params["container"]:
        return with_detail(
            why, detail(f"failed_{kind.lower()}", message=message), next_step("next_failed_probe")
        )
    return why


def _next_of_probe(message: str) -> str:
    for sign, step in (
        ("statuscode", "next_probe_status"),
        ("connection refused", "next_probe_refused"),
        ("deadline exceeded", "next_probe_timeout"),
        ("timed out", "next_probe_timeout"),
        ("timeout", "next_probe_timeout"),
    ):
        if sign in message:
            return step
    return "next_probe"


def _image(why: Why, event: PodEvent) -> Why | None:
    """What the registry said, where the pod itself only says that it backs off."""
    if event.reason != "Failed" or event.container not in ("", why.params["container"]):
        return None
    if why.params["message"] not in IMAGE_REASONS:
        return None
    return image(str(why.params["container"]), str(why.params["image"]), event.reason, event.message)
