"""What one pod's page shows beyond its row: every container with its states, and the pod's conditions.

Containers are told in the order in which they start: init containers and sidecars, then the others, then
ephemeral ones. A container's kind: `init`, `sidecar` (an init container that keeps running), `container`,
`ephemeral`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from pods.domain.pod import OwnerRef
from pods.domain.podobject import Condition, ContainerState, ContainerStatus, Metadata


class _Partial(msgspec.Struct, gc=False, rename="camel"):
    """As pods.domain.podobject has it."""


class _Container(_Partial):
    name: str = ""
    image: str = ""
    restart_policy: str | None = None


class _Spec(_Partial):
    node_name: str = ""
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None
    ephemeral_containers: list[_Container] | None = None


class _Status(_Partial):
    qos_class: str = ""
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None


class _Pod(_Partial):
    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


class StateDetail(msgspec.Struct, frozen=True):
    """One state of a container: `waiting`, `running` or `terminated`, since when, and how it ended."""

    state: str
    reason: str | None = None
    message: str | None = None
    since: str | None = None
    exit_code: int | None = None


class ContainerDetail(msgspec.Struct, frozen=True):
    """One container. `state` is None before the kubelet has said anything of it; `last` is its run before."""

    name: str
    kind: str
    image: str
    ready: bool
    restarts: int
    state: StateDetail | None
    last: StateDetail | None


class ConditionDetail(msgspec.Struct, frozen=True):
    """One condition: `status` is "True", "False" or "Unknown", since `since`."""

    type: str
    status: str
    reason: str | None
    message: str | None
    since: str | None


class PodDetail(msgspec.Struct, frozen=True):
    """A pod as its page shows it."""

    uid: str
    namespace: str
    name: str
    qos: str
    containers: tuple[ContainerDetail, ...]
    conditions: tuple[ConditionDetail, ...]


class SeenPod(NamedTuple):
    """A pod that was asked for: what is told of it, and what its owners are found by."""

    detail: PodDetail
    controller: OwnerRef | None
    labels: Mapping[str, str]


_decode = msgspec.json.Decoder(_Pod).decode


def decode_seen(body: bytes) -> SeenPod:
    """What a Pod in JSON tells. Raises msgspec.MsgspecError."""
    pod = _decode(body)
    controllers = (
        OwnerRef(reference.kind, reference.name, reference.uid)
        for reference in pod.metadata.owner_references or ()
        if reference.controller
    )
    return SeenPod(_detail(pod), next(controllers, None), pod.metadata.labels or {})


def _detail(pod: _Pod) -> PodDetail:
    conditions = tuple(
        ConditionDetail(
            one.type, one.status, one.reason or None, one.message or None, one.last_transition_time
        )
        for one in pod.status.conditions or ()
    )
    return PodDetail(
        pod.metadata.uid,
        pod.metadata.namespace,
        pod.metadata.name,
        pod.status.qos_class,
        tuple(_containers(pod)),
        conditions,
    )


def _containers(pod: _Pod) -> Iterator[ContainerDetail]:
    spec, status = pod.spec, pod.status
    yield from _told("init", spec.init_containers, status.init_container_statuses)
    yield from _told("container", spec.containers, status.container_statuses)
    yield from _told("ephemeral", spec.ephemeral_containers, status.ephemeral_container_statuses)


def _told(
    kind: str, containers: Iterable[_Container] | None, statuses: Iterable[ContainerStatus] | None
) -> Iterator[ContainerDetail]:
    by_name = {status.name: status for status in statuses or ()}
    for container in containers or ():
        status = by_name.get(container.name, ContainerStatus())
        yield ContainerDetail(
            name=container.name,
            kind="sidecar" if kind == "init" and container.restart_policy == "Always" else kind,
            image=container.image,
            ready=status.ready,
            restarts=status.restart_count,
            state=_state(status.state),
            last=_state(status.last_state),
        )


def _state(state: ContainerState | None) -> StateDetail | None:
    if state is None:
        return None
    if state.terminated is not None:
        ended = state.terminated
        code = ended.exit_code or (128 + ended.signal if ended.signal else 0)
        return StateDetail("terminated", ended.reason or None, ended.message or None, ended.finished_at, code)
    if state.running is not None:
        return StateDetail("running", since=state.running.started_at)
    if state.waiting is not None:
        return StateDetail("waiting", state.waiting.reason or None, state.waiting.message or None)
    return None
