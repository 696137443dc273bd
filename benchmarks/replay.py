"""A server that replays recorded answers of an API server, over plain HTTP and with little CPU of its own.

An API server that encodes while the client reads competes with it for caches and cores, which shows in
the client's CPU seconds; one that only sends does not.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from pods.kube.resource import TABLE
from tests.cluster.control_plane import ControlPlane

PAGE = 500
RECORD_SECONDS = 300


@dataclass(frozen=True)
class Recording:
    """What the API server sent: a streaming list's events, compressed pages by token, and one whole list."""

    events: list[bytes]
    pages: dict[str, bytes]
    whole: bytes


async def record(control_plane: ControlPlane, path: str) -> Recording:
    """Asks the API server for each form once."""
    async with control_plane.admin_session() as session:
        timeout = aiohttp.ClientTimeout(total=RECORD_SECONDS)
        stream = {"watch": "true", "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        query = {"includeObject": "Object", "allowWatchBookmarks": "true", **stream}
        events: list[bytes] = []
        async with session.get(path, params=query, headers={"Accept": TABLE}, timeout=timeout) as response:
            rest = b""
            while not (events and b"initial-events-end" in events[-1]):
                *lines, rest = (rest + await response.content.readany()).split(b"\n")
                events += [line + b"\n" for line in lines]
        pages: dict[str, bytes] = {}
        token = ""
        while not pages or token:
            query = {"includeObject": "Object", "limit": str(PAGE), "continue": token}
            headers = {"Accept": TABLE, "Accept-Encoding": "gzip"}
            async with session.get(
                path, params=query, headers=headers, timeout=timeout, auto_decompress=False
            ) as response:
                page = await response.read()
                # What is shorter than 128 kB comes as it is.
                compressed = response.headers.get("Content-Encoding") == "gzip"
                pages[token] = page if compressed else gzip.compress(page, 1)
            token = json.loads(gzip.decompress(pages[token]))["metadata"].get("continue", "")
        async with session.get(path, timeout=timeout) as response:
            return Recording(events, pages, await response.read())


@contextmanager
def replaying(recording: Recording, folder: Path, namespace: str) -> Iterator[Path]:
    """Serves `recording` from a process of its own; gives a kubeconfig for it."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = multiprocessing.get_context("fork").Process(
        target=_serve, args=(listener, recording), daemon=True
    )
    server.start()
    listener.close()
    try:
        path = folder / "replay.kubeconfig"
        path.write_text(json.dumps(_kubeconfig(address, namespace)))
        yield path
    finally:
        server.terminate()
        server.join()


def _kubeconfig(address: str, namespace: str) -> dict[str, Any]:
    context = {"cluster": "replay", "user": "nobody", "namespace": namespace}
    return {
        "clusters": [{"name": "replay", "cluster": {"server": address}}],
        "users": [{"name": "nobody", "user": {}}],
        "contexts": [{"name": "test", "context": context}],
        "current-context": "test",
    }


def _serve(listener: socket.socket, recording: Recording) -> None:
    # Go's server sends each event as a chunk of its own.
    stream = b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in recording.events)
    while True:
        connection, _ = listener.accept()
        with connection:
            try:
                _answer_all(connection, recording, stream)
            except OSError:
                continue


def _answer_all(connection: socket.socket, recording: Recording, stream: bytes) -> None:
    received = b""
    while True:
        while b"\r\n\r\n" not in received:
            if not (piece := connection.recv(65536)):
                return
            received += piece
        head, _, received = received.partition(b"\r\n\r\n")
        query = parse_qs(urlsplit(head.split()[1].decode()).query)
        if "watch" in query:
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            connection.sendall(stream)
            continue
        body, encoding = recording.whole, "identity"
        if query.get("limit") == [str(PAGE)]:
            body, encoding = recording.pages[query.get("continue", [""])[0]], "gzip"
        elif "limit" in query:
            body = b'{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]}'
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (encoding.encode(), len(body))
        )
        connection.sendall(body)


def recorded(control_plane: ControlPlane, namespace: str) -> Recording:
    """Records the pods of `namespace`."""
    return asyncio.run(record(control_plane, f"/api/v1/namespaces/{namespace}/pods"))
