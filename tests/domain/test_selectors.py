"""Label selectors: kubectl's grammar and its corners."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pods.domain.selectors import (
    MAX_REQUIREMENTS,
    MAX_SELECTOR_LENGTH,
    MAX_VALUES,
    SENTENCES,
    LabelSelector,
    Requirement,
    SelectorError,
    parse_selector,
)

LABELS = {"app": "web", "tier": "front", "empty": "", "level": "7", "shop.example.com/Team_1": "a.b-c"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("  \t", True),
        ("app", True),
        ("!app", False),
        ("! nothing", True),
        ("nothing", False),
        ("app=web", True),
        ("app==web", True),
        (" app = web ", True),
        ("app=Web", False),
        ("app!=web", False),
        ("app!=api", True),
        ("nothing!=x", True),
        ("app in (api, web)", True),
        ("app in(web)", True),
        ("app in (api)", False),
        ("nothing in (a)", False),
        ("app notin (api,db)", True),
        ("app notin (web)", False),
        ("nothing notin (a)", True),
        ("app=web,tier=front", True),
        ("app=web,tier=back", False),
        ("empty=", True),
        ("empty=,app", True),
        ("app=", False),
        ("nothing=", False),
        ("empty in ()", True),
        ("empty in (,a)", True),
        ("empty in (a,)", True),
        ("empty in (a,,b)", True),
        ("app notin ()", True),
        ("level>6", True),
        ("level > 7", False),
        ("level<8", True),
        ("app>1", False),
        ("nothing<9", False),
        ("shop.example.com/Team_1=a.b-c", True),
    ],
)
def test_matches_as_kubectl_does(text: str, expected: bool) -> None:
    assert parse_selector(text).matches(LABELS) is expected


def test_in_and_notin_are_names_where_no_operator_can_stand() -> None:
    assert parse_selector("in in (in,notin)").matches({"in": "notin"})
    assert parse_selector("notin=in,!x").matches({"notin": "in"})


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        (",a", "selector_expected_key", 0),
        ("a,", "selector_expected_key", 2),
        ("a,,b", "selector_expected_key", 2),
        ("!!a", "selector_expected_key", 1),
        ("=a", "selector_expected_key", 0),
        ("a b", "selector_expected_operator", 2),
        ("a(b)", "selector_expected_operator", 1),
        ("a=b=c", "selector_expected_comma", 3),
        ("!a=b", "selector_expected_comma", 2),
        ("a=b c", "selector_expected_comma", 4),
        ("a=!b", "selector_expected_value", 2),
        ("a=(b)", "selector_expected_value", 2),
        ("a in b", "selector_expected_list", 5),
        ("a in", "selector_expected_list", 4),
        ("a in (b", "selector_open_list", 7),
        ("a in (b c)", "selector_open_list", 8),
        ("a in (b=c)", "selector_open_list", 7),
        ("a in (!b)", "selector_expected_value", 6),
        ('a="b"', "selector_bad_value", 2),
        ("a='b c'", "selector_bad_value", 2),
        ("a=-b", "selector_bad_value", 2),
        ("a=b.", "selector_bad_value", 2),
        ("a=b/c", "selector_bad_value", 2),
        ("a=" + "v" * 64, "selector_bad_value", 2),
        ("a=é", "selector_bad_value", 2),
        ("a=\x00", "selector_bad_value", 2),
        ("-a", "selector_bad_key", 0),
        ("a/b/c", "selector_bad_key", 0),
        ("/a", "selector_bad_key", 0),
        ("a/", "selector_bad_key", 0),
        ("Example.com/a", "selector_bad_key", 0),
        ("k" * 64, "selector_bad_key", 0),
        ("a" * 254 + "/b", "selector_bad_key", 0),
        ("a>b", "selector_bad_integer", 2),
        ("a>", "selector_bad_integer", 2),
        ("a<9223372036854775808", "selector_bad_integer", 2),
        ("a=" + "b" * MAX_SELECTOR_LENGTH, "selector_too_long", MAX_SELECTOR_LENGTH),
    ],
)
def test_says_what_is_wrong_and_where(text: str, code: str, position: int) -> None:
    with pytest.raises(SelectorError) as caught:
        parse_selector(text)
    assert (caught.value.code, caught.value.position) == (code, position)
    assert "{" not in caught.value.message
    assert len(caught.value.message) < 200


def test_lengths_at_their_limits_are_allowed() -> None:
    assert parse_selector("k" * 63 + "=" + "v" * 63)
    assert parse_selector("a" * 253 + "/b")
    assert parse_selector("a<9223372036854775807").matches({"a": "9223372036854775806"})


def test_the_number_of_requirements_is_bounded() -> None:
    assert parse_selector(",".join(f"k{i}" for i in range(MAX_REQUIREMENTS)))
    with pytest.raises(SelectorError) as caught:
        parse_selector(",".join(f"k{i}" for i in range(MAX_REQUIREMENTS + 1)))
    assert caught.value.code == "selector_too_many"
    assert parse_selector(f"k in ({','.join(f'v{i}' for i in range(MAX_VALUES))})")
    with pytest.raises(SelectorError) as caught:
        parse_selector(f"k in ({','.join(f'v{i}' for i in range(MAX_VALUES + 1))})")
    assert caught.value.code == "selector_too_many_values"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("b=1,a=1", "a=1,b=1"),
        ("a==1, a = 1", "a=1"),
        ("a in (z, b ,z)", "a in (b,z)"),
        ("a in (b)", "a=b"),
        ("a notin (b)", "a!=b"),
        ("a in (b,)", "a in (,b)"),
        ("a in ()", "a="),
        ("! a,b", "!a,b"),
        ("a >5", "a>5"),
    ],
)
def test_equal_selectors_have_one_form(text: str, canonical: str) -> None:
    assert str(parse_selector(text)) == canonical
    assert parse_selector(canonical) == parse_selector(text)
    assert hash(parse_selector(canonical)) == hash(parse_selector(text))


names = st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,5}[A-Za-z0-9])?", fullmatch=True)
values = names | st.just("") | st.integers(0, 2**63 - 1).map(str)
requirements = st.one_of(
    st.builds(Requirement, names, st.sampled_from(["exists", "!"])),
    st.builds(
        Requirement,
        names,
        st.sampled_from(["in", "notin"]),
        st.sets(values, min_size=1, max_size=4).map(lambda found: tuple(sorted(found))),
    ),
    st.builds(
        Requirement, names, st.sampled_from([">", "<"]), st.integers(0, 2**63 - 1).map(lambda n: (str(n),))
    ),
)


@given(st.sets(requirements, max_size=6).map(lambda found: LabelSelector(tuple(sorted(found)))))
def test_the_canonical_form_parses_to_the_same(selector: LabelSelector) -> None:
    assert parse_selector(str(selector)) == selector


@given(st.text(alphabet="ab!=<>(), \t.-_/in'\"é1", max_size=30) | st.text(max_size=40))
def test_any_text_is_parsed_or_refused_within_its_bounds(text: str) -> None:
    error = None
    try:
        selector = parse_selector(text)
    except SelectorError as refusal:
        error = refusal
    if error is None:
        assert parse_selector(str(selector)) == selector
    else:
        assert 0 <= error.position <= len(text)
        assert error.code in SENTENCES


@given(st.dictionaries(names, values, max_size=5), st.sets(requirements, max_size=5))
def test_a_selector_matches_where_every_requirement_does(
    labels: dict[str, str], wanted: set[Requirement]
) -> None:
    selector = LabelSelector(tuple(sorted(wanted)))
    assert selector.matches(labels) is all(one.matches(labels) for one in wanted)
