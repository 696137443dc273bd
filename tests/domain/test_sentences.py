"""Sentences: codes, parameters and templates."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pods.domain.sentences import N_, render


def test_the_marker_changes_nothing() -> None:
    assert N_("The pod {name}.") == "The pod {name}."


def test_fields_are_filled_by_name() -> None:
    assert render("{name} has {n} of {n}.", {"name": "web", "n": 3}) == "web has 3 of 3."


def test_a_field_without_a_value_stays() -> None:
    assert render("{name} and {other}", {"name": "web"}) == "web and {other}"


def test_templates_reach_no_attributes_items_or_formats() -> None:
    for template in ("{name.__class__}", "{name[0]}", "{name!r}", "{name:>99}", "{}", "{0}", "{{name}}"):
        assert render(template, {"name": "w"}) == template.replace("{name}", "w")


@given(st.text())
def test_values_are_never_read_as_templates(value: str) -> None:
    assert render("<{a}>", {"a": value, "b": "x"}) == f"<{value}>"


@given(st.text())
def test_any_text_is_a_template(text: str) -> None:
    assert render(text, {}) == text
