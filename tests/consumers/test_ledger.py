"""The live ledger of a real portal: who may see it and act on it, and that its figures are what there is."""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.consumers.browser import Browser
from tests.consumers.conftest import PASSWORD, View
from tests.consumers.desk import Desk
from tests.consumers.viewer import Viewer
from tests.portal import PortalProcess
from tests.watched import WATCHED

pytestmark = pytest.mark.parametrize("portal", ["daphne"], indirect=True)

LEDGER = "/api/v1/ledger"
END = f"{LEDGER}/end-viewer"
RESTART = f"{LEDGER}/restart-watch"
SETTLES_SECONDS = 20.0

GRANT = """
from django.contrib.auth.models import Permission
group = Group.objects.get_or_create(name=group)[0]
group.permissions.set(Permission.objects.filter(content_type__app_label="pods", codename__in=rights))
result = group.permissions.count()
"""


@pytest.fixture(scope="session")
def people(portal: PortalProcess, desk: Desk, engineer: Browser, admin: Browser) -> dict[str, Browser]:
    """Signed-in people by the rights they hold; `anonymous` has only been at the sign-in."""
    found = {"engineer": engineer, "superuser": admin, "anonymous": Browser(portal)}
    found["anonymous"].get("/login/")
    rights = {
        "ledger-viewer": ["view_ledger"],
        "actor": ["view_ledger", "act_on_ledger"],
        "blind": ["act_on_ledger"],
    }
    for name, codenames in rights.items():
        assert desk.run(GRANT, group=f"{name}s", rights=codenames) == len(codenames)
        desk.person(name, PASSWORD, f"{name}s")
        found[name] = Browser(portal).sign_in(name, PASSWORD)
    return found


@pytest.fixture
def actor(people: dict[str, Browser]) -> Browser:
    """May see the ledger and act on it, and no pod."""
    return people["actor"]


@pytest.fixture
def quiet(portal: PortalProcess) -> Iterator[None]:
    """Nobody of other tests is left, and nobody of this one in the end."""

    def alone() -> bool:
        return portal.metric("k8sportal_sockets") == portal.metric("k8sportal_upstream_watches") == 0

    portal.wait_until(alone, SETTLES_SECONDS, "nothing of other tests is left")
    yield
    portal.wait_until(alone, SETTLES_SECONDS, "nothing is left")
    assert portal.metric("k8sportal_reaped_total") == 0


def look(browser: Browser, query: str = "") -> Any:
    """The ledger as JSON."""
    answer = browser.get(f"{LEDGER}?{query}")
    assert answer.status == 200, answer.body
    return answer.json()


async def until(portal: PortalProcess, condition: Any, what: str) -> None:
    """Waits beside the loop, so that the viewers go on."""
    await asyncio.to_thread(portal.wait_until, condition, SETTLES_SECONDS, what)


@pytest.mark.parametrize(
    ("who", "seen", "acted"),
    [
        ("anonymous", (401, "not_signed_in"), (401, "not_signed_in")),
        ("engineer", (403, "operators_only"), (403, "operators_only")),
        ("blind", (403, "operators_only"), (403, "operators_only")),
        ("ledger-viewer", (200, None), (403, "operators_only")),
        ("actor", (200, None), (404, "gone")),
        ("superuser", (200, None), (404, "gone")),
    ],
)
def test_the_api_is_for_those_with_the_right(
    people: dict[str, Browser],
    who: str,
    seen: tuple[int, str | None],
    acted: tuple[int, str],
) -> None:
    browser = people[who]
    answer = browser.get(LEDGER)
    assert answer.status == seen[0]
    assert answer.headers["Content-Type"] == "application/json"
    assert "no-store" in answer.headers["Cache-Control"]
    if seen[1]:
        assert answer.json().keys() == {"error"}
        assert answer.json()["error"]["code"] == seen[1]
    viewer = browser.post(END, connection="00000000")
    watch = browser.post(RESTART, cluster="test", namespace="never-was")
    assert (viewer.status, watch.status) == (acted[0], acted[0])
    codes = [viewer.json()["error"]["code"], watch.json()["error"]["code"]]
    assert codes == (["viewer_gone", "watch_gone"] if acted[1] == "gone" else [acted[1]] * 2)


@pytest.mark.parametrize("who", ["anonymous", "actor", "superuser"])
def test_a_form_that_did_not_come_from_the_page_does_nothing(people: dict[str, Browser], who: str) -> None:
    for path in (END, RESTART):
        answer = people[who].post(
            path, forged=True, connection="00000000", cluster="test", namespace="default"
        )
        assert (answer.status, answer.json()["error"]["code"]) == (403, "forged")
        assert people[who].get(path).status == 405


def test_an_order_that_does_not_exist_is_a_bad_request(actor: Browser) -> None:
    for query in ("sockets_by=name", "watches_by=name"):
        answer = actor.get(f"{LEDGER}?{query}")
        assert (answer.status, answer.json()["error"]["code"]) == (400, "bad_request")


async def test_its_figures_are_what_the_viewers_got_and_the_process_holds(
    quiet: None,
    portal: PortalProcess,
    people: dict[str, Browser],
    actor: Browser,
    view: View,
    namespace: str,
    control_plane: ControlPlane,
) -> None:
    pods.create(control_plane, namespace, "one", "two", labels={"tier": "web"})
    query = f"cluster=test&namespace={namespace}"
    async with (
        view(query, acks=False) as silent,
        view(f"{query}&namespace=kube-system&selector=tier%3Dweb", people["superuser"]) as wide,
    ):
        await silent.live(namespace)
        await wide.live(namespace, "kube-system")
        found: dict[str, Any] = {}

        def same() -> bool:
            """Frames go on coming, so the ledger and the viewers are compared until both stand still."""
            found.update(look(actor))
            rows = {row["user"]: row for row in found["sockets"]["rows"]}
            pairs = [(rows.get("engineer"), silent), (rows.get("admin"), wide)]
            same = all(row and (row["frames"], row["bytes"]) == _got(viewer) for row, viewer in pairs)
            return same and found["totals"]["upstream_watches"] == 2 * len(WATCHED)  # pods open first

        await until(portal, same, "the ledger counts what the viewers got")
        rows = {row["user"]: row for row in found["sockets"]["rows"]}
        _check_sockets(rows, silent, namespace, portal)
        _check_watches(found["watches"], namespace)
        totals = found["totals"]
        assert (totals["sockets"], totals["lifecycles"], totals["watch_tasks"]) == (2, 2, 2)
        assert totals["reconciles"] is True
        assert (totals["subscriptions"], totals["feeds"]) == (3, 2)
        assert totals["upstream_watches"] == portal.metric("k8sportal_upstream_watches") == 2 * len(WATCHED)
        assert (totals["reaped"], totals["unneeded_watches"], totals["close_wait"]) == (0, 0, 0)
        # The ledger's own request is one connection more.
        await until(
            portal,
            lambda: look(actor)["totals"]["established"] == portal.established() + 1,
            "its connections are those that the kernel counts",
        )
        assert look(actor, f"q={namespace}+admin")["sockets"]["matching"] == 1


def _got(viewer: Viewer) -> tuple[int, int]:
    return len(viewer.received), viewer.size


def _check_sockets(rows: dict[str, Any], silent: Viewer, namespace: str, portal: PortalProcess) -> None:
    opened = [json.loads(line) for line in portal.log().splitlines() if '"socket_opened"' in line][-2:]
    assert {row["connection"] for row in rows.values()} == {line["connection"] for line in opened}
    engineer, admin = rows["engineer"], rows["admin"]
    assert (engineer["cluster"], engineer["namespaces"], engineer["filter"]) == ("test", [namespace], "")
    assert (admin["namespaces"], admin["filter"]) == ([namespace, "kube-system"], "tier=web;")
    assert engineer["address"] == "127.0.0.1"
    owed = sum(each.size for each in silent.received if each.frame["type"] in ("snapshot", "delta"))
    assert engineer["unacknowledged_bytes"] == owed > 0
    assert 0 <= engineer["last_frame_seconds"] <= engineer["waiting_seconds"] <= engineer["age_seconds"]


def _check_watches(table: Any, namespace: str) -> None:
    assert (table["count"], table["matching"]) == (2 * len(WATCHED),) * 2
    rows = {(row["namespace"], row["resource"]): row for row in table["rows"]}
    assert rows.keys() == {(name, resource) for name in (namespace, "kube-system") for resource in WATCHED}
    for (name, _), row in rows.items():
        assert (row["cluster"], row["state"], row["reason"], row["restarts"]) == ("test", "live", None, 0)
        assert row["users"] == (2 if name == namespace else 1)
        assert int(row["version"]) > 0
        if row["resource"] != "events":  # of which there may be none since the list
            assert row["age_seconds"] >= row["last_event_seconds"] >= 0
    assert rows[namespace, "pods"]["events"] >= 3, "two pods, and the end of the list"


async def test_one_click_ends_one_viewer_and_no_other(
    quiet: None, portal: PortalProcess, actor: Browser, view: View, namespace: str
) -> None:
    query = f"cluster=test&namespace={namespace}"
    async with view(query) as ended, view(query) as gone_before:
        await ended.live(namespace)
        await gone_before.socket.close()
        await until(portal, lambda: look(actor)["sockets"]["count"] == 1, "the other one has left")
        (row,) = look(actor)["sockets"]["rows"]
        async with view(query) as stays:
            await stays.live(namespace)
            answer = await asyncio.to_thread(actor.post, END, connection=row["connection"])
            assert answer.status == 200
            assert await ended.close_code(SETTLES_SECONDS) == 1001
            assert (ended.frames[-1]["code"], ended.frames[-1]["final"]) == ("ended_by_operator", True)
            await until(portal, lambda: look(actor)["sockets"]["count"] == 1, "the ended one is gone")
            again = await asyncio.to_thread(actor.post, END, connection=row["connection"])
            assert (again.status, again.json()["error"]["code"]) == (404, "viewer_gone")
            assert look(actor)["sockets"]["rows"][0]["connection"] != row["connection"]
            assert stays.closed_at is None
    (line,) = _logged(portal, "viewer_ended_by_operator", connection=row["connection"])
    assert (line["by"], line["user"]) == ("actor", "engineer")
    (line,) = _logged(portal, "socket_closed", connection=row["connection"])
    assert (line["code"], line["closed_by"]) == (1001, "portal")


async def test_one_click_restarts_a_watch_under_its_viewers(
    quiet: None,
    portal: PortalProcess,
    actor: Browser,
    view: View,
    namespace: str,
    control_plane: ControlPlane,
) -> None:
    pods.create(control_plane, namespace, "one", "two")
    async with view(f"cluster=test&namespace={namespace}") as viewer:
        await viewer.live(namespace)
        await viewer.sees("one", "two")
        await until(
            portal,
            lambda: portal.metric("k8sportal_upstream_watches", namespace=namespace) == len(WATCHED),
            "all is watched",
        )
        before = _row(actor)
        ended, watched = _ended_watches(control_plane), control_plane.longrunning_watches("pods")
        counted, came = (
            portal.metric("k8sportal_upstream_watch_ends_total", cluster="test"),
            len(viewer.received),
        )
        answer = await asyncio.to_thread(actor.post, RESTART, cluster="test", namespace=namespace)
        assert answer.status == 200

        def anew() -> bool:
            """The API server has ended one watch of pods, and holds as many as before."""
            return (
                _ended_watches(control_plane) == ended + 1
                and control_plane.longrunning_watches("pods") == watched
                and _row(actor)["state"] == "live"
                and _row(actor)["watch"] not in (None, before["watch"])
            )

        await until(portal, anew, "the API server holds a new watch")
        assert _row(actor)["restarts"] == before["restarts"] + 1
        assert portal.metric("k8sportal_upstream_watch_ends_total", cluster="test") == counted + len(WATCHED)
        pods.create(control_plane, namespace, "three")
        await viewer.sees("one", "two", "three")
        since = [each.frame for each in viewer.received[came:]]
        sent = [row["name"] for frame in since for row in (*frame.get("upsert", ()), *frame.get("pods", ()))]
        assert set(sent) == {"three"}, "no row came that did not change"
    (line,) = _logged(portal, "watch_restarted_by_operator", namespace=namespace)
    assert (line["by"], line["cluster"]) == ("actor", "test")


def _row(browser: Browser) -> Any:
    """The one watch of pods."""
    (row,) = [row for row in look(browser)["watches"]["rows"] if row["resource"] == "pods"]
    return row


def _ended_watches(cluster: ControlPlane) -> int:
    """Watches of pods that the API server has answered to their end."""
    found = re.findall(r"^apiserver_request_total\{([^}]*)\} (\S+)$", cluster.metrics(), re.MULTILINE)
    return int(
        sum(float(n) for labels, n in found if 'resource="pods"' in labels and 'verb="WATCH"' in labels)
    )


def _logged(portal: PortalProcess, event: str, **fields: str) -> list[Any]:
    """The lines of the log that tell of `event` with these fields."""
    lines = [json.loads(line) for line in portal.log().splitlines() if f'"{event}"' in line]
    return [line for line in lines if fields.items() <= line.items()]
