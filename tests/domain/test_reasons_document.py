"""docs/reasons.md: every case gives the sentences that the document says, and every sentence has a case."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pods.domain.health import health
from pods.domain.oneline import lasting, without_layers
from pods.domain.pod import PodObject
from pods.domain.podevents import PodEvent, explain, told_from
from pods.domain.row import Why
from pods.domain.why import why
from pods.domain.whytexts import DETAILS, NEXT, REASONS, SENTENCES
from tests.domain.builders import T3, pod
from tests.domain.why_cases import CASES
from tests.domain.why_states import Case

DOCUMENT = Path(__file__).parents[2] / "docs" / "reasons.md"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Told(NamedTuple):
    """What the document says of one case."""

    reason: str
    next: str


def documented() -> dict[str, Told]:
    """The table of cases, by their names."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]*) \|$", DOCUMENT.read_text(), re.MULTILINE)
    found = {name: Told(reason, step) for name, reason, step in rows if not set(name) <= {"-", ":"}}
    found.pop("a pod's case")
    return found


def as_documented(found: Why) -> Told:
    """The sentences as the document writes them: times differ, and a bar would end a cell."""
    step = found.next.summary if found.next is not None else ""
    return Told(*(_TIME.sub("(time)", text).replace("|", "/") for text in (found.summary, step)))


def subject(case: Case) -> PodObject:
    """The pod of a case."""
    spec = {key: value or "" for key, value in case.spec.items() if key == "nodeName"}
    metadata: dict[str, Any] = {"finalizers": list(case.finalizers)}
    if case.deleted:
        metadata |= {"deletionTimestamp": T3, "deletionGracePeriodSeconds": 30}
    return pod(spec={**case.spec, **spec}, metadata=metadata, **_status(case))


def _status(case: Case) -> dict[str, Any]:
    names = {"phase": "phase", "conditions": "conditions", "initContainerStatuses": "inits"}
    return {names.get(key, key): value for key, value in case.pod_status.items()}


def told(case: Case) -> Why:
    """Why the case's pod is not well, with its warning."""
    one = subject(case)
    found = why(one, health(one, case.ready, case.status), case.status)
    assert found is not None
    if case.warned is None:
        return found
    word, message, container, at = case.warned
    event = PodEvent("e-1", "shop", "u-1", word, lasting(without_layers(message)), container, at)
    return explain(found, event, told_from(one, found)) if event.is_telling else found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_gives_what_the_document_says(case: Case) -> None:
    assert as_documented(told(case)) == documented()[case.name]


def test_every_case_is_documented_once_and_no_other() -> None:
    assert [case.name for case in CASES] == list(documented())


def test_every_sentence_has_a_case() -> None:
    codes: set[str] = set()
    for found in map(told, CASES):
        codes |= {found.code, *(one.code for one in found.details)}
        codes |= {found.next.code} if found.next else set()
    assert codes == set(SENTENCES)


def test_no_code_is_two_sentences() -> None:
    assert len(SENTENCES) == len(REASONS) + len(DETAILS) + len(NEXT)
