"""The part of a Pod object that a row is made from, as msgspec structs.

The API sends about 12 kB a pod and a row needs a few hundred bytes of it. These structs name only
the needed fields, so that msgspec skips the rest without making Python objects of it. Rules:

* every field has a default: a missing field is never an error (partial answers, older servers);
* what Go writes as `null` when empty (times, lists, maps, structs) may be None;
* `gc=False`: none of these can be part of a reference cycle, and 10,000 pods are many objects.

Field names are those of the Kubernetes API in snake case. Times stay the strings they came as.
"""

from __future__ import annotations

import msgspec


class _Partial(msgspec.Struct, gc=False, rename="camel"):
    """Base of the partial structs."""


class OwnerReference(_Partial):
    """metadata.ownerReferences[]."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class Metadata(_Partial):
    """metadata."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    finalizers: list[str] | None = None
    labels: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None


class InitContainer(_Partial):
    """spec.initContainers[]: `restart_policy` "Always" makes it a sidecar."""

    name: str = ""
    restart_policy: str | None = None


class SchedulingGate(_Partial):
    """spec.schedulingGates[]."""

    name: str = ""


class ReadinessGate(_Partial):
    """spec.readinessGates[]."""

    condition_type: str = ""


class Spec(_Partial):
    """spec."""

    node_name: str = ""
    active_deadline_seconds: int | None = None
    init_containers: list[InitContainer] | None = None
    scheduling_gates: list[SchedulingGate] | None = None
    readiness_gates: list[ReadinessGate] | None = None


class Waiting(_Partial):
    """state.waiting of a container."""

    reason: str = ""
    message: str = ""


class Running(_Partial):
    """state.running of a container."""

    started_at: str | None = None


class Terminated(_Partial):
    """state.terminated of a container. A container killed by a signal has `signal` or 128 + it as code."""

    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: str | None = None
    finished_at: str | None = None


class ContainerState(_Partial):
    """state and lastState of a container: at most one of the three is given."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(_Partial):
    """status.containerStatuses[] and status.initContainerStatuses[]."""

    name: str = ""
    image: str = ""
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class Condition(_Partial):
    """status.conditions[]: `status` is "True", "False" or "Unknown"."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: str | None = None


class Status(_Partial):
    """status."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ip: str = msgspec.field(name="podIP", default="")
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class PodObject(_Partial):
    """A Pod as far as the portal reads it."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: Spec = msgspec.field(default_factory=Spec)
    status: Status = msgspec.field(default_factory=Status)

    def condition(self, kind: str) -> Condition | None:
        """The condition of type `kind` ("Ready", "PodScheduled", …), if the pod has it."""
        for condition in self.status.conditions or ():
            if condition.type == kind:
                return condition
        return None

    def sidecars(self) -> frozenset[str]:
        """The names of the init containers that keep running beside the others."""
        return frozenset(c.name for c in self.spec.init_containers or () if c.restart_policy == "Always")


decode_pod = msgspec.json.Decoder(PodObject).decode
"""Bytes of one Pod in JSON -> PodObject; raises msgspec.DecodeError (ValidationError for wrong types)."""
