"""The Rollout: how far a workload's pods are what its owner wants, as the portal shows it.

`state` follows `kubectl rollout status` (k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go): "done" is
what it calls successfully rolled out, or complete; "stuck" where it says that the progress deadline was
exceeded; "progressing" where it waits. It has no word for what waits for a person, which is "paused" here (a
paused Deployment, a suspended Job, OnDelete), nor for Jobs, which are judged by their conditions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from pods.domain import workload
from pods.domain.apitime import api_time
from pods.domain.oneline import one_line
from pods.domain.rollouttexts import reason
from pods.domain.row import Why
from pods.domain.startwhy import quota

RolloutKind = Literal["Deployment", "StatefulSet", "DaemonSet", "Job"]
RolloutState = Literal["done", "progressing", "stuck", "paused"]

MAX_REVISIONS = 5

# The Deployment controller's reasons (k8s.io/kubernetes/pkg/controller/deployment/util).
_TIMED_OUT = "ProgressDeadlineExceeded"
_ROLLED_OUT = "NewReplicaSetAvailable"


class Revision(msgspec.Struct, frozen=True, gc=False):
    """Pods of one template: a Deployment's ReplicaSet, or a StatefulSet's revision.

    `revision` and `ready` are None where the API does not tell them (a StatefulSet's).
    """

    name: str
    revision: int | None
    desired: int
    ready: int | None
    current: bool


class Rollout(msgspec.Struct, frozen=True, gc=False):
    """One workload. The fields are those of docs/contract.md ("Rollout")."""

    uid: str
    namespace: str
    kind: RolloutKind
    name: str
    created: str | None
    desired: int
    updated: int
    ready: int
    available: int
    state: RolloutState
    since: str | None = None
    why: Why | None = None
    revisions: tuple[Revision, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether it is a Job that has ended, well or not: nothing of it will change any more."""
        return self.kind == "Job" and self.state in ("done", "stuck")


class SetState(msgspec.Struct, frozen=True, gc=False):
    """What is kept of a Deployment's ReplicaSet. `pods` is how many it has, on their way out or not."""

    name: str
    revision: int
    created: str
    desired: int
    pods: int
    ready: int


def set_state(replicaset: workload.ReplicaSet) -> SetState:
    """What is kept of `replicaset`."""
    metadata, status = replicaset.metadata, replicaset.status
    number = metadata.annotations.revision if metadata.annotations else ""
    return SetState(
        metadata.name,
        int(number) if number.isascii() and number.isdecimal() and len(number) < 20 else 0,
        api_time(metadata.creation_timestamp) or "",
        _or_one(replicaset.spec.replicas),
        status.replicas,
        status.ready_replicas,
    )


def rollout_of(found: workload.Workload) -> Rollout:
    """The rollout of a workload; a Deployment's lacks its revisions (`with_revisions`)."""
    if isinstance(found, workload.Deployment):
        return _deployment(found)
    if isinstance(found, workload.StatefulSet):
        return _statefulset(found)
    if isinstance(found, workload.DaemonSet):
        return _daemonset(found)
    return _job(found)


def is_rolling(deployment: workload.Deployment) -> bool:
    """Whether a Deployment is on its way to its newest ReplicaSet, rather than there and short of pods."""
    progress = _condition(deployment.status.conditions, "Progressing")
    return progress is not None and progress.reason != _ROLLED_OUT


def with_revisions(rollout: Rollout, sets: Iterable[SetState], rolling: bool) -> Rollout:
    """A Deployment's rollout with its ReplicaSets: the newest, which it goes to, and those that have pods.

    A rollout that goes on began when its newest ReplicaSet was made, unless that is an older one, to which
    it goes back.
    """
    newest_first = sorted(sets, key=lambda one: (one.revision, one.created, one.name), reverse=True)
    revisions = tuple(
        Revision(one.name, one.revision or None, one.desired, one.ready, at == 0)
        for at, one in enumerate(newest_first)
        if at == 0 or one.desired > 0 or one.pods > 0
    )
    since = rollout.since
    if rolling and rollout.state == "progressing" and newest_first:
        first = newest_first[0]
        since = first.created or None if all(one.created <= first.created for one in newest_first) else None
    return msgspec.structs.replace(rollout, revisions=revisions[:MAX_REVISIONS], since=since)


def _deployment(found: workload.Deployment) -> Rollout:
    spec, status = found.spec, found.status
    desired = _or_one(spec.replicas)
    state, since, why = _deployment_state(found, desired)
    return _made(
        found.metadata,
        "Deployment",
        (desired, status.updated_replicas, status.ready_replicas, status.available_replicas),
        state,
        since,
        why,
    )


def _deployment_state(
    found: workload.Deployment, desired: int
) -> tuple[RolloutState, str | None, Why | None]:
    spec, status = found.spec, found.status
    progress = _condition(status.conditions, "Progressing")
    if spec.paused:
        is_told = progress is not None and progress.reason == "DeploymentPaused"
        return "paused", _since(progress) if is_told else None, None
    if found.metadata.generation > status.observed_generation:
        return "progressing", None, reason("rollout_unseen")
    refused = _refused(_condition(status.conditions, "ReplicaFailure"))
    if progress is not None and progress.reason == _TIMED_OUT:
        return "stuck", _since(progress), refused or _deadline(spec.progress_deadline_seconds)
    waits = (
        status.updated_replicas < desired
        or status.replicas > status.updated_replicas
        or status.available_replicas < status.updated_replicas
    )
    if waits:
        available = _condition(status.conditions, "Available")
        lost = available is not None and available.status == "False" and not is_rolling(found)
        return "progressing", _since(available) if lost else None, refused
    is_told = progress is not None and progress.reason == _ROLLED_OUT
    return "done", api_time(progress.last_update_time) if progress and is_told else None, None


def _deadline(seconds: int | None) -> Why:
    return reason("rollout_deadline_seconds", seconds=seconds) if seconds else reason("rollout_deadline")


def _refused(condition: workload.Condition | None) -> Why | None:
    """Why no pods are made, where the ReplicaSet says so: a quota, an admission webhook, a limit."""
    if condition is None or condition.status != "True":
        return None
    word, message = one_line(condition.reason), one_line(condition.message)
    return quota(condition.message) or reason("rollout_refused", reason=word, message=message or word)


def _statefulset(found: workload.StatefulSet) -> Rollout:
    spec, status = found.spec, found.status
    desired = _or_one(spec.replicas)
    rolling = spec.update_strategy.rolling_update
    partition = (rolling.partition if rolling is not None else None) or 0
    state, why = _state_of_set(
        spec.update_strategy.type,
        found.metadata.generation > status.observed_generation,
        status.ready_replicas >= desired,
        status.updated_replicas >= (desired - partition),
        status.updated_replicas >= desired or status.update_revision == status.current_revision,
    )
    if state == "done" and partition and status.update_revision != status.current_revision:
        why = reason("rollout_partition", partition=partition)
    counts = (desired, status.updated_replicas, status.ready_replicas, status.available_replicas)
    made = _made(found.metadata, "StatefulSet", counts, state, None, why)
    return msgspec.structs.replace(made, revisions=_statefulset_revisions(status))


def _statefulset_revisions(status: workload.StatefulSetStatus) -> tuple[Revision, ...]:
    if not status.update_revision:
        return ()
    if status.update_revision == status.current_revision:
        return (Revision(status.update_revision, None, status.current_replicas, None, True),)
    newest = Revision(status.update_revision, None, status.updated_replicas, None, True)
    before = Revision(status.current_revision, None, status.current_replicas, None, False)
    return (newest, before) if before.name and before.desired > 0 else (newest,)


def _daemonset(found: workload.DaemonSet) -> Rollout:
    status = found.status
    desired = status.desired_number_scheduled
    is_updated = status.updated_number_scheduled >= desired
    state, why = _state_of_set(
        found.spec.update_strategy.type,
        found.metadata.generation > status.observed_generation,
        status.number_available >= desired,
        is_updated,
        is_updated,
    )
    counts = (desired, status.updated_number_scheduled, status.number_ready, status.number_available)
    return _made(found.metadata, "DaemonSet", counts, state, None, why)


def _state_of_set(
    strategy: str, is_unseen: bool, is_whole: bool, is_updated: bool, is_all_new: bool
) -> tuple[RolloutState, Why | None]:
    """Of a StatefulSet or DaemonSet. `is_whole`: all its pods are there and well."""
    if is_unseen:
        return "progressing", reason("rollout_unseen")
    if strategy == "OnDelete":
        if not is_all_new:
            return "paused", reason("rollout_on_delete")
        is_updated = True
    return ("done" if is_whole and is_updated else "progressing"), None


def _job(found: workload.Job) -> Rollout:
    spec, status = found.spec, found.status
    desired = _or_one(spec.parallelism if spec.completions is None else spec.completions)
    complete = _condition(status.conditions, "Complete")
    failed = _condition(status.conditions, "Failed")
    suspended = _condition(status.conditions, "Suspended")
    state: RolloutState = "progressing"
    since, why = api_time(status.start_time), None
    if complete is not None and complete.status == "True":
        state, since = "done", _since(complete)
    elif failed is not None and failed.status == "True":
        state, since, why = "stuck", _since(failed), _job_failed(spec, failed)
    elif spec.suspend:
        state, since = "paused", _since(suspended)
    counts = (desired, status.active, status.succeeded, status.succeeded)
    return _made(found.metadata, "Job", counts, state, since, why)


def _job_failed(spec: workload.JobSpec, failed: workload.Condition) -> Why:
    if failed.reason == "BackoffLimitExceeded":
        limit = spec.backoff_limit
        return reason("job_backoff") if limit is None else reason("job_backoff_limit", limit=limit)
    if failed.reason == "DeadlineExceeded":
        seconds = spec.active_deadline_seconds
        return reason("job_deadline_seconds", seconds=seconds) if seconds else reason("job_deadline")
    word = one_line(failed.reason)
    return reason("job_failed", reason=word, message=one_line(failed.message) or word)


def _made(
    metadata: workload.Metadata,
    kind: RolloutKind,
    counts: tuple[int, int, int, int],
    state: RolloutState,
    since: str | None,
    why: Why | None,
) -> Rollout:
    created = api_time(metadata.creation_timestamp)
    return Rollout(metadata.uid, metadata.namespace, kind, metadata.name, created, *counts, state, since, why)


def _condition(conditions: list[workload.Condition] | None, kind: str) -> workload.Condition | None:
    return next((one for one in conditions or () if one.type == kind), None)


def _since(condition: workload.Condition | None) -> str | None:
    return api_time(condition.last_transition_time) if condition is not None else None


def _or_one(count: int | None) -> int:
    """What the API's defaulting makes of a count that is not given."""
    return 1 if count is None else count
