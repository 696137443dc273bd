"""Servers that are no Kubernetes API, or misbehave: named in words, asked seldom, and never believed."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from aiohttp import web

from pods.kube.errors import BadAnswer, KubeError, NotFound
from pods.kube.listwatch import ListWatch
from pods.kube.objects import fetch_replicaset, list_namespaces
from pods.kube.resource import PODS
from pods.kube.source import ServerSource
from tests.kube.conftest import MakeCluster
from tests.kube.server import Handler, Server, always
from tests.kube.viewer import requests_made, viewing

SECRET = "s3cr3t-in-the-answer"
REASON_SECONDS = 5.0
WATCHED_SECONDS = 2.0

COLUMNS = [{"name": name} for name in ("Name", "Ready", "Status", "Restarts", "Age")]


@pytest.mark.parametrize(
    ("handler", "code", "part"),
    [
        (
            always(200, f"<html>Please sign in {SECRET}</html>"),
            "bad_answer",
            "does not speak the Kubernetes API",
        ),
        (always(502, f"<html>Bad gateway {SECRET}</html>"), "server_error", "502"),
        (always(302, SECRET, {"Location": f"/login?{SECRET}"}), "bad_answer", "HTTP 302"),
        (always(404, SECRET), "not_found", "404"),
        (always(401, SECRET, {"WWW-Authenticate": SECRET}), "unauthorized", "401"),
        (always(429, SECRET, {"Retry-After": "17"}), "too_many_requests", "wait 17 s"),
        (always(200, '{"kind": "PodList", "items": []}\n'), "bad_answer", "Kubernetes API"),
    ],
)
async def test_a_wrong_answer_is_told_in_words_and_not_asked_for_again_at_once(
    make_cluster: MakeCluster, caplog: pytest.LogCaptureFixture, handler: Handler, code: str, part: str
) -> None:
    caplog.set_level("DEBUG")
    async with Server(handler) as server:
        async with viewing(make_cluster(ServerSource(server.url)), "default", synced=False) as viewer:
            await viewer.sees(
                lambda: viewer.state.reason is not None and viewer.state.reason.code == code,
                code,
                REASON_SECONDS,
            )
            state = viewer.state
            assert state.reason is not None
            assert part in state.reason.sentence
            assert state.state in ("catching_up", "stale")
            assert SECRET not in state.reason.sentence + caplog.text
            asked = len(server.asked)
            assert asked <= 6, "two scopes, two forms of the list each, and once more"


async def test_a_server_that_closes_every_watch_at_once_is_asked_seldom(make_cluster: MakeCluster) -> None:
    """A clean end is no reason for haste: the official client's Watch asked 7,206 times in 3 s."""
    async with Server(always(200)) as server:
        async with viewing(make_cluster(ServerSource(server.url)), "default", synced=False) as viewer:
            await asyncio.sleep(WATCHED_SECONDS)
            assert len(server.asked) <= 2 * 4, "two scopes, with pauses of 0.5 s and more, of 1 s, of 2 s"
            assert viewer.state.reason is not None
            assert viewer.state.reason.code == "closed_early"


async def test_retry_after_is_honoured(make_cluster: MakeCluster) -> None:
    async with Server(always(429, "", {"Retry-After": "60"})) as server:
        async with viewing(make_cluster(ServerSource(server.url)), "default", synced=False):
            await asyncio.sleep(WATCHED_SECONDS)
            assert len(server.asked) == 2, "one request of each scope"


async def test_a_redirect_is_not_followed(make_cluster: MakeCluster) -> None:
    """Whoever is redirected to is not the API server, and gets neither requests nor credentials."""
    async with Server(always(200, "{}")) as elsewhere:
        async with Server(always(307, "", {"Location": f"{elsewhere.url}/api/v1/namespaces"})) as server:
            with pytest.raises(BadAnswer):
                await list_namespaces(make_cluster(ServerSource(server.url)))
        assert elsewhere.asked == []


@pytest.mark.parametrize(
    "name", ["..", ".", "a/b", "default?x=", "default/../..", "%2e%2e", "Default", "", "*a"]
)
async def test_what_is_no_name_never_reaches_a_url(make_cluster: MakeCluster, name: str) -> None:
    async with Server(always(200, "{}")) as server:
        cluster = make_cluster(ServerSource(server.url))
        pods = ListWatch(cluster, PODS, name)
        with pytest.raises(NotFound):
            await anext(pods.pages())
        with pytest.raises(NotFound):
            await anext(pods.watch(None))
        with pytest.raises(NotFound):
            await fetch_replicaset(cluster, name, "web-5d4f")
        with pytest.raises(NotFound):
            await fetch_replicaset(cluster, "default", name)
        assert server.asked == []
        assert requests_made(cluster) == {}


async def test_a_streaming_list_that_never_ends_falls_back_to_pages_for_the_whole_cluster(
    make_cluster: MakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some servers take `sendInitialEvents` and never send the bookmark that ends them."""
    monkeypatch.setattr("pods.kube.listwatch.INITIAL_IDLE_SECONDS", 0.3)

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        if request.query.get("watch"):
            response = web.StreamResponse()
            await response.prepare(request)
            if request.query.get("sendInitialEvents"):
                await response.write(_event("ADDED", _table("web", "5")))
            await asyncio.sleep(60)
            return response
        if "replicasets" in request.path:
            return web.json_response(
                {"kind": "PartialObjectMetadataList", "metadata": {"resourceVersion": "7"}}
            )
        return web.json_response(_table("web", "5") | {"metadata": {"resourceVersion": "7"}})

    async with Server(handler) as server:

        def watched(namespace: str) -> set[str]:
            asked = [request for request in server.asked if namespace in request.path]
            return {
                request.query["resourceVersion"] for request in asked if "resourceVersion" in request.query
            }

        cluster = make_cluster(ServerSource(server.url))
        async with viewing(cluster, "default") as viewer:
            assert viewer.names() == {"web"}
            await viewer.sees(lambda: watched("default") == {"7"}, "watches from the list's version")
        async with viewing(cluster, "kube-system") as viewer:
            await viewer.sees(lambda: watched("kube-system") == {"7"}, "watches from the list's version")
        streamed = [request.path for request in server.asked if request.query.get("sendInitialEvents")]
        assert all("kube-system" not in path for path in streamed)


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n',
        b'{"type":"ERROR","object":{"kind":"Status","reason":"Gone"}}\n',
    ],
)
async def test_an_expired_version_in_an_event_is_answered_by_a_list(
    make_cluster: MakeCluster, line: bytes
) -> None:
    """Once at once; a server that says so for ever is asked with growing pauses."""
    lists: list[float] = []

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        if "/pods" not in request.path:
            raise web.HTTPForbidden
        response = web.StreamResponse()
        await response.prepare(request)
        if request.query.get("sendInitialEvents"):
            lists.append(time.monotonic())
            await response.write(_event("ADDED", _table("web", "5")) + _end("7"))
            await response.write(line)
        return response

    async with Server(handler) as server:
        async with viewing(make_cluster(ServerSource(server.url)), "default", synced=False) as viewer:
            await viewer.sees(lambda: len(lists) >= 2, "a second list")
            assert lists[1] - lists[0] < 0.5
            assert viewer.names() == {"web"}
            await asyncio.sleep(WATCHED_SECONDS)
            assert len(lists) <= 5


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"ADDED","object":{"kind":"Table","rows":[{"cells":["web"\n',
        b'{"type":"ADDED","object":{"kind":"Table"\n',
        b'{"type":"ERROR","object":null}\n',
        b'{"type":"ERROR","object":{}}\n',
        b'{"type":"SURPRISE","object":{}}\n',
        b'{"type":"MODIFIED","object":{"kind":"Table","columnDefinitions":[],"rows":[]}}\n',
        b"\xff\xfe\x00\n",
        b"[]\n",
    ],
)
async def test_garbage_in_a_watch_breaks_the_flow_and_loses_no_row(
    make_cluster: MakeCluster, caplog: pytest.LogCaptureFixture, line: bytes
) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        if "/pods" not in request.path:
            raise web.HTTPForbidden
        response = web.StreamResponse()
        await response.prepare(request)
        if request.query.get("sendInitialEvents"):
            await response.write(_event("ADDED", _table("web", "5")) + _end("7"))
        await response.write(line)
        return response

    async with Server(handler) as server:
        async with viewing(make_cluster(ServerSource(server.url)), "default", synced=False) as viewer:
            await viewer.sees(lambda: viewer.state.reason is not None, "a reason")
            await viewer.sees(lambda: viewer.names() == {"web"}, "its rows")
            await viewer.sees(lambda: viewer.state.state != "live", "not live")
            assert viewer.state.reason is not None
            assert viewer.state.reason.code in ("bad_answer", "server_error")
            assert "scope_failed" not in caplog.text


async def test_every_error_has_a_sentence_of_its_own(make_cluster: MakeCluster) -> None:
    status = 0

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, text=SECRET)

    async with Server(handler) as server:
        cluster = make_cluster(ServerSource(server.url))
        for status in (  # noqa: B007 (the handler's)
            400,
            401,
            403,
            404,
            405,
            406,
            410,
            415,
            418,
            422,
            429,
            500,
            502,
            503,
            504,
        ):
            with pytest.raises(KubeError) as refused:
                await list_namespaces(cluster)
            assert SECRET not in refused.value.reason.sentence + str(refused.value)
            assert "{" not in refused.value.reason.sentence


def _table(name: str, version: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default", "uid": f"uid-{name}", "resourceVersion": version}
    row = {"cells": [name, "1/1", "Running", "0", "1d"], "object": {"metadata": metadata}}
    return {"kind": "Table", "columnDefinitions": COLUMNS, "rows": [row]}


def _event(kind: str, obj: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": obj}, separators=(",", ":")).encode() + b"\n"


def _end(version: str) -> bytes:
    annotations = {"k8s.io/initial-events-end": "true"}
    metadata = {"resourceVersion": version, "annotations": annotations}
    return _event(
        "BOOKMARK",
        {"kind": "Table", "columnDefinitions": COLUMNS, "rows": [{"object": {"metadata": metadata}}]},
    )
