"""A WebSocket for which a test speaks, in the frames of docs/contract.md."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page, Route, WebSocketRoute

PART = 400
CONFIG = re.compile(r'(?<=<script id="portal-config" type="application/json">).*?(?=</script>)', re.DOTALL)


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def row(number: int, **more: Any) -> dict[str, Any]:
    """A pod that is well."""
    return {
        "uid": f"uid-{number}",
        "namespace": "shop",
        "name": f"web-{number:05}",
        "ready": "1/1",
        "status": "Running",
        "restarts": 0,
        "last_restart": None,
        "created": "2026-01-01T00:00:00Z",
        "ip": f"10.0.{number // 250}.{number % 250}",
        "node": f"node-{number % 7}",
        "owner": {"kind": "Deployment", "name": "web"},
        "health": "running",
        "why": None,
        "labels": {},
        "labels_cut": False,
    } | more


def rollout(name: str, kind: str = "Deployment", **more: Any) -> dict[str, Any]:
    """A workload whose three pods are there."""
    counts = dict.fromkeys(("desired", "updated", "ready", "available"), 3)
    return {
        "uid": f"uid-{kind}-{name}",
        "namespace": "shop",
        "kind": kind,
        "name": name,
        "created": "2026-01-01T00:00:00Z",
        **counts,
        "state": "done",
        "since": None,
        "why": None,
        "revisions": [],
    } | more


class Speaker:
    """Answers the page's socket: a feed frame, then a snapshot of `rows` and `rollouts`."""

    def __init__(
        self, page: Page, rows: list[dict[str, Any]], first: Callable[["Speaker"], None] | None = None
    ) -> None:
        self.rows = rows
        self.rollouts: list[dict[str, Any]] = []
        self.sockets: list[WebSocketRoute] = []
        self._tokens = 0
        self._first = first or Speaker.snapshot
        page.route_web_socket("**/ws/pods/**", self._opened)
        page.route("**/pods/?*", _without_rows)
        detail = {"pod": {"containers": [], "conditions": []}, "logs": False}
        page.route("**/api/v1/pods/*/*/*", lambda route: route.fulfill(json=detail))

    def _opened(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        self._first(self)

    def say(self, **frame: Any) -> None:
        self.sockets[-1].send(json.dumps(frame))

    def feed(self, state: str = "live", code: str | None = None, **params: Any) -> None:
        """The state of the feed; it has never been right where it is stale."""
        since = now() if state == "live" else None
        shown = {"reason_code": code, "params": params, "reason": code}
        self.say(type="feed", namespace="shop", state=state, since=since, now=now(), **shown)

    def snapshot(self) -> None:
        """Live, and all rows, in parts."""
        self.feed()
        parts = [self.rows[at : at + PART] for at in range(0, len(self.rows), PART)] or [[]]
        for number, pods in enumerate(parts, 1):
            last = number == len(parts)
            told = {"rollouts": self.rollouts} if number == 1 else {}
            self.say(type="snapshot", namespace="shop", token="t0", part=number, last=last, pods=pods, **told)

    def delta(
        self,
        upsert: list[dict[str, Any]],
        remove: tuple[str, ...] = (),
        rollouts: tuple[dict[str, Any], ...] = (),
    ) -> None:
        self._tokens += 1
        token = f"t{self._tokens}"
        frame = {"upsert": upsert, "remove": list(remove), "rollouts": list(rollouts)}
        self.say(type="delta", namespace="shop", token=token, **frame)


def _without_rows(route: Route) -> None:
    """The page as the portal makes it, but for the rows that it brings along: those are the demo's."""
    answer = route.fetch()

    def emptied(found: re.Match[str]) -> str:
        return json.dumps({**json.loads(found[0]), "first": None}).replace("<", "\\u003c")

    headers = {name: value for name, value in answer.headers.items() if name != "content-encoding"}
    route.fulfill(status=answer.status, headers=headers, body=CONFIG.sub(emptied, answer.text()))
