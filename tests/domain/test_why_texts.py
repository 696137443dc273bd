"""Why a pod is not well: what becomes of the cluster's own words, whatever they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pods.domain.health import TABLE
from pods.domain.oneline import MAX_MESSAGE_LENGTH, one_line
from pods.domain.why import why
from pods.domain.whytexts import REASONS
from tests.domain.builders import container, pod, running, terminated, waiting


@pytest.mark.parametrize("end", ["", "soon", "9999-99-99T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_deletion_time_that_makes_no_sense_is_shown_as_it_is(end: str) -> None:
    subject = pod(metadata={"deletionTimestamp": end, "deletionGracePeriodSeconds": 30})
    found = why(subject, "waiting", "Terminating")
    assert found is not None
    assert found.params == {"since": end, "grace": 30}


@given(st.text() | st.text(alphabet="a. \n\t\x1b\u202e\u2028", max_size=2000))
def test_messages_become_one_short_line(text: str) -> None:
    line = one_line(text)
    assert len(line) <= MAX_MESSAGE_LENGTH
    assert len(line.splitlines()) <= 1
    assert not set(line) & set("\x1b\u202e\u2028\n\r\t")


def test_what_a_registry_said_is_found_behind_any_number_of_words() -> None:
    """Nodes repeat the image in each layer of their message: together that is longer than what is shown."""
    name = f"registry.example.com/{'deep/' * 30}web:1"
    layers = f'failed to pull and unpack image "{name}": failed to resolve reference "{name}": '
    error = f"ErrImagePull: rpc error: code = NotFound desc = {layers}manifest unknown"
    subject = pod(container(waiting("ImagePullBackOff", f'Back-off pulling image "{name}": {error}')))
    found = why(subject, "failing", "ImagePullBackOff")
    assert found is not None
    assert (found.code, found.details[0].params) == ("image_not_found", {"message": "manifest unknown"})


def test_a_message_of_any_length_is_cut_with_a_sign() -> None:
    assert one_line("x" * 100_000) == "x" * (MAX_MESSAGE_LENGTH - 1) + "…"
    assert one_line("x" * MAX_MESSAGE_LENGTH) == "x" * MAX_MESSAGE_LENGTH


states = st.sampled_from(
    [
        {},
        running(),
        waiting(),
        waiting("CrashLoopBackOff"),
        waiting("ImagePullBackOff", "no"),
        terminated(),
        terminated(1, "Error"),
        terminated(200, signal=72),
    ]
)
containers = st.builds(container, states, name=st.just("c"), ready=st.booleans(), last=states)
phases = st.sampled_from(["", "Pending", "Running", "Failed", "Unknown"])


@given(
    phases,
    st.sampled_from([*TABLE, "Init:0/1", "Init:9/2", "Init:x", ""]),
    st.lists(containers, max_size=2),
    st.lists(containers, max_size=2),
)
def test_every_pod_that_is_not_well_has_a_sentence_without_holes(
    phase: str, status: str, main: list[dict[str, Any]], inits: list[dict[str, Any]]
) -> None:
    subject = pod(*main, phase=phase, inits=inits)
    found = why(subject, "failing", status)
    assert found is not None
    assert found.code in REASONS
    assert "{" not in found.summary
