"""From objects and cells to rows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pods.domain.pod import decode_pod, deployment_from_hash, last_restart, owner_ref, row_of
from pods.domain.row import MAX_LABEL_BYTES, Owner, Row
from pods.domain.strings import Pool
from tests.domain.builders import T0, T1, T2, T3, condition, container, pod, running, terminated, waiting

INITIALIZED = [condition("Initialized", "True")]


def test_a_row_of_a_pod_that_is_well() -> None:
    subject = pod(
        container(running(), ready=True),
        metadata={
            "creationTimestamp": T0,
            "labels": {"app": "web"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5d", "uid": "r", "controller": True}],
        },
        podIP="10.0.0.7",
    )
    assert row_of(subject, "1/1", "Running", "0") == Row(
        uid="u-1",
        namespace="shop",
        name="web-1",
        ready="1/1",
        status="Running",
        restarts=0,
        last_restart=None,
        created=T0,
        ip="10.0.0.7",
        node="node-1",
        owner=Owner("ReplicaSet", "web-5d"),
        health="running",
        why=None,
        labels={"app": "web"},
        labels_cut=False,
    )


def test_a_pod_without_anything_has_a_row() -> None:
    row = row_of(decode_pod(b"{}"), "0/1", "Pending", 0)
    assert (row.created, row.ip, row.node, row.owner, row.labels) == (None, None, None, None, {})
    assert row.health == "waiting"
    assert row.why is not None


def test_what_go_writes_as_null_is_nothing() -> None:
    body = b"""{"metadata": {"name": "a", "creationTimestamp": null, "labels": null, "ownerReferences": null,
      "deletionTimestamp": null}, "spec": {"initContainers": null, "schedulingGates": null},
      "status": {"conditions": null, "containerStatuses": [{"name": "c", "state": null, "started": null,
      "lastState": {"terminated": {"exitCode": 1, "finishedAt": null, "startedAt": null}}}],
      "initContainerStatuses": null}}"""
    row = row_of(decode_pod(body), "0/1", "Running", "3")
    assert (row.restarts, row.last_restart, row.created) == (3, None, None)


@pytest.mark.parametrize(
    ("cell", "restarts"),
    [("0", 0), (0, 0), (7, 7), ("14", 14), ("14 (38s ago)", 14), ("", 0), ("<none>", 0), ("-1", 0), ("²", 0)],
)
def test_restarts_are_the_number_the_cell_begins_with(cell: str | int, restarts: int) -> None:
    assert row_of(pod(), "1/1", "Running", cell).restarts == restarts


def test_without_restarts_there_was_no_last_one() -> None:
    subject = pod(container(running(), last=terminated(1)))
    assert row_of(subject, "1/1", "Running", "0").last_restart is None
    assert row_of(subject, "1/1", "Running", "1").last_restart == T1


SIDECAR = {"initContainers": [{"name": "side", "restartPolicy": "Always"}, {"name": "init"}]}


@pytest.mark.parametrize(
    ("expected", "mains", "inits", "conditions"),
    [
        (T2, [("a", T1), ("b", T2)], [], []),
        (None, [("a", None)], [], []),
        # Initialising: init containers only, up to the first that is not through
        (T1, [("a", T3)], [("init", terminated(1), T1)], []),
        (T1, [("a", T3)], [("first", terminated(0), T1), ("init", running(), None), ("third", {}, T3)], []),
        # Initialised: containers and sidecars
        (T1, [("a", T1)], [("init", terminated(0), T3)], []),
        (T2, [("a", T1)], [("side", terminated(0), T2), ("init", terminated(0), T3)], []),
        (T2, [("a", T1)], [("side", terminated(1), T2)], INITIALIZED),
        (T1, [("a", T1)], [("init", running(), T3)], INITIALIZED),
    ],
)
def test_last_restart_is_kubectls(
    expected: str | None,
    mains: list[tuple[str, str | None]],
    inits: list[tuple[str, dict[str, Any], str | None]],
    conditions: list[dict[str, Any]],
) -> None:
    subject = pod(
        *[container(running(), name=n, last=terminated(1, finished_at=t)) for n, t in mains],
        inits=[container(state, name=n, last=terminated(1, finished_at=t)) for n, state, t in inits],
        conditions=conditions,
        spec=SIDECAR,
    )
    assert last_restart(subject) == expected


def test_a_started_sidecar_lets_the_next_start() -> None:
    side = container(running(), name="side", started=True, last=terminated(1, finished_at=T2))
    init = container(running(), name="init", last=terminated(1, finished_at=T1))
    assert last_restart(pod(container(waiting()), inits=[side, init], spec=SIDECAR)) == T2
    unstarted = {**side, "started": False}
    later = {**init, "lastState": terminated(1, finished_at=T3)}
    assert last_restart(pod(container(waiting()), inits=[unstarted, later], spec=SIDECAR)) == T2


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (T1, T1),
        ("2026-01-01T01:01:00+01:00", T1),
        ("2026-01-01T00:01:00.5Z", T1),
        ("2026-01-01T00:01:00", None),
        ("yesterday", None),
        ("", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("2026-13-01T00:00:00+00:00", None),
    ],
)
def test_times_that_make_no_sense_are_none(time: str, expected: str | None) -> None:
    subject = pod(
        container(running(), last=terminated(1, finished_at=time)), metadata={"creationTimestamp": time}
    )
    row = row_of(subject, "0/1", "Running", "1")
    assert (row.created, row.last_restart) == (expected, expected)


def test_the_owner_is_the_controller() -> None:
    references = [
        {"kind": "Thing", "name": "t", "uid": "1"},
        {"kind": "Job", "name": "j", "uid": "2", "controller": True},
    ]
    subject = pod(metadata={"ownerReferences": references})
    assert owner_ref(subject) == ("Job", "j", "2")
    assert row_of(subject, "1/1", "Running", 0).owner == Owner("Job", "j")
    assert owner_ref(pod(metadata={"ownerReferences": references[:1]})) is None


@pytest.mark.parametrize(
    ("replicaset", "labels", "deployment"),
    [
        ("web-5d9f", {"pod-template-hash": "5d9f"}, "web"),
        ("web-5d9f-5d9f", {"pod-template-hash": "5d9f"}, "web-5d9f"),
        ("web-5d9f", {"pod-template-hash": "aaaa"}, None),
        ("web-5d9f", {"pod-template-hash": ""}, None),
        ("web-", {"pod-template-hash": ""}, None),
        ("web-5d9f", {}, None),
        ("-5d9f", {"pod-template-hash": "5d9f"}, None),
        ("5d9f", {"pod-template-hash": "5d9f"}, None),
    ],
)
def test_the_deployment_by_names_alone(
    replicaset: str, labels: dict[str, str], deployment: str | None
) -> None:
    assert deployment_from_hash(replicaset, labels) == deployment


keys = st.text(min_size=1, max_size=317)
label_maps = st.dictionaries(keys, st.text(max_size=63), max_size=40)


@given(label_maps)
def test_labels_are_cut_at_their_limit_and_only_there(labels: dict[str, str]) -> None:
    row = row_of(pod(metadata={"labels": labels}), "1/1", "Running", 0)
    size = sum(len(k.encode()) + len(v.encode()) for k, v in labels.items())
    kept = sum(len(k.encode()) + len(v.encode()) for k, v in row.labels.items())
    assert row.labels_cut is (size > MAX_LABEL_BYTES)
    assert kept <= MAX_LABEL_BYTES
    assert row.labels.items() <= labels.items()
    if not row.labels_cut:
        assert row.labels == labels


def test_many_labels_are_cut_the_same_way_in_any_order() -> None:
    labels = {f"key-{i:04d}": "v" * 63 for i in range(80)}
    one = row_of(pod(metadata={"labels": labels}), "1/1", "Running", 0)
    other = row_of(pod(metadata={"labels": dict(reversed(labels.items()))}), "1/1", "Running", 0)
    assert one.labels_cut
    assert one == other
    assert list(one.labels) == sorted(labels)[: len(one.labels)]
    assert len(one.labels) == MAX_LABEL_BYTES // 71


def test_equal_strings_are_shared_between_rows() -> None:
    def row(name: str) -> Row:
        labels = {"app": "a-label-value"}
        return row_of(pod(metadata={"name": name, "labels": labels}), "1/1", "Running", 0)

    one, other = row("a"), row("b")
    assert one.node is other.node
    assert one.namespace is other.namespace
    assert one.labels["app"] is other.labels["app"]


def test_sets_of_labels_are_shared_between_rows() -> None:
    def row(name: str, **labels: str) -> Row:
        return row_of(pod(metadata={"name": name, "labels": labels}), "1/1", "Running", 0)

    assert row("a", app="web", tier="x").labels is row("b", app="web", tier="x").labels
    assert row("a", app="web").labels is not row("b", app="db").labels


def test_a_pool_is_bounded() -> None:
    made: list[int] = []

    def make(key: int) -> str:
        made.append(key)
        return f"s{key}"

    pool = Pool(make, limit=10)
    for i in range(1000):
        assert pool[i] == f"s{i}"
        assert pool[i] is pool[i]
        assert len(pool) <= 10
    assert made == list(range(1000))


@given(
    st.recursive(st.none() | st.text(max_size=5), lambda inner: st.dictionaries(st.text(max_size=5), inner))
)
def test_unknown_fields_are_skipped(extra: object) -> None:
    body = msgspec.json.encode({"metadata": {"name": "a", "unknown": extra}, "unknown": extra})
    assert decode_pod(body).metadata.name == "a"
