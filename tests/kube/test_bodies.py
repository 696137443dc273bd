"""Whole bodies: compressed on the way, inflated within bounds, and refused in words where malformed."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web

from benchmarks.pods import fat_pod
from pods.domain.reasons import Reason
from pods.kube import body as bodies
from pods.kube.body import Body
from pods.kube.client import Encoding
from pods.kube.cluster import Cluster
from pods.kube.errors import BadAnswer
from pods.kube.objects import list_namespaces
from pods.kube.resource import PODS, TABLE
from pods.kube.source import ServerSource
from tests.cluster.control_plane import ControlPlane
from tests.kube.conftest import MakeCluster
from tests.kube.etcd import Etcd
from tests.kube.server import Server

MIB = 1024 * 1024
NAMESPACES = {"kind": "PartialObjectMetadataList", "metadata": {"resourceVersion": "7"}}


async def test_a_long_list_comes_compressed_and_is_the_same_list(
    cluster: Cluster, control_plane: ControlPlane, namespace: str
) -> None:
    """The API server compresses what is longer than 128 kB."""
    made = [fat_pod(namespace, number) for number in range(40)]
    etcd = Etcd(control_plane)
    for pod in made:  # one a revision: a list of the API server is consistent by revisions
        etcd.put([(f"/registry/pods/{namespace}/{pod['metadata']['name']}", pod)])
    encoding, compressed = await _listed(cluster, namespace, "gzip")
    assert encoding == "gzip"
    encoding, plain = await _listed(cluster, namespace, "identity")
    assert encoding is None
    assert len(plain) > 400_000
    assert _objects(compressed) == _objects(plain)


async def test_a_short_body_after_a_long_one_is_short(make_cluster: MakeCluster) -> None:
    """One buffer serves all pages: nothing of the last may show in the next."""
    pages = [b"long " * 100_000, b"short", b"", b"longer" * 200_000]
    sent = iter(pages)

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=gzip.compress(next(sent)), headers={"Content-Encoding": "gzip"})

    async with Server(handler) as server:
        cluster = make_cluster(ServerSource(server.url))
        body = Body()
        for page in pages:
            await _read(cluster, body)
            assert body.content() == page


async def test_a_body_that_swells_is_refused_and_lets_others_have_their_turn(
    make_cluster: MakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MAX_PAGE_BYTES", 64 * MIB)
    swollen = gzip.compress(bytes(128 * MIB), 1)
    assert len(swollen) < MIB

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=swollen, headers={"Content-Encoding": "gzip"})

    async with Server(handler) as server:
        body = Body()
        cluster = make_cluster(ServerSource(server.url))
        sizes: set[int] = set()
        watcher = asyncio.create_task(_watch_size(body, sizes), name="size of the body")
        try:
            with pytest.raises(BadAnswer) as refused:
                await _read(cluster, body)
        finally:
            watcher.cancel()
        assert "256 MiB" in refused.value.reason.sentence
        assert len(body.content()) <= 64 * MIB
        steps = sorted(sizes)
        print(f"seen at {len(steps)} sizes")
        longest = max(b - a for a, b in pairwise(steps))
        assert longest <= bodies.TURN_BYTES + 1032 * bodies.INFLATE_BYTES


@pytest.mark.parametrize(
    ("content", "encoding", "part"),
    [
        (b"no gzip at all", "gzip", "malformed"),
        (gzip.compress(json.dumps(NAMESPACES).encode())[:-9], "gzip", "cut off"),
        (b"", "gzip", "cut off"),
        (gzip.compress(b"{}") + gzip.compress(b"{}"), "gzip", "more than one"),
        (gzip.compress(b"{}") + b"more", "gzip", "more than one"),
        (zlib.compress(json.dumps(NAMESPACES).encode()), "deflate", "not asked for"),
    ],
    ids=["no gzip", "cut off", "empty", "two bodies", "more after it", "deflate"],
)
async def test_a_malformed_compressed_body_is_told_in_words(
    make_cluster: MakeCluster, content: bytes, encoding: str, part: str
) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=content, headers={"Content-Encoding": encoding})

    async with Server(handler) as server:
        with pytest.raises(BadAnswer) as refused:
            await list_namespaces(make_cluster(ServerSource(server.url)))
    assert part in refused.value.reason.sentence


def _objects(table: bytes) -> list[Any]:
    return [row["object"] for row in json.loads(table)["rows"]]


async def _listed(cluster: Cluster, namespace: str, encoding: Encoding) -> tuple[str | None, bytes]:
    """A list of pods as Tables: how it was encoded, and what it says."""
    body = Body()
    query = [("includeObject", "Object")]
    async with cluster.get(
        PODS.path(namespace),
        query,
        TABLE,
        verb="list",
        seconds=30.0,
        forbidden=Reason("forbidden"),
        encoding=encoding,
    ) as response:
        await body.read(response)
        return response.headers.get("Content-Encoding"), bytes(body.content())


async def _read(cluster: Cluster, body: Body) -> None:
    async with cluster.get(
        "/page", [], TABLE, verb="list", seconds=30.0, forbidden=Reason("forbidden"), encoding="gzip"
    ) as response:
        await body.read(response)


async def _watch_size(body: Body, sizes: set[int]) -> None:
    """Looks at how much was read, whenever there is a turn for it."""
    while True:
        sizes.add(len(body.content()))
        await asyncio.sleep(0)
