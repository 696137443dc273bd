"""Filters of a view."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pods.domain.row import Owner, Row
from pods.domain.selectors import SelectorError
from pods.domain.viewfilter import ViewFilter

ROW = Row(
    uid="u",
    namespace="shop",
    name="web-1",
    ready="1/1",
    status="Running",
    restarts=0,
    last_restart=None,
    created=None,
    ip=None,
    node=None,
    owner=Owner("Deployment", "web"),
    health="running",
    why=None,
    labels={"app": "web"},
)


def test_no_filter_lets_everything_through() -> None:
    assert ViewFilter().matches(ROW, {})
    assert ViewFilter.parse("", " ") == ViewFilter()
    assert ViewFilter().key() == ""


def test_deployment_means_the_owner_of_that_kind_and_name() -> None:
    view = ViewFilter.parse("web")
    assert view.matches(ROW, ROW.labels)
    assert not ViewFilter.parse("we").matches(ROW, ROW.labels)
    assert not view.matches(msgspec.structs.replace(ROW, owner=None), ROW.labels)
    assert not view.matches(msgspec.structs.replace(ROW, owner=Owner("ReplicaSet", "web")), ROW.labels)


def test_the_selector_sees_all_labels_and_not_those_of_the_row() -> None:
    view = ViewFilter.parse("", "zone=b")
    cut = msgspec.structs.replace(ROW, labels={}, labels_cut=True)
    assert view.matches(cut, {"zone": "b"})
    assert not view.matches(cut, cut.labels)


def test_both_must_match() -> None:
    view = ViewFilter.parse("web", "app=web")
    assert view.matches(ROW, {"app": "web"})
    assert not view.matches(ROW, {"app": "api"})
    assert not ViewFilter.parse("api", "app=web").matches(ROW, {"app": "web"})


def test_a_bad_selector_is_refused() -> None:
    with pytest.raises(SelectorError):
        ViewFilter.parse("web", "app in")


texts = st.sampled_from(["", "app=web", "app = web", "app in (web)", "app,!b", "!b,app", "a notin (x,y)"])
deployments = st.sampled_from(["", "web", "api", ";web", "app=web"])


@given(deployments, texts, deployments, texts)
def test_keys_are_equal_where_filters_are(d1: str, s1: str, d2: str, s2: str) -> None:
    one, other = ViewFilter.parse(d1, s1), ViewFilter.parse(d2, s2)
    assert (one.key() == other.key()) is (one == other)
    assert (hash(one) == hash(other)) or one != other
