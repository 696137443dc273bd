"""Tokens: going on from where one was, by socket or from the rows that HTTP gave."""

import asyncio
import time
from typing import Any
from urllib.parse import quote

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.consumers.browser import Browser
from tests.consumers.conftest import View
from tests.consumers.desk import Desk

# Bounded by the window, a frame of parts more than it, and the heartbeats.
BOUND_BYTES = 620 * 1024
ATTEMPTS = 5


async def test_a_token_is_answered_with_what_changed_since(
    view: View, control_plane: ControlPlane, namespace: str
) -> None:
    pods.create(control_plane, namespace, "stays", "goes")
    async with view(f"cluster=test&namespace={namespace}") as viewer:
        await viewer.sees("stays", "goes")
        token = viewer.tokens[namespace]
        goes = viewer.row("goes")
    assert goes is not None
    assert len(token) <= 512
    await asyncio.to_thread(pods.delete, control_plane, namespace, "goes")
    await asyncio.to_thread(pods.create, control_plane, namespace, "comes")
    async with view(f"cluster=test&namespace={namespace}&resume={token}") as viewer:
        await viewer.sees("comes")
        assert not viewer.of("snapshot")
        assert goes["uid"] in [uid for frame in viewer.of("delta") for uid in frame["remove"]]
        assert viewer.frames[0]["type"] == "feed"


async def test_any_other_token_is_answered_with_a_snapshot(
    view: View, control_plane: ControlPlane, namespace: str
) -> None:
    pods.create(control_plane, namespace, "web")
    query = f"cluster=test&namespace={namespace}"
    async with view(query) as viewer, view(f"{query}&selector=a!%3Db") as filtered:
        await viewer.sees("web")
        await filtered.sees("web")
        token, other = viewer.tokens[namespace], filtered.tokens[namespace]
    forged = token[:-6] + ("AAAAAA" if token[-6:] != "AAAAAA" else "BBBBBB")
    ahead = token[:12] + "_" * 8 + token[20:]
    for wrong in (other, forged, ahead, "", "no token", "x" * 5000, "é\u0000", "=" * 34):
        async with view(f"{query}&resume={quote(wrong)}") as viewer:
            await viewer.sees("web")
            assert viewer.of("snapshot"), wrong


async def test_rows_by_http_go_on_by_socket(
    view: View, engineer: Browser, control_plane: ControlPlane, namespace: str
) -> None:
    """One namespace: `token`. Several: `tokens` and `feeds`, one a namespace."""
    other = control_plane.create_namespace(f"{namespace}-b")
    pods.create(control_plane, namespace, "a")
    pods.create(control_plane, other, "b")
    one = engineer.get(f"/api/v1/pods?cluster=test&namespace={namespace}").json()
    assert one.keys() == {"token", "feed", "pods", "rollouts"}
    assert [row["name"] for row in one["pods"]] == ["a"]
    both = f"cluster=test&namespace={namespace}&namespace={other}"
    # Somebody else looks all the while: what is resumed is held as long as the feed runs.
    async with view(both):
        two = await asyncio.to_thread(lambda: engineer.get(f"/api/v1/pods?{both}").json())
        assert two.keys() == {"token", "feed", "pods", "rollouts", "tokens", "feeds"}
        assert two["token"] is None
        assert two["tokens"].keys() == two["feeds"].keys() == {namespace, other}
        assert {row["name"] for row in two["pods"]} == {"a", "b"}
        await asyncio.to_thread(pods.create, control_plane, other, "b2")
        tokens = "".join(f"&resume={token}" for token in two["tokens"].values())
        async with view(f"{both}{tokens}") as viewer:
            await viewer.sees("b2")
            assert not viewer.of("snapshot")
            assert viewer.names(other) == {"b2"}


async def test_all_rows_by_http_go_on_by_socket(
    view: View, engineer: Browser, desk: Desk, control_plane: ControlPlane, namespace: str
) -> None:
    """Where a namespace of another test comes or goes meanwhile all is another view: then once more."""
    all_ = "cluster=test&namespace=*"
    pods.create(control_plane, namespace, "a")
    async with view(all_):
        for attempt in range(ATTEMPTS):
            everything = await asyncio.to_thread(_everything, engineer, desk, namespace)
            name = f"b{attempt}"
            await asyncio.to_thread(pods.create, control_plane, namespace, name)
            async with view(f"{all_}&resume={everything['token']}") as viewer:
                await viewer.until(lambda name=name: name in viewer.names("*"), name)  # type: ignore[misc]
                if not viewer.of("snapshot"):
                    assert viewer.names("*") == {name}
                    return
    pytest.fail("all rows came again each time")


def _everything(engineer: Browser, desk: Desk, *namespaces: str) -> Any:
    """The rows of all namespaces, once the portal knows of these."""
    for namespace in namespaces:
        desk.hide(namespace, hidden=False)
    deadline = time.monotonic() + 5
    while True:
        answer = engineer.get("/api/v1/pods?cluster=test&namespace=*").json()
        if set(namespaces) <= {row["namespace"] for row in answer["pods"]}:
            return answer
        assert time.monotonic() < deadline


async def test_a_large_picture_comes_in_parts_no_faster_than_it_is_acknowledged(
    view: View, control_plane: ControlPlane, namespace: str
) -> None:
    """Who acknowledges nothing gets a bounded amount; others get all; who begins to gets the rest."""
    await pods.create_many(control_plane, namespace, 300)
    query = f"cluster=test&namespace={namespace}"
    async with view(query, acks=False) as mute, view(query) as reader:
        await reader.until(lambda: len(reader.names()) == 300, "all rows", 10)
        snapshot = reader.of("snapshot")
        assert [frame["part"] for frame in snapshot] == list(range(1, len(snapshot) + 1))
        assert [frame["last"] for frame in snapshot] == [False] * (len(snapshot) - 1) + [True]
        assert len({frame["token"] for frame in snapshot}) == 1
        sizes = [each.size for each in reader.received if each.frame["type"] == "snapshot"]
        print(f"{sum(sizes) // 1024} KiB in {len(sizes)} parts, the largest of {max(sizes) // 1024} KiB")
        assert sum(sizes) > BOUND_BYTES
        await asyncio.to_thread(pods.create, control_plane, namespace, "later")
        await asyncio.to_thread(pods.delete, control_plane, namespace, "pod-0000")
        await reader.until(lambda: reader.row("later"), "the others are not held up")
        await reader.until(lambda: not reader.row("pod-0000"), "the others are not held up")
        seen = len(mute.of("feed"))
        await mute.until(lambda: len(mute.of("feed")) > seen, "heartbeats go on", 6)
        print(f"the mute one got {mute.size // 1024} KiB")
        assert mute.size < BOUND_BYTES
        assert not mute.names()
        assert "token" not in mute.of("feed")[-1]
        mute.acks = True
        parts = mute.of("snapshot")
        await mute.send({"type": "ack", "token": parts[-1]["token"], "part": parts[-1]["part"]})
        await mute.until(lambda: mute.names() == reader.names(), "it catches up", 10)


async def test_the_rows_are_compressed_where_asked(
    engineer: Browser, control_plane: ControlPlane, namespace: str
) -> None:
    """Also where namespaces, one of them empty, are put together from what each has compressed."""
    empty, other = (control_plane.create_namespace(f"{namespace}-{name}") for name in ("empty", "other"))
    pods.create(control_plane, namespace, *(f"web-{number}" for number in range(5)))
    pods.create(control_plane, other, *(f"db-{number}" for number in range(5)))
    for namespaces, count in (((namespace,), 5), ((empty, namespace, other), 10)):
        query = "&namespace=".join(namespaces)
        plain = engineer.get(f"/api/v1/pods?cluster=test&namespace={query}")
        packed = engineer.get(f"/api/v1/pods?cluster=test&namespace={query}", Accept_Encoding="gzip")
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        by_name = [sorted(each.json()["pods"], key=lambda row: str(row["name"])) for each in (plain, packed)]
        assert by_name[0] == by_name[1]
        assert len(by_name[0]) == count
        assert packed.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("portal", ["daphne"], indirect=True)
async def test_a_first_list_that_does_not_come_is_503(
    engineer: Browser, dead_cluster: str, silent_cluster: str
) -> None:
    """After 5 s, whatever it is that the cluster does not answer."""

    async def ask(query: str) -> None:
        started = time.monotonic()
        answer = await asyncio.to_thread(engineer.get, f"/api/v1/pods?{query}")
        waited = time.monotonic() - started
        print(f"{query}: {answer.status} after {waited:.1f} s")
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json()["error"].keys() == {"code", "params", "message"}
        assert waited < 7

    clusters = (dead_cluster, silent_cluster)
    queries = [f"cluster={name}&namespace={spaces}" for name in clusters for spaces in ("test-any", "*")]
    await asyncio.gather(*map(ask, queries))


def test_what_http_refuses_it_refuses_as_the_socket_does(
    engineer: Browser, admin: Browser, namespace: str
) -> None:
    nobody = Browser(engineer.portal)
    for browser, query, status, code in (
        (engineer, "cluster=test", 400, "bad_request"),
        (engineer, f"cluster=test&namespace={namespace}&selector=((", 400, "bad_request"),
        (nobody, "cluster=test&namespace=default", 401, "not_signed_in"),
        (nobody, "namespace=default", 401, "not_signed_in"),
        (engineer, "cluster=test&namespace=default", 403, "forbidden"),
        (engineer, "cluster=test&namespace=absent", 403, "forbidden"),
        (engineer, "cluster=no&namespace=absent", 403, "forbidden"),
        (engineer, f"cluster=test&namespace={namespace}&namespace=default", 403, "forbidden"),
        (admin, "cluster=test&namespace=absent", 404, "not_found"),
        (admin, "cluster=no&namespace=absent", 404, "not_found"),
    ):
        answer = browser.get(f"/api/v1/pods?{query}")
        assert (answer.status, answer.json()["error"]["code"]) == (status, code), query
        assert answer.json()["error"]["message"]
    assert engineer.get(f"/api/v1/pods?cluster=test&namespace={namespace}").json()["pods"] == []
