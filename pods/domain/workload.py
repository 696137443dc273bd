"""The parts of Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs that a rollout is judged by.

As in podobject: only the needed fields, each with a default, so that msgspec skips the rest. What the API's
defaulting always fills in (`replicas`, `updateStrategy.type`) has that default here as well.
"""

from __future__ import annotations

import msgspec

from pods.domain.podobject import OwnerReference


class _Partial(msgspec.Struct, gc=False, rename="camel"):
    """Base of the partial structs."""


class Annotations(_Partial):
    """The one annotation that matters: the number of a Deployment's or ReplicaSet's revision."""

    revision: str = msgspec.field(default="", name="deployment.kubernetes.io/revision")


class Metadata(_Partial):
    """metadata."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    annotations: Annotations | None = None
    owner_references: list[OwnerReference] | None = None


class Condition(_Partial):
    """status.conditions[]."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: str | None = None
    last_update_time: str | None = None


class TemplateMetadata(_Partial):
    """spec.template.metadata."""

    labels: dict[str, str] | None = None


class Template(_Partial):
    """spec.template: of it only what its pods are labelled with."""

    metadata: TemplateMetadata = msgspec.field(default_factory=TemplateMetadata)


class RollingUpdate(_Partial):
    """spec.updateStrategy.rollingUpdate of a StatefulSet; null and absent are 0."""

    partition: int | None = None


class UpdateStrategy(_Partial):
    """spec.updateStrategy of a StatefulSet or DaemonSet."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdate | None = None


class _Spec(_Partial):
    template: Template = msgspec.field(default_factory=Template)


class DeploymentSpec(_Spec):
    """spec of a Deployment."""

    replicas: int | None = None
    paused: bool = False
    progress_deadline_seconds: int | None = None


class DeploymentStatus(_Partial):
    """status of a Deployment."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: list[Condition] | None = None


class Deployment(_Partial):
    """A Deployment."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: DeploymentSpec = msgspec.field(default_factory=DeploymentSpec)
    status: DeploymentStatus = msgspec.field(default_factory=DeploymentStatus)


class ReplicaSetSpec(_Partial):
    """spec of a ReplicaSet."""

    replicas: int | None = None


class ReplicaSetStatus(_Partial):
    """status of a ReplicaSet."""

    replicas: int = 0
    ready_replicas: int = 0


class ReplicaSet(_Partial):
    """A ReplicaSet."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: ReplicaSetSpec = msgspec.field(default_factory=ReplicaSetSpec)
    status: ReplicaSetStatus = msgspec.field(default_factory=ReplicaSetStatus)


class StatefulSetSpec(_Spec):
    """spec of a StatefulSet."""

    replicas: int | None = None
    update_strategy: UpdateStrategy = msgspec.field(default_factory=UpdateStrategy)


class StatefulSetStatus(_Partial):
    """status of a StatefulSet."""

    observed_generation: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""


class StatefulSet(_Partial):
    """A StatefulSet."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: StatefulSetSpec = msgspec.field(default_factory=StatefulSetSpec)
    status: StatefulSetStatus = msgspec.field(default_factory=StatefulSetStatus)


class DaemonSetSpec(_Spec):
    """spec of a DaemonSet."""

    update_strategy: UpdateStrategy = msgspec.field(default_factory=UpdateStrategy)


class DaemonSetStatus(_Partial):
    """status of a DaemonSet."""

    observed_generation: int = 0
    desired_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0


class DaemonSet(_Partial):
    """A DaemonSet."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: DaemonSetSpec = msgspec.field(default_factory=DaemonSetSpec)
    status: DaemonSetStatus = msgspec.field(default_factory=DaemonSetStatus)


class JobSpec(_Spec):
    """spec of a Job."""

    parallelism: int | None = None
    completions: int | None = None
    backoff_limit: int | None = None
    active_deadline_seconds: int | None = None
    suspend: bool | None = None


class JobStatus(_Partial):
    """status of a Job."""

    active: int = 0
    succeeded: int = 0
    start_time: str | None = None
    conditions: list[Condition] | None = None


class Job(_Partial):
    """A Job."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: JobSpec = msgspec.field(default_factory=JobSpec)
    status: JobStatus = msgspec.field(default_factory=JobStatus)


Workload = Deployment | StatefulSet | DaemonSet | Job
