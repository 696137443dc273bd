"""How a workload is judged: state, since when, and why, for every kind and turn."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pods.domain import rollouttexts, whytexts, workload
from pods.domain.rollout import (
    MAX_REVISIONS,
    Rollout,
    SetState,
    is_rolling,
    rollout_of,
    set_state,
    with_revisions,
)
from tests.domain.rollout_cases import CASES, Case, manifest
from tests.domain.rollout_states import ROLLED_OUT, ROLLING, T0, T1, T2, THREE, deployment

DOCUMENT = Path(__file__).parents[2] / "docs" / "pods-page.md"
FORMS: dict[str, Any] = {
    "Deployment": workload.Deployment,
    "StatefulSet": workload.StatefulSet,
    "DaemonSet": workload.DaemonSet,
    "Job": workload.Job,
}


def read(case: Case) -> workload.Workload:
    found: workload.Workload = msgspec.json.decode(json.dumps(manifest(case)), type=FORMS[case.kind])
    return found


def judged(case: Case) -> Rollout:
    return rollout_of(read(case))


def named(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_workload_is_judged_by_what_it_says(case: Case) -> None:
    found = judged(case)
    code = found.why.code if found.why is not None else None
    assert (found.kind, found.name, found.namespace) == (case.kind, case.name, "shop")
    assert (found.state, found.since, code, found.created) == (case.state, case.since, case.why, T0)
    verdicts = {"done": "done", "progressing": "waits", "stuck": "fails"}
    assert case.kubectl in (None, verdicts.get(found.state)), "as kubectl rollout status"


def counts(name: str) -> tuple[int, int, int, int]:
    found = judged(named(name))
    return found.desired, found.updated, found.ready, found.available


def test_the_counts_are_those_of_the_kind() -> None:
    assert counts("new-to-come") == (3, 1, 3, 3)
    assert counts("one-by-default") == (1, 1, 1, 1)
    assert counts("set-rolls") == (3, 1, 3, 3)
    assert counts("daemons-wait") == (3, 3, 2, 2)
    assert counts("job-runs") == (3, 2, 1, 1), "active are updated, succeeded are ready"


def test_a_statefulset_tells_its_revisions() -> None:
    def told(name: str) -> list[tuple[str, int, bool]]:
        return [(one.name, one.desired, one.current) for one in judged(named(name)).revisions]

    assert told("set-rolls") == [("web-new", 1, True), ("web-old", 2, False)]
    assert told("set-done") == [("web-new", 3, True)]


def one_set(name: str, revision: int, created: str = T0, desired: int = 0, pods: int = 0) -> SetState:
    return SetState(name, revision, created, desired, pods, pods)


def rolled(*sets: SetState, state: dict[str, Any] | None = None) -> Rollout:
    case = Case("web", "Deployment", THREE, state or deployment(1, 3, 3, ROLLING), "progressing")
    found = read(case)
    assert isinstance(found, workload.Deployment)
    return with_revisions(rollout_of(found), sets, is_rolling(found))


def test_a_deployment_tells_the_newest_replicaset_and_those_that_have_pods() -> None:
    found = rolled(
        one_set("web-1", 1),
        one_set("web-9", 9, T0, desired=2, pods=2),
        one_set("web-10", 10, T1, desired=1),
        one_set("web-3", 3, pods=1),
    )
    assert [(one.name, one.revision, one.desired, one.ready, one.current) for one in found.revisions] == [
        ("web-10", 10, 1, 0, True),
        ("web-9", 9, 2, 2, False),
        ("web-3", 3, 0, 1, False),
    ]
    many = rolled(*(one_set(f"web-{number}", number, desired=1) for number in range(1, 9)))
    assert [one.revision for one in many.revisions] == [8, 7, 6, 5, 4]
    assert len(many.revisions) == MAX_REVISIONS
    assert [one.name for one in rolled(one_set("web-1", 1), one_set("web-2", 2)).revisions] == ["web-2"]


def test_a_rollout_began_with_its_newest_replicaset_unless_it_goes_back_to_an_older_one() -> None:
    assert rolled(one_set("old", 1, T0), one_set("new", 2, T1)).since == T1
    assert rolled(one_set("back-to", 3, T0), one_set("failed", 2, T1)).since is None
    assert rolled().since is None
    scaled = deployment(1, 0, 1, ROLLED_OUT)
    assert rolled(one_set("one", 1, T0), state=scaled).since is None, "it is not rolling, but short of pods"


def test_what_is_kept_of_a_replicaset() -> None:
    def kept(annotations: dict[str, str]) -> SetState:
        metadata = {"name": "web-1", "creationTimestamp": T2, "annotations": annotations}
        body = {"metadata": metadata, "spec": {"replicas": 2}, "status": {"replicas": 3, "readyReplicas": 1}}
        return set_state(msgspec.json.decode(json.dumps(body), type=workload.ReplicaSet))

    assert kept({"deployment.kubernetes.io/revision": "7", "other": "x"}) == SetState("web-1", 7, T2, 2, 3, 1)
    for odd in ("", "-1", "x", "1" * 40):
        assert kept({"deployment.kubernetes.io/revision": odd}).revision == 0
    assert set_state(workload.ReplicaSet()) == SetState("", 0, "", 1, 0, 0)


def test_every_sentence_has_a_case_and_stands_in_the_document() -> None:
    found = [judged(case).why for case in CASES]
    codes = {why.code for why in found if why is not None} | {
        why.next.code for why in found if why is not None and why.next is not None
    }
    assert codes - whytexts.SENTENCES.keys() == rollouttexts.SENTENCES.keys()
    assert not rollouttexts.SENTENCES.keys() & whytexts.SENTENCES.keys()
    section = DOCUMENT.read_text().split("## Rollouts")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]*) \|$", section, re.MULTILINE)
    told = {(sentence, step) for _, sentence, step in rows[1:]}
    assert told == {
        (sentence, rollouttexts.NEXT[rollouttexts.NEXT_OF[code]])
        for code, sentence in rollouttexts.REASONS.items()
    }
