"""What is asked of a viewer: whether it shows what is true, was ever behind, and what it was told."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import aiohttp

from pods.kube.resource import TABLE
from tests.consumers.viewer import Viewer

Cells = tuple[str, ...]


class Watched:
    """One namespace label of a viewer."""

    def __init__(self, viewer: Viewer, label: str) -> None:
        self.viewer = viewer
        self.label = label

    def cells(self) -> dict[str, Cells]:
        """By uid: name, ready, status and restarts, as shown now."""
        return _cells(self.viewer.rows.get(self.label, {}))

    async def shows(self, truth: Mapping[str, Cells], deadline: float) -> float:
        """Waits until exactly this is shown; when that was (monotonic seconds, as `deadline`)."""
        await self.viewer.until(
            lambda: self.cells() == truth, f"{self.label} shows {truth}", deadline - time.monotonic()
        )
        return time.monotonic()

    async def live(self, deadline: float) -> float:
        """Waits until its feed is live; when that was."""
        await self.viewer.until(
            lambda: self.states()[-1:] and self.states()[-1][1] == "live",
            f"{self.label} is live",
            deadline - time.monotonic(),
        )
        return time.monotonic()

    def shown_when_live(self, since: float) -> list[dict[str, Cells]]:
        """What was shown each time that the feed was said to be live after `since`."""
        rows: dict[str, dict[str, Any]] = {}
        found = []
        for each in self.viewer.received:
            frame = each.frame
            if frame.get("namespace") != self.label:
                continue
            if frame["type"] == "snapshot":
                rows = {} if frame.get("part", 1) == 1 else rows
            elif frame["type"] == "feed" and frame["state"] == "live" and each.at > since:
                found.append(_cells(rows))
            rows |= {row["uid"]: row for row in _rows(frame)}
            for uid in frame.get("remove", ()):
                rows.pop(uid, None)
        return found

    def states(self, since: float = 0.0) -> list[tuple[float, str, str | None]]:
        """What was said of the feed after `since`: when, state, and the reason's code."""
        return [
            (each.at, each.frame["state"], each.frame.get("reason_code"))
            for each in self.viewer.received
            if each.frame["type"] == "feed" and each.frame["namespace"] == self.label and each.at >= since
        ]


async def tables(session: aiohttp.ClientSession, query: str = "") -> dict[str, dict[str, Cells]]:
    """What the API server prints of the pods that `query` selects, by namespace and uid."""
    found: defaultdict[str, dict[str, Cells]] = defaultdict(dict)
    async with session.get(f"/api/v1/pods{query}", headers={"Accept": TABLE}) as response:
        table = await response.json(content_type=None)
    for row in table["rows"] or ():
        about = row["object"]["metadata"]
        found[about["namespace"]][about["uid"]] = (*row["cells"][:3], str(row["cells"][3]).split(" ")[0])
    return found


def older_shown(viewer: Viewer) -> list[str]:
    """Where a pod was shown with fewer restarts than before: writers of these tests only ever count up."""
    newest: dict[str, int] = {}
    found: list[str] = []
    for frame in viewer.frames:
        for row in _rows(frame):
            if row["restarts"] < newest.get(row["uid"], 0):
                found.append(f"{row['name']}: {row['restarts']} after {newest[row['uid']]}")
            newest[row["uid"]] = row["restarts"]
    return found


def _cells(rows: dict[str, dict[str, Any]]) -> dict[str, Cells]:
    return {
        uid: (row["name"], row["ready"], row["status"], str(row["restarts"])) for uid, row in rows.items()
    }


def _rows(frame: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame.get("pods") or frame.get("upsert") or []
    return rows
