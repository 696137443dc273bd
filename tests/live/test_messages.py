"""What processes tell each other: read back as written, bounded, and refused where it is not ours."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pods.domain.pod import OwnerRef
from pods.domain.podevents import PodEvent
from pods.domain.reasons import Reason
from pods.domain.rollout import Revision
from pods.domain.row import Detail, Next, ParamValue, Why
from pods.domain.scope import Scope
from pods.kube.resource import PodRecord
from pods.kube.workloads import RolloutRecord
from pods.live.messages import (
    FORM,
    MAX_BYTES,
    RECORDS_PER_TURN,
    Ask,
    Batch,
    Beat,
    Foreign,
    Handover,
    Message,
    Part,
    decode,
    encode,
    pieces,
)
from pods.live.segments import Numbered
from tests.live.fakes import pod
from tests.live.workloads import rollout

HEAD: dict[str, Any] = {
    "form": FORM,
    "installation": "ours",
    "scope": Scope("kind", "pods", "shop"),
    "fence": 7,
}


def record(number: int, padding: int = 0) -> PodRecord:
    made = pod(
        str(number), controller=OwnerRef("ReplicaSet", "web-1", "rs"), labels={"é": "x"}, padding=padding
    )
    details = (Detail("said", {"count": 1}),)
    step = Next("look", {"at": "it"}, "Look.")
    params: dict[str, ParamValue] = {"image": "a:1", "seconds": 2.5, "none": None}
    why = Why("image", params, "The image …", "2026-01-01T00:00:00Z", details, step)
    event = PodEvent("e-1", "shop", str(number), "Failed", "no such image", "web", "2026-01-01T00:00:00Z")
    return msgspec.structs.replace(
        made,
        row=msgspec.structs.replace(made.row, why=why),
        version=2**63 + number,
        told_from="~",
        plain=Why("plain", {}, "Plain."),
        event=event,
    )


def told(uid: str) -> RolloutRecord:
    """A rollout with everything that it may have."""
    made = rollout(uid, labels={"é": "x"}, since="2026-01-01T00:00:00Z")
    revisions = (Revision("web-1", 2**40, 3, None, True), Revision("web-0", None, 1, 1, False))
    why = Why("quota", {"quota": "small"}, "The quota …", None, (), Next("look", {}, "Look."))
    whole = msgspec.structs.replace(made.rollout, revisions=revisions, why=why)
    return msgspec.structs.replace(made, rollout=whole, rolling=True)


def one_of_each() -> list[Message]:
    numbers = [Numbered(3, 1.5, {"1": "shop"})]
    reason = Reason("timed_out", {"seconds": 10})
    where: dict[str, Any] = {"epoch": 2**64 - 1, "offset": 4}
    state: dict[str, Any] = {"synced": True, "state": "stale", "since": 1.5, "reason": reason}
    picture: dict[str, Any] = {
        "picture": "p",
        "number": 1,
        "last": True,
        "floor": 2,
        "version": 9,
        "lineage": 0,
    }
    return [
        Batch(**HEAD, **where, upserted=[record(1)], removed={"2": "shop"}, rollouts=[told("r")]),
        Beat(**HEAD, **where, **state),
        Ask(**HEAD, picture="p"),
        Part(**HEAD, **where, **picture, records=[record(1)], numbers=numbers, rollouts=[told("r")]),
        Handover(**HEAD, **where),
    ]


@pytest.mark.parametrize("message", one_of_each(), ids=lambda message: type(message).__name__)
def test_a_message_is_read_back_as_it_was_written(message: Message) -> None:
    assert decode(encode(message), "ours") == message


@pytest.mark.parametrize("message", one_of_each(), ids=lambda message: type(message).__name__)
def test_what_is_not_ours_is_refused_by_name(message: Message) -> None:
    def reason(data: object) -> str:
        with pytest.raises(Foreign) as refused:
            decode(data, "ours")
        return refused.value.reason

    def changed(**fields: Any) -> bytes:
        return msgspec.msgpack.encode(msgspec.to_builtins(message) | fields)

    assert reason(changed(installation="theirs")) == "installation"
    assert reason(changed(form=FORM + 1, fence="of another form")) == "form"
    assert reason(changed(fence="7")) == "shape"
    assert reason(changed(scope=["kind", "pods"])) == "shape"
    assert reason(changed(type="unheard")) == "shape"
    assert reason(encode(message)[:-1]) == "shape"
    assert reason("text") == reason(None) == reason(b"") == "shape"
    assert decode(changed(more="of a later release"), "ours") == message


def test_the_form_is_what_releases_of_it_agree_on() -> None:
    """Fields may come, with defaults; what was written down of this form stays, or the form is another."""
    written = json.loads((Path(__file__).parent / f"wire_form_{FORM}.json").read_text())
    said = [msgspec.to_builtins(message) for message in one_of_each()]
    for old, new in zip(written, said, strict=True):
        read = decode(msgspec.msgpack.encode(old), "ours")
        assert_within(old, msgspec.to_builtins(read))
        assert_within(old, new)


def assert_within(old: Any, new: Any) -> None:
    """All that `old` has is in `new` as well, which may have more fields."""
    if isinstance(old, dict):
        for name, value in old.items():
            assert_within(value, new[name])
    elif isinstance(old, list):
        assert len(old) == len(new)
        for one, other in zip(old, new, strict=True):
            assert_within(one, other)
    else:
        assert old == new


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    with pytest.raises(Foreign):
        decode(data, "ours")


@given(st.lists(st.sampled_from((0, 10, 100_000, 400_000)), max_size=30), st.integers(0, 450))
def test_a_picture_is_cut_into_parts_that_are_short(paddings: list[int], small: int) -> None:
    records = [record(number, padding) for number, padding in enumerate([*paddings, *[0] * small])]
    numbers = [Numbered(number, 1.0, {"1": "shop"}) for number in range(small)]
    rollouts = [told(str(number)) for number in range(small)]
    cut = list(pieces(records, numbers, rollouts))
    assert [each for piece in cut for each in piece.records] == records
    assert [each for piece in cut for each in piece.numbers] == numbers
    assert [each for piece in cut for each in piece.rollouts] == rollouts
    for piece in cut:
        items = [*piece.records, *piece.numbers, *piece.rollouts]
        count = len(items)
        size = sum(len(msgspec.msgpack.encode(each)) for each in items)
        assert count == 1 or size <= MAX_BYTES
        assert count <= RECORDS_PER_TURN
