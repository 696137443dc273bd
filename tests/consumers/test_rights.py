"""Rights while connected: what is taken away stops within 2 seconds, what is given shows by itself."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.consumers.browser import Browser
from tests.consumers.conftest import PASSWORD, View
from tests.consumers.desk import Desk
from tests.consumers.viewer import Viewer
from tests.portal import PortalProcess
from tests.threads import beside

STOP_SECONDS = 2.0

Take = Callable[[Desk, Browser, str], None]


@pytest.fixture
def team(desk: Desk, namespace: str) -> str:
    """A group that may see `namespace` because of the name alone, and whose other grant is `NAME-b`."""
    desk.grant(f"team-{namespace}", namespace)
    desk.grant(f"team-{namespace}", f"{namespace}-b")
    desk.hide(namespace, hidden=False)
    return f"team-{namespace}"


@pytest.fixture
def member(portal: PortalProcess, desk: Desk, team: str) -> Browser:
    """Signed in, a member of the team, and of nothing else."""
    desk.person(f"member-of-{team}", PASSWORD, team)
    return Browser(portal).sign_in(f"member-of-{team}", PASSWORD)


@contextmanager
def busy(cluster: ControlPlane, namespace: str) -> Iterator[None]:
    """Something changes in the namespace ten times a second, so that frames that go on are seen."""

    def work(ended: threading.Event) -> None:
        for number in range(10_000):
            if ended.wait(0.1):
                return
            pods.label(cluster, namespace, "web", change=str(number))

    pods.create(cluster, namespace, "web")
    with beside(work, "busy"):
        yield


def _user(desk: Desk, browser: Browser, code: str) -> None:
    desk.run(
        "user = User.objects.get(pk=Session.objects.get(pk=key).get_decoded()['_auth_user_id'])\n" + code,
        key=browser.session_key,
    )


def _take_grant(desk: Desk, browser: Browser, namespace: str) -> None:
    desk.revoke(f"team-{namespace}", namespace)


def _hide(desk: Desk, browser: Browser, namespace: str) -> None:
    desk.hide(namespace)


def _leave_group(desk: Desk, browser: Browser, namespace: str) -> None:
    _user(desk, browser, "user.groups.clear()")


def _deactivate(desk: Desk, browser: Browser, namespace: str) -> None:
    _user(desk, browser, "user.is_active = False; user.save()")


def _change_password(desk: Desk, browser: Browser, namespace: str) -> None:
    _user(desk, browser, "user.set_password('another pass phrase'); user.save()")


def _delete_session(desk: Desk, browser: Browser, namespace: str) -> None:
    desk.run("Session.objects.get(pk=key).delete()", key=browser.session_key)


def _sign_out(desk: Desk, browser: Browser, namespace: str) -> None:
    browser.sign_out()


def _delete_user(desk: Desk, browser: Browser, namespace: str) -> None:
    _user(desk, browser, "user.delete()")


@pytest.mark.parametrize(
    ("take", "code"),
    [
        (_take_grant, 4403),
        (_hide, 4403),
        (_leave_group, 4403),
        (_deactivate, 4401),
        (_change_password, 4401),
        (_delete_session, 4401),
        (_sign_out, 4401),
        (_delete_user, 4401),
    ],
)
async def test_frames_stop_within_2_seconds(
    view: View,
    admin: Browser,
    desk: Desk,
    member: Browser,
    control_plane: ControlPlane,
    namespace: str,
    take: Take,
    code: int,
) -> None:
    """And the others go on: the superuser who looks at the same namespace."""
    with busy(control_plane, namespace):
        async with (
            view(f"cluster=test&namespace={namespace}", member) as viewer,
            _until_allowed(view, f"cluster=test&namespace={namespace}", admin) as other,
        ):
            await viewer.until(lambda: viewer.of("delta"), "changes come")
            await other.until(lambda: other.of("delta"), "changes come")
            await asyncio.to_thread(take, desk, member, namespace)
            taken_at = time.monotonic()
            assert await viewer.close_code() == code
            stopped_after = max(0.0, viewer.received[-1].at - taken_at)
            print(f"{take.__name__[1:]}: the last frame came {stopped_after:.2f} s after it was done")
            assert stopped_after < STOP_SECONDS
            error = viewer.frames[-1]
            assert (error["type"], error["final"]) == ("error", True)
            assert error["code"] == ("rights_taken" if code == 4403 else "signed_out")
            seen = len(other.of("delta"))
            await other.until(lambda: len(other.of("delta")) > seen + 2, "the other one's changes go on")


async def test_one_of_two_namespaces_taken_away_leaves_the_other(
    view: View, desk: Desk, member: Browser, control_plane: ControlPlane, namespace: str
) -> None:
    """The browser is told which, drops its rows, and gets them back when the grant is.

    Who may see one cluster only need not say which it is.
    """
    other = control_plane.create_namespace(f"{namespace}-b")
    pods.create(control_plane, namespace, "a")
    pods.create(control_plane, other, "b")
    async with view(f"namespace={namespace}&namespace={other}", member) as viewer:
        await viewer.sees("a", "b")
        snapshots = len(viewer.of("snapshot"))
        await asyncio.to_thread(desk.revoke, f"team-{namespace}", other)
        waited = await viewer.sees("a", seconds=STOP_SECONDS)
        print(f"told after {waited:.2f} s")
        assert viewer.of("error")[-1] | {"message": ""} == {
            "type": "error",
            "code": "rights_taken",
            "message": "",
            "params": {"namespace": other, "cluster": "test"},
            "final": False,
            "namespace": other,
        }
        await asyncio.to_thread(pods.create, control_plane, other, "b2")
        await asyncio.to_thread(pods.create, control_plane, namespace, "a2")
        await viewer.sees("a", "a2")
        assert len(viewer.of("snapshot")) == snapshots, "what was left was not sent again"
        await asyncio.to_thread(desk.grant, f"team-{namespace}", other)
        await viewer.sees("a", "a2", "b", "b2")


async def test_the_view_of_everything_follows_the_grants(
    view: View, desk: Desk, member: Browser, control_plane: ControlPlane, namespace: str
) -> None:
    """A namespace more shows by itself, one less goes; the browser learns it by a fresh snapshot."""
    other = control_plane.create_namespace(f"{namespace}-b")
    third = control_plane.create_namespace(f"{namespace}-c")
    for name in (namespace, other, third):
        pods.create(control_plane, name, f"in-{name}")
    async with view("cluster=test&namespace=*", member) as viewer:
        await viewer.sees(f"in-{namespace}", f"in-{other}")
        assert {frame["namespace"] for frame in viewer.frames} == {"*"}
        await asyncio.to_thread(desk.grant, f"team-{namespace}", third)
        more = await viewer.sees(f"in-{namespace}", f"in-{other}", f"in-{third}", seconds=4)
        await asyncio.to_thread(desk.hide, other)
        less = await viewer.sees(f"in-{namespace}", f"in-{third}", seconds=STOP_SECONDS)
        print(f"one more after {more:.2f} s, one less after {less:.2f} s")
        assert viewer.closed_at is None
        assert not viewer.of("error")
        await asyncio.to_thread(pods.create, control_plane, other, "unseen")
        await asyncio.to_thread(pods.create, control_plane, third, "seen")
        await viewer.sees(f"in-{namespace}", f"in-{third}", "seen")


@pytest.mark.parametrize("portal", ["daphne"], indirect=True)
async def test_a_glob_that_matches_nothing_yet_shows_what_comes(
    view: View, desk: Desk, portal: PortalProcess, control_plane: ControlPlane, namespace: str
) -> None:
    name = f"later-{namespace}"
    desk.grant(f"group-{name}", f"{name}*")
    desk.person(name, PASSWORD, f"group-{name}")
    person = Browser(portal).sign_in(name, PASSWORD)
    async with view("cluster=test&namespace=*", person) as viewer:
        await viewer.live("*")
        assert viewer.names() == set()
        control_plane.create_namespace(f"{name}-1")
        await asyncio.to_thread(pods.create, control_plane, f"{name}-1", "first")
        await viewer.sees("first")


@pytest.mark.parametrize("portal", ["daphne"], indirect=True)
async def test_a_cluster_changed_in_the_admin_takes_effect_on_open_sockets(
    view: View, desk: Desk, engineer: Browser, dead_cluster: str, control_plane: ControlPlane, namespace: str
) -> None:
    """At another address its viewers see that one's pods; off, they are sent away; on, it is watched anew."""
    pods.create(control_plane, namespace, "web")
    query = f"cluster={dead_cluster}&namespace={namespace}"
    before = desk.run(
        "row = Cluster.objects.get(name=name); result = [row.kind, row.server]", name=dead_cluster
    )
    change = """
row = Cluster.objects.get(name=name)
for field, value in fields.items():
    setattr(row, field, value)
row.save()
"""

    async def set_(**fields: object) -> None:
        await asyncio.to_thread(desk.run, change, name=dead_cluster, fields=fields)

    try:
        async with view(query) as viewer:
            await viewer.until(lambda: viewer.of("feed"), "the cluster is looked for")
            await set_(kind="kubeconfig", kubeconfig_paths=str(control_plane.kubeconfig), context="test")
            print(f"the other address's pods show after {await viewer.sees('web', seconds=10):.2f} s")
            await set_(enabled=False)
            print(f"closed {await _closed(viewer, 4403):.2f} s after it was switched off")
        await set_(enabled=True)
        async with _until_allowed(view, query, engineer) as viewer:
            await viewer.sees("web", seconds=10)
            await asyncio.to_thread(pods.create, control_plane, namespace, "web-2")
            await viewer.sees("web", "web-2")
    finally:
        await set_(kind=before[0], server=before[1], kubeconfig_paths="", context="", enabled=True)


async def _closed(viewer: Viewer, code: int) -> float:
    started = time.monotonic()
    assert await viewer.close_code() == code
    return time.monotonic() - started


@asynccontextmanager
async def _until_allowed(view: View, query: str, browser: Browser) -> AsyncIterator[Viewer]:
    """Connects anew until it is not refused: what the database says takes effect within 2 s."""
    deadline = time.monotonic() + STOP_SECONDS
    while True:
        async with view(query, browser) as viewer:
            await viewer.first()
            if viewer.frames[0]["type"] == "feed":
                yield viewer
                return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
