"""Refusals: every one opens the socket, says why in an `error` frame, and closes with its code."""

import asyncio
import json
import socket

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.cluster.control_plane import ControlPlane
from tests.consumers.browser import Browser
from tests.consumers.conftest import MAX_SOCKETS, PASSWORD, View
from tests.consumers.desk import Desk
from tests.consumers.viewer import Viewer
from tests.portal import PortalProcess

MANY = "&".join(f"namespace=test-{number}" for number in range(51))


async def _told(viewer: Viewer) -> tuple[int | None, str]:
    """The close code, and the code of the one frame before it."""
    code = await viewer.close_code()
    last = viewer.frames[-1]
    assert last["type"] == "error"
    assert last["final"] is True
    assert last["message"]
    return code, last["code"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "cluster=test",
        "cluster=test&namespace=Not_A_Name",
        "cluster=test&namespace=..",
        "cluster=test&namespace=",
        "cluster=test&namespace=*&namespace=test-a",
        "cluster=test&namespace=test-a&deployment=Bad_Name",
        "cluster=test&namespace=test-a&selector=a+in+(b",
        f"cluster=test&{MANY}",
    ],
)
async def test_an_address_that_means_nothing_is_4400(view: View, query: str) -> None:
    async with view(query) as viewer:
        assert await _told(viewer) == (4400, "bad_request")
        assert len(viewer.frames) == 1
        assert viewer.socket.subprotocol == "k8sportal.v1"


async def test_a_page_of_another_version_of_the_protocol_is_told_so_in_its_own(view: View) -> None:
    async with view("cluster=test&namespace=test-a", offers=("other.v9", "k8sportal.v9")) as viewer:
        assert await _told(viewer) == (4426, "other_version")
        assert viewer.socket.subprotocol == "k8sportal.v9"
        assert len(viewer.frames) == 1


async def test_who_is_not_signed_in_is_4401_whatever_was_asked(view: View) -> None:
    for query in ("cluster=test&namespace=default", "cluster=none&namespace=x", "namespace=*", "namespace=x"):
        async with view(query, None) as viewer:
            assert await _told(viewer) == (4401, "not_signed_in"), query


async def test_what_is_not_granted_is_4403_existing_or_not(view: View, admin: Browser) -> None:
    """Not even the words tell which of them exist."""
    words = set()
    for query in (
        "cluster=test&namespace=default",
        "cluster=test&namespace=absent",
        "cluster=no&namespace=x",
    ):
        async with view(query) as viewer:
            assert await _told(viewer) == (4403, "forbidden"), query
            params = viewer.frames[-1]["params"]
            words.add(viewer.frames[-1]["message"].replace("{namespace} in {cluster}".format(**params), "…"))
    assert words == {"You may not see …."}
    for query in ("cluster=test&namespace=absent", "cluster=no&namespace=x"):
        async with view(query, admin) as viewer:
            assert await _told(viewer) == (4404, "not_found"), query


async def test_what_a_silent_cluster_may_have_is_not_called_unknown(
    view: View, admin: Browser, dead_cluster: str
) -> None:
    """Who may see all is told to come back later, by socket, by HTTP and on the page."""
    address = f"cluster={dead_cluster}&namespace=never-seen"
    async with view(address, admin) as viewer:
        assert await _told(viewer) == (1013, "not_answering")
    answer = await asyncio.to_thread(admin.get, f"/api/v1/pods?{address}")
    assert (answer.status, answer.json()["error"]["code"]) == (503, "not_answering")
    for path in (f"/pods/?{address}", f"/pods/{dead_cluster}/never-seen/web/"):
        page = await asyncio.to_thread(admin.get, path)
        assert page.status == 503
        assert "does not answer" in page.body.decode()


async def test_a_namespace_made_after_the_last_look_is_found(
    view: View, admin: Browser, control_plane: ControlPlane, namespace: str
) -> None:
    """However short a while ago that look was: somebody has just asked for another one."""
    async with view("cluster=test&namespace=absent", admin) as viewer:
        assert await _told(viewer) == (4404, "not_found")
    made = control_plane.create_namespace(f"{namespace}-new")
    async with view(f"cluster=test&namespace={made}", admin) as viewer:
        await viewer.live(made)


async def test_a_granted_namespace_that_is_absent_is_empty(view: View, desk: Desk) -> None:
    desk.grant("engineers", "by-name")
    async with view("cluster=test&namespace=test-absent-by-glob&namespace=by-name") as viewer:
        await viewer.live("test-absent-by-glob", "by-name")
        assert viewer.names() == set()


async def test_one_refused_among_several_is_told_and_the_others_go_on(view: View, namespace: str) -> None:
    async with view(f"cluster=test&namespace={namespace}&namespace=kube-system") as viewer:
        await viewer.live(namespace)
        (error,) = viewer.of("error")
        assert (error["namespace"], error["final"], error["code"]) == ("kube-system", False, "forbidden")
        assert {frame["namespace"] for frame in viewer.of("feed")} == {namespace}
        assert viewer.closed_at is None


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"binary", 1003),
        ("no JSON", 1007),
        ("[1, 2]", 1007),
        ('"text"', 1007),
        ('{"type": "ack"}', 1007),
        ("[" * 2000, 1007),
        (json.dumps({"type": "x", "more": "y" * 4096}), 1009),
        (json.dumps({"type": "x", "more": "ü" * 2040}, ensure_ascii=False), 1009),
    ],
)
async def test_a_bad_frame_ends_the_socket_with_its_code(
    view: View, namespace: str, message: bytes | str, code: int
) -> None:
    async with view(f"cluster=test&namespace={namespace}") as viewer:
        await viewer.live(namespace)
        await viewer.socket.send(message)
        assert await viewer.close_code() == code


async def test_messages_beyond_their_rate_are_4429_and_acknowledgements_get_five_times_that(
    view: View, namespace: str
) -> None:
    async with view(f"cluster=test&namespace={namespace}") as viewer:
        await viewer.live(namespace)
        for _ in range(90):
            await viewer.send({"type": "ack", "token": viewer.tokens[namespace]})
        for _ in range(15):
            await viewer.send({"type": "other"})
        pong = await viewer.socket.ping()
        await asyncio.wait_for(pong, 5)
        assert viewer.closed_at is None
        for _ in range(40):
            await viewer.send({"type": "other"})
        assert await _told(viewer) == (4429, "too_many_messages")


async def test_one_socket_more_than_a_person_may_have_is_4429(
    view: View, portal: PortalProcess, desk: Desk, namespace: str
) -> None:
    """The others go on, and so does everybody else."""
    desk.person("collector", PASSWORD, "engineers")
    collector = Browser(portal).sign_in("collector", PASSWORD)
    held = [view(f"cluster=test&namespace={namespace}", collector) for _ in range(MAX_SOCKETS)]
    try:
        viewers = [await each.__aenter__() for each in held]
        for viewer in viewers:
            await viewer.live(namespace)
        async with view(f"cluster=test&namespace={namespace}", collector) as one_more:
            assert await _told(one_more) == (4429, "too_many_sockets")
        async with view(f"cluster=test&namespace={namespace}") as another:
            await another.live(namespace)
        assert all(viewer.closed_at is None for viewer in viewers)
    finally:
        await asyncio.gather(*(each.__aexit__(None, None, None) for each in held))

    def room() -> bool:
        return portal.metric("k8sportal_sockets") == 0

    await asyncio.to_thread(portal.wait_until, room, 5, "the places are free again")
    async with view(f"cluster=test&namespace={namespace}", collector) as again:
        await again.live(namespace)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/ws/pods/?namespace=test-a", {"Origin": "http://elsewhere.example"}),
        ("/ws/pods/?namespace=test-a", {"Origin": "http://127.0.0.1:1"}),
        ("/ws/pods/?namespace=test-a", {"Origin": "https://127.0.0.1:{port}"}),
        ("/ws/pods/?namespace=test-a", {"Origin": "null"}),
        ("/ws/pods/?namespace=test-a", {"Host": "elsewhere.example"}),
        ("/ws/other/", {}),
        ("/ws/pods/more/", {}),
        ("/ws/pods", {}),
        ("/", {}),
    ],
)
async def test_only_a_foreign_origin_a_wrong_host_and_an_unknown_path_are_refused_before_opening(
    portal: PortalProcess, engineer: Browser, path: str, headers: dict[str, str]
) -> None:
    before = portal.log().count("Traceback")
    headers = {name: value.format(port=portal.port) for name, value in headers.items()}
    answer = await asyncio.to_thread(_handshake, portal, path, {"Cookie": engineer.cookie, **headers})
    assert answer.split()[1] in ("403", "404")
    assert portal.log().count("Traceback") == before


async def test_our_own_origin_is_let_in(portal: PortalProcess, engineer: Browser, namespace: str) -> None:
    url = portal.ws(f"/ws/pods/?cluster=test&namespace={namespace}")
    for origin in (f"http://127.0.0.1:{portal.port}", f"HTTP://127.0.0.1:{portal.port}"):
        headers = {"Cookie": engineer.cookie}
        async with connect(url, proxy=None, origin=origin, additional_headers=headers) as socket:  # type: ignore[arg-type]
            assert json.loads(await socket.recv())["type"] == "feed"
    with pytest.raises(InvalidStatus):
        async with connect(url, proxy=None, origin="http://127.0.0.1"):  # type: ignore[arg-type]
            pass


def _handshake(portal: PortalProcess, path: str, headers: dict[str, str]) -> str:
    """The status line that answers a WebSocket handshake with exactly these headers."""
    lines = {
        "Host": f"127.0.0.1:{portal.port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        **headers,
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection(("127.0.0.1", portal.port), timeout=10) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\n{text}\r\n".encode())
        return client.recv(4096).decode("latin-1").splitlines()[0]
