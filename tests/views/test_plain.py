"""The plain table of pods: what it chooses, in which order, what it leaves out, and what it costs."""

import re
import time
from datetime import UTC, datetime

import msgspec
import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import QueryDict
from django.test import Client, RequestFactory

from pods.domain.reasons import SENTENCES, Reason
from pods.domain.row import Owner, ParamValue, Row, Why
from pods.live.status import FeedState
from pods.models import Cluster
from pods.plain import Taken, _answer
from pods.plainlist import MAX_WORDS, PAGE_ROWS, BadPage, Choice, page_of
from pods.rowwords import moment_words, next_words, reason_words, why_words
from pods.visits import Admitted, admit
from tests.domain.test_reasons_document import told
from tests.domain.why_cases import CASES
from tests.domain.why_states import Case
from tests.live.fakes import pod

MANY = 10_000
# What a page of them takes of the processor; a test allows five times that.
PAGE_CPU_SECONDS = 0.1
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def row(name: str, **more: object) -> Row:
    return msgspec.structs.replace(pod(f"uid-{name}", name=name).row, **more)


def readable(text: str) -> str:
    """A sentence of the API's with its times as people read them."""
    return TIME.sub(lambda one: moment_words(one[0]), text)


def chosen(query: str, rows: list[Row]) -> list[str]:
    return [one.name for one in page_of(rows, Choice.of(QueryDict(query))).rows]


ROWS = [
    row("web-1"),
    row("web-2", health="waiting", status="ContainerCreating"),
    row("api-1", health="failing", status="CrashLoopBackOff", node="node-7", ip="10.0.0.9"),
    row("job-1", health="done", status="Completed", owner=Owner("Job", "report")),
    row("api-2", namespace="team-a"),
]


def test_what_is_not_well_comes_first_then_the_names() -> None:
    assert chosen("", ROWS) == ["api-1", "web-2", "api-2", "job-1", "web-1"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("health=failing&health=waiting", ["api-1", "web-2"]),
        ("status=Completed&status=ContainerCreating", ["web-2", "job-1"]),
        ("q=WEB", ["web-2", "web-1"]),
        ("q=api+node-7", ["api-1"]),
        ("q=report", ["job-1"]),
        ("q=team-a", ["api-2"]),
        ("q=10.0.0.9", ["api-1"]),
        ("q=crashloop&health=running", []),
        ("health=never&status=", ["api-1", "web-2", "api-2", "job-1", "web-1"]),
    ],
)
def test_health_status_and_words_choose(query: str, names: list[str]) -> None:
    assert chosen(query, ROWS) == names


@pytest.mark.parametrize(
    ("query", "left_out", "words"),
    [
        ("q=web+status:Error+-node", ("status:Error", "-node"), ("web",)),
        ("q=%22two+words%22+label:a=%22b+c%22", ('"two words"', 'label:a="b c"'), ()),
        (
            "q=!web&sort=-age&group=node&columns=age&view=map",
            ("!web", "sort=-age", "group=node", "columns=age"),
            (),
        ),
        ("q=&sort=", (), ()),
        ("q=a+b+a", (), ("a", "b")),
        (
            f"q={'+'.join(f'w{number:02}' for number in range(MAX_WORDS + 2))}",
            (f"w{MAX_WORDS}", f"w{MAX_WORDS + 1}"),
            tuple(f"w{number:02}" for number in range(MAX_WORDS)),
        ),
    ],
)
def test_what_it_does_not_understand_is_named(
    query: str, left_out: tuple[str, ...], words: tuple[str, ...]
) -> None:
    choice = Choice.of(QueryDict(query))
    assert (choice.left_out, choice.words) == (left_out, words)


def test_counts_are_of_all_healths_whichever_is_chosen() -> None:
    page = page_of(ROWS, Choice.of(QueryDict("health=done&q=1")))
    assert page.counts == {"failing": 1, "running": 1, "done": 1}
    assert (page.matching, page.all) == (1, 5)


def test_pages_follow_one_another_without_a_gap_and_end_at_the_last() -> None:
    rows = [row(f"web-{number:04}") for number in range(2 * PAGE_ROWS + 1)]
    pages = [page_of(rows, Choice.of(QueryDict(f"page={number}"))) for number in (1, 2, 3, 9)]
    assert [len(page.rows) for page in pages] == [PAGE_ROWS, PAGE_ROWS, 1, 1]
    assert [one.name for page in pages[:3] for one in page.rows] == [one.name for one in rows]
    assert [(page.number, page.first, page.last) for page in pages[1:]] == [
        (2, 201, 400),
        (3, 401, 401),
        (3, 401, 401),
    ]
    empty = page_of([], Choice.of(QueryDict("")))
    assert (empty.pages, empty.first, empty.last) == (1, 0, 0)


@pytest.mark.parametrize("page", ["0", "-1", "x", "1.5", "", "٣", "9" * 12])
def test_a_page_that_is_no_number_is_refused(page: str) -> None:
    with pytest.raises(BadPage):
        Choice.of(QueryDict(f"page={page}"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_reasons_say_what_the_api_says_in_english(case: Case) -> None:
    found = msgspec.structs.replace(told(case), since=None)
    said = " ".join(filter(None, why_words(row("web", why=found))))
    assert said == readable(found.summary)
    assert next_words(found) == readable(found.next.summary if found.next else "")


def test_a_reason_of_a_later_release_is_told_in_its_own_words() -> None:
    assert why_words(row("web", why=Why("from_later", {}, "It is tired."))) == ("It is tired.", "")


def test_reasons_of_feeds_are_told_with_their_place() -> None:
    params: dict[str, ParamValue] = {
        "verbs": "list",
        "resource": "pods",
        "where": "namespace shop",
        "namespace": "shop",
    }
    assert (
        reason_words(Reason("forbidden", params))
        == "The portal's account may not list pods in namespace shop."
    )
    assert reason_words(Reason("first_list")) == SENTENCES["first_list"]
    assert reason_words(None) == ""


@pytest.mark.django_db
def test_the_page_leads_to_the_plain_table_with_its_whole_view(client: Client, demo: Cluster) -> None:
    content = client.get("/pods/?cluster=demo&namespace=*&q=web&health=failing").content.decode()
    href = 'href="/pods/plain/?cluster=demo&amp;namespace=*&amp;q=web&amp;health=failing"'
    assert content.count(href) == 2
    assert "<noscript>" in content
    assert href in content.split("<noscript>")[1].split("</noscript>")[0]


@pytest.mark.django_db
def test_one_pod_s_page_leads_to_its_row(client: Client, demo: Cluster) -> None:
    content = client.get("/pods/demo/shop/web-1.2/").content.decode()
    href = 'href="/pods/plain/?cluster=demo&amp;namespace=shop&amp;q=web-1.2"'
    assert href in content.split("<noscript>")[1].split("</noscript>")[0]
    assert chosen("cluster=demo&namespace=shop&q=web-1.2", [row("web-1.2"), row("web-1")]) == ["web-1.2"]


@pytest.mark.django_db
def test_a_page_of_ten_thousand_pods_costs_little(demo: Cluster) -> None:
    found = told(CASES[0])
    rows = [
        row(
            f"web-{number:05}",
            health="failing" if number % 3 == 0 else "running",
            why=None if number % 3 else found,
        )
        for number in range(MANY)
    ]
    request = RequestFactory().get("/pods/plain/?cluster=demo&namespace=shop&page=7&q=web")
    request.user, request.session = AnonymousUser(), SessionStore()
    admitted = admit(request)
    assert isinstance(admitted, Admitted)
    taken = Taken(rows, {"shop": FeedState("live", NOW, None)}, True, NOW)
    begin = time.process_time()
    response = _answer(admitted, Choice.of(request.GET), taken)
    took = time.process_time() - begin
    print(f"A page of {MANY} pods: {took:.3f} s of the processor, {len(response.content)} bytes.")
    assert response.content.count(b'role="rowheader"') == PAGE_ROWS
    assert b"1201 to 1400 of 10000, page 7 of 50" in response.content
    assert took < 5 * PAGE_CPU_SECONDS
