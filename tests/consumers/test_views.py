"""Saved views over HTTP: one's own alone, in one form, within limits; shared ones by the reader's rights."""

from collections.abc import Iterator
from typing import Any

import pytest

from pods.savedviews import MAX_VIEWS
from tests.consumers.browser import JSON, Answer, Browser
from tests.consumers.conftest import PASSWORD
from tests.consumers.desk import Desk
from tests.portal import PortalProcess

pytestmark = pytest.mark.parametrize("portal", ["daphne"], indirect=True)

VIEWS = "/api/v1/views"
QUERY = "cluster=test&namespace=test-a"
SOON_SECONDS = 10.0


@pytest.fixture(scope="module")
def colleague(portal: PortalProcess, desk: Desk, engineer: Browser) -> Browser:
    """Another one of the engineer's group."""
    desk.person("colleague", PASSWORD, "engineers")
    return Browser(portal).sign_in("colleague", PASSWORD)


@pytest.fixture(scope="module")
def stranger(portal: PortalProcess, desk: Desk) -> Browser:
    """Signed in, with a grant on `test-a` alone."""
    desk.person("stranger", PASSWORD, "strangers")
    desk.grant("strangers", "test-a")
    browser = Browser(portal).sign_in("stranger", PASSWORD)
    path = "/api/v1/pods?cluster=test&namespace=test-a"
    portal.wait_until(lambda: browser.get(path).status == 200, SOON_SECONDS, "the grant has taken effect")
    return browser


@pytest.fixture(autouse=True)
def none_left(engineer: Browser, colleague: Browser, stranger: Browser, desk: Desk) -> Iterator[None]:
    """Everybody begins without views."""
    yield
    desk.run("from pods.models import SavedView; SavedView.objects.all().delete()")


def send(
    browser: Browser, method: str, path: str, body: Any = None, forged: bool = False, kind: str = JSON
) -> Answer:
    """A request, sent again while there have been too many in a second."""
    last: list[Answer] = []

    def taken() -> bool:
        last[:] = [browser.send(method, path, body, forged, kind)]
        return last[0].status != 429

    browser.portal.wait_until(taken, SOON_SECONDS, f"{method} {path} is taken")
    return last[0]


def listed(browser: Browser) -> list[dict[str, Any]]:
    views: list[dict[str, Any]] = browser.get(VIEWS).json()["views"]
    return views


def make(browser: Browser, name: str, query: str = QUERY, **more: Any) -> dict[str, Any]:
    answer = send(browser, "POST", VIEWS, {"name": name, "query": query, **more})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json()
    return made


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json()["error"]["code"]


def test_a_view_is_made_listed_changed_and_deleted(engineer: Browser) -> None:
    made = make(engineer, "  Mine   and yours ", "?q=web&namespace=b&namespace=test-a&cluster=test&view=map")
    query = "cluster=test&namespace=b&namespace=test-a&q=web&view=map"
    assert (made["name"], made["query"], made["shared"], made["owner"]) == (
        "Mine and yours",
        query,
        False,
        None,
    )
    assert made["href"] == f"/pods/?{query}"
    assert listed(engineer) == [made]
    path = f"{VIEWS}/{made['id']}"
    renamed = send(engineer, "PATCH", path, {"name": "Ours"}).json()
    assert renamed == {**made, "name": "Ours", "updated": renamed["updated"]}
    assert renamed["updated"] > made["updated"]
    other = send(engineer, "PATCH", path, {"query": QUERY, "shared": True}).json()
    assert (other["name"], other["query"], other["shared"]) == ("Ours", QUERY, True)
    assert send(engineer, "DELETE", path).status == 204
    assert listed(engineer) == []
    assert refusal(send(engineer, "DELETE", path)) == (404, "no_such_view")


def test_what_a_view_holds_is_what_its_page_reads(engineer: Browser) -> None:
    query = (
        "cluster=test&namespace=test-a&deployment=web&selector=tier+in+%28a%2Cb%29&q=label%3Aapp%21%3Dweb+-age%3A%3E1d"
        "&health=failing&health=waiting&status=Init%3A0%2F2&sort=notwell%2C-label%3Aapp&group=none"
        "&columns=status%2Clabel%3Aapp.kubernetes.io%2Fname&view=map"
    )
    made = make(engineer, "All of it", query)
    assert make(engineer, "Again", made["query"])["query"] == made["query"]
    page = engineer.get(made["href"])
    assert page.status == 200
    everything = make(engineer, "Everything", "cluster=test&namespace=*")
    assert everything["query"] == "cluster=test&namespace=*"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "x", "query": ""}, "bad_view"),
        ({"name": "x", "query": "cluster=test"}, "bad_view"),
        ({"name": "x", "query": "cluster=test&namespace=.."}, "bad_view"),
        ({"name": "x", "query": f"{QUERY}&deployment=A_B"}, "bad_view"),
        ({"name": "x", "query": f"{QUERY}&selector=a==="}, "bad_view"),
        ({"name": "x", "query": f"{QUERY}&next=https://evil.example"}, "bad_view"),
        ({"name": "x", "query": f"{QUERY}&health=never"}, "bad_view"),
        ({"name": "x", "query": f"{QUERY}&health="}, "bad_view"),
        ({"name": "x", "query": f"{QUERY}&group=<script>"}, "bad_view"),
        ({"name": "x", "query": f"{QUERY}&sort=a&sort=b"}, "bad_view"),
        ({"name": "x", "query": f"{QUERY}&q=%0d%0aSet-Cookie:a"}, "bad_view"),
        ({"name": "x", "query": f"{QUERY}\x00"}, "bad_view"),
        ({"name": "x", "query": f"{QUERY}&q={'a' * 2000}"}, "bad_view"),
        ({"name": "x", "query": QUERY + "".join(f"&status={number}" for number in range(51))}, "bad_view"),
        ({"name": " ", "query": QUERY}, "bad_view"),
        ({"name": "a" * 81, "query": QUERY}, "bad_view"),
        ({"name": "a\x07", "query": QUERY}, "bad_view"),
        ({"name": "x"}, "bad_view"),
        ({"name": 1, "query": QUERY}, "bad_view"),
        ({"name": "x", "query": QUERY, "owner": 1}, "bad_view"),
        ({"name": "x", "query": QUERY, "shared": "yes"}, "bad_view"),
        ([], "bad_view"),
        (b"\xff", "bad_view"),
        (b"x" * 20_000, "bad_view"),
        ({"name": "x", "query": QUERY + "&" * 1_100}, "bad_view"),
    ],
)
def test_what_means_nothing_is_refused(engineer: Browser, body: Any, code: str) -> None:
    mine = make(engineer, "Mine")
    assert refusal(send(engineer, "POST", VIEWS, body)) == (400, code)
    if isinstance(body, dict) and body.keys() != {"name"}:
        assert refusal(send(engineer, "PATCH", f"{VIEWS}/{mine['id']}", body)) == (400, code)
    assert listed(engineer) == [mine]


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=b", "application/x-www-form-urlencoded", "text/plain"]
)
def test_what_is_not_json_is_refused(engineer: Browser, kind: str) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nMine\r\n--b--\r\n'
    assert refusal(send(engineer, "POST", VIEWS, body, kind=kind)) == (400, "bad_view")
    assert listed(engineer) == []


def test_nobody_keeps_a_view_of_what_they_may_not_see(engineer: Browser) -> None:
    for query in ("cluster=test&namespace=kube-system", "cluster=never&namespace=test-a"):
        assert refusal(send(engineer, "POST", VIEWS, {"name": "x", "query": query})) == (403, "forbidden")
    some = make(engineer, "Some", f"{QUERY}&namespace=kube-system")
    assert "kube-system" in some["query"]


def test_without_signing_in_or_without_the_token_nothing_is_told_or_done(
    portal: PortalProcess, engineer: Browser
) -> None:
    nobody, mine = Browser(portal), make(engineer, "Mine")
    path = f"{VIEWS}/{mine['id']}"
    assert refusal(nobody.get(VIEWS)) == (401, "not_signed_in")
    for browser, code in ((nobody, "forged"), (engineer, "forged")):
        for method, where in (("POST", VIEWS), ("PATCH", path), ("DELETE", path)):
            body = {"name": "x", "query": QUERY}
            assert refusal(send(browser, method, where, body, forged=True)) == (403, code)
    assert listed(engineer) == [mine]
    assert engineer.get(path).status == 405


def test_another_s_view_is_not_there_to_be_touched(engineer: Browser, colleague: Browser) -> None:
    private, shared = make(engineer, "Private"), make(engineer, "Shared", shared=True)
    for view in (private, shared):
        path = f"{VIEWS}/{view['id']}"
        assert refusal(send(colleague, "PATCH", path, {"name": "Mine"})) == (404, "no_such_view")
        assert refusal(send(colleague, "DELETE", path)) == (404, "no_such_view")
    assert listed(colleague) == [{**shared, "owner": "engineer"}]
    assert {view["name"] for view in listed(engineer)} == {"Private", "Shared"}


def test_a_shared_view_is_offered_to_those_who_may_see_all_of_it(
    engineer: Browser, colleague: Browser, stranger: Browser, admin: Browser
) -> None:
    make(engineer, "One", QUERY, shared=True)
    make(engineer, "Two", f"{QUERY}&namespace=test-b", shared=True)
    make(engineer, "Secret", f"{QUERY}&namespace=kube-system", shared=True)
    make(engineer, "Any", "cluster=test&namespace=*", shared=True)

    def offered(browser: Browser) -> list[str]:
        return [view["name"] for view in listed(browser) if view["owner"] == "engineer"]

    assert offered(colleague) == ["One", "Two"]
    assert offered(stranger) == ["One"]
    assert offered(admin) == ["Any", "One", "Secret", "Two"]


def test_a_shared_view_gives_no_right_and_goes_with_it(
    portal: PortalProcess, engineer: Browser, stranger: Browser, desk: Desk
) -> None:
    two = make(engineer, "Two", "cluster=test&namespace=test-b", shared=True)
    one = make(engineer, "One", QUERY, shared=True)
    assert stranger.get(two["href"]).status == 403
    assert [view["name"] for view in listed(stranger)] == ["One"]
    desk.revoke("strangers", "test-a")
    portal.wait_until(lambda: listed(stranger) == [], SOON_SECONDS, "it is not offered any more")
    assert stranger.get(one["href"]).status == 403
    desk.grant("strangers", "test-a")
    portal.wait_until(lambda: listed(stranger) != [], SOON_SECONDS, "it is offered again")


def test_names_are_one_s_own_and_views_are_limited(engineer: Browser, colleague: Browser, desk: Desk) -> None:
    make(engineer, "Mine")
    make(colleague, "Mine")
    assert refusal(send(engineer, "POST", VIEWS, {"name": "Mine ", "query": QUERY})) == (409, "view_exists")
    other = make(engineer, "Other")
    assert refusal(send(engineer, "PATCH", f"{VIEWS}/{other['id']}", {"name": "Mine"})) == (
        409,
        "view_exists",
    )
    fill = """
from pods.models import SavedView
owner = User.objects.get(username="engineer")
SavedView.objects.bulk_create(
    SavedView(owner=owner, name=f"view {number}", query=query, cluster="test") for number in range(count)
)
"""
    desk.run(fill, query=QUERY, count=MAX_VIEWS - 2)
    answer = send(engineer, "POST", VIEWS, {"name": "One more", "query": QUERY})
    assert refusal(answer) == (409, "too_many_views")
    assert answer.json()["error"]["params"] == {"limit": MAX_VIEWS}
    assert engineer.get(VIEWS).json()["limit"] == MAX_VIEWS
    assert send(engineer, "DELETE", f"{VIEWS}/{other['id']}").status == 204
    make(engineer, "One more")
