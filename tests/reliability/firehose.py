"""A Kubernetes API that speaks as fast as it is told to, for what no real API server could be made to do.

Two namespaces: in `flood` all pods change at each tick, with rows of about 4 kB, so many bytes a second;
in `calm` one pod changes at a time, and its label `sent` is when, in nanoseconds of the monotonic clock,
which is the same for all processes of a machine. In `quiet` nothing changes. Further ones may be asked
for whose names say how many pods they have, and how many of them change a second (`paced(1000, 5)`).

    with Firehose(bytes_per_second=20_000_000) as api:
        PortalProcess(api.kubeconfig)
        api.open_watches(), api.flood(0)
"""

import asyncio
import itertools
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.cluster.processes import free_port

FLOOD, CALM, QUIET = "flood", "calm", "quiet"
TICKS_PER_SECOND = 20
CALM_CHANGES_PER_SECOND = 20
CALM_PODS = 10
ROW_BYTES = 4_000
BOOKMARK_SECONDS = 30.0
START_SECONDS = 20.0

_COLUMNS = [{"name": name} for name in ("Name", "Ready", "Status", "Restarts")]
_LABELS = {f"label-{number:02}": "x" * 60 for number in range(50)}
_PACED = re.compile(r"p(\d+)-c(\d+)-\d+")
_BOOKMARK = {"metadata": {"resourceVersion": "1"}}
_END = {"metadata": {"annotations": {"k8s.io/initial-events-end": "true"}, "resourceVersion": "1"}}


def paced(pods: int, changes_per_second: int, number: int = 0) -> str:
    """The name of a namespace with so many pods and changes, the one of this number."""
    return f"p{pods}-c{changes_per_second}-{number}"


class Firehose:
    """That server as a process of its own."""

    def __init__(self, bytes_per_second: int = 0, namespaces: Sequence[str] = ()) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="k8sportal-firehose-")
        self.url = f"http://127.0.0.1:{free_port()}"
        self.kubeconfig = Path(self._folder.name) / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(_kubeconfig(self.url)))
        self._rate = bytes_per_second
        self._namespaces = namespaces
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        port = self.url.rpartition(":")[2]
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, port, str(self._rate), *self._namespaces]
        )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.open_watches()
            except OSError:
                if time.monotonic() > deadline:
                    self.__exit__(None, None, None)
                    raise
                time.sleep(0.05)
            else:
                return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def open_watches(self) -> int:
        """How many watches it serves now."""
        return int(self._ask("/watches"))

    def flood(self, bytes_per_second: int) -> None:
        """Changes how much comes from the namespace `flood`."""
        self._ask(f"/rate/{bytes_per_second}")

    def _ask(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            body: bytes = answer.read()
        return body


def _kubeconfig(url: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": url}}],
        "users": [{"name": "test", "user": {}}],
        "contexts": [
            {"name": "test", "context": {"cluster": "test", "user": "test", "namespace": FLOOD}},
        ],
    }


class _Api:
    """The server's side: who watches, and what they are sent."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.watches = 0
        self.versions = itertools.count(2)

    async def pods(self, request: web.Request) -> web.StreamResponse:
        """A streaming list, then changes at the namespace's pace."""
        namespace = request.match_info["namespace"]
        answer = await _stream(request)
        initial = request.query.get("sendInitialEvents") == "true"
        self.watches += 1
        try:
            for index in range(self._count(namespace) if initial else 0):
                await answer.write(_event(namespace, index, next(self.versions), "ADDED"))
            if initial:
                await answer.write(_line("BOOKMARK", _table([{"cells": [], "object": _END}])))
            await self._go_on(namespace, answer)
        except OSError:
            pass
        finally:
            self.watches -= 1
        return answer

    async def replicasets(self, request: web.Request) -> web.StreamResponse:
        """None, and none ever."""
        answer = await _stream(request)
        self.watches += 1
        try:
            end = {"kind": "PartialObjectMetadata", **_END}
            await answer.write(_line("BOOKMARK", end))
            while True:
                await asyncio.sleep(BOOKMARK_SECONDS)
                await answer.write(_line("BOOKMARK", {**end, **_BOOKMARK}))
        except OSError:
            return answer
        finally:
            self.watches -= 1

    async def _go_on(self, namespace: str, answer: web.StreamResponse) -> None:
        pace = _pace(namespace)
        if namespace == FLOOD:
            await self._flood(answer)
        elif pace:
            await self._trickle(answer, namespace, pace)
        else:
            await self._nothing(answer)

    def _count(self, namespace: str) -> int:
        if found := _PACED.fullmatch(namespace):
            return int(found[1])
        if namespace != FLOOD:
            return CALM_PODS
        return max(self.rate // TICKS_PER_SECOND // ROW_BYTES, CALM_PODS)

    async def _flood(self, answer: web.StreamResponse) -> None:
        """All pods at each tick; whoever reads slowly is sent less, as an API server would."""
        due = time.monotonic()
        while True:
            if self.rate:
                events = [
                    _event(FLOOD, index, next(self.versions), "MODIFIED")
                    for index in range(self._count(FLOOD))
                ]
                await answer.write(b"".join(events))
            due = max(due + 1 / TICKS_PER_SECOND, time.monotonic() - 1)
            await asyncio.sleep(due - time.monotonic())

    async def _trickle(self, answer: web.StreamResponse, namespace: str, pace: int) -> None:
        for number in itertools.count():
            await asyncio.sleep(1 / pace)
            index = number % self._count(namespace)
            await answer.write(_event(namespace, index, next(self.versions), "MODIFIED"))

    async def _nothing(self, answer: web.StreamResponse) -> None:
        while True:
            await asyncio.sleep(BOOKMARK_SECONDS)
            await answer.write(_line("BOOKMARK", _table([{"cells": [], "object": _BOOKMARK}])))


def _pace(namespace: str) -> int:
    """How many single changes a second there are."""
    if found := _PACED.fullmatch(namespace):
        return int(found[2])
    return CALM_CHANGES_PER_SECOND if namespace == CALM else 0


async def _stream(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    return answer


def _event(namespace: str, index: int, version: int, kind: str) -> bytes:
    labels = {"sent": str(time.monotonic_ns())} | (_LABELS if namespace == FLOOD else {})
    name = f"{namespace}-{index:05}"
    pod = {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"{name}-uid",
            "resourceVersion": str(version),
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": labels,
        },
        "spec": {"nodeName": "node-1"},
        "status": {"phase": "Running", "podIP": "10.0.0.1"},
    }
    return _line(kind, _table([{"cells": [name, "1/1", "Running", "0"], "object": pod}]))


def _table(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "Table", "columnDefinitions": _COLUMNS, "rows": rows}


def _line(kind: str, value: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": value}, separators=(",", ":")).encode() + b"\n"


def _namespaces(more: Sequence[str]) -> dict[str, Any]:
    items = [{"metadata": {"name": name, "uid": name}} for name in (FLOOD, CALM, QUIET, *more)]
    return {"kind": "PartialObjectMetadataList", "metadata": {"resourceVersion": "1"}, "items": items}


def _serve(port: int, rate: int, more: Sequence[str]) -> None:
    api = _Api(rate)

    async def change_rate(request: web.Request) -> web.Response:
        api.rate = int(request.match_info["rate"])
        return web.Response()

    async def count(_: web.Request) -> web.Response:
        return web.Response(text=str(api.watches))

    async def review(_: web.Request) -> web.Response:
        return web.json_response({"status": {"allowed": False}}, status=201)

    async def version(_: web.Request) -> web.Response:
        return web.json_response({"gitVersion": "v1.37.0"})

    async def namespaces(_: web.Request) -> web.Response:
        return web.json_response(_namespaces(more))

    app = web.Application()
    app.router.add_get("/version", version)
    app.router.add_get("/watches", count)
    app.router.add_get("/rate/{rate}", change_rate)
    app.router.add_get("/api/v1/namespaces", namespaces)
    app.router.add_get("/api/v1/namespaces/{namespace}/pods", api.pods)
    app.router.add_get("/apis/apps/v1/namespaces/{namespace}/replicasets", api.replicasets)
    app.router.add_post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    web.run_app(app, host="127.0.0.1", port=port, print=None, handler_cancellation=True)


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
