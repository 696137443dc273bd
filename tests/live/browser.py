"""A browser's state, merged as docs/contract.md says and in no other way than that.

Rollouts stand among the rows: their uids are apart.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

Rows = dict[str, dict[str, Any]]


class Moment(NamedTuple):
    """What a browser held when it got a token."""

    label: str
    token: str
    rows: Rows


class Browser:
    """Rows by namespace label. `frames` is all that came; `moments` whatever one might resume from."""

    def __init__(self) -> None:
        self.rows: dict[str, Rows] = {}
        self.frames: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.moments: list[Moment] = []
        self.tokens: dict[str, tuple[str, int | None]] = {}
        self._incoming: dict[str, Rows] = {}
        self._part: dict[str, int] = {}

    @classmethod
    def resuming(cls, moments: list[Moment]) -> "Browser":
        """A browser that comes back with what it held."""
        browser = cls()
        for moment in moments:
            browser.rows[moment.label] = dict(moment.rows)
        return browser

    async def receive(self, text: str) -> None:
        """Takes one frame; the portal's `send`."""
        frame = json.loads(text)
        self.frames.append(frame)
        self.sizes.append(len(text.encode()))
        merge: dict[str, Callable[[dict[str, Any]], None]]
        merge = {"snapshot": self._snapshot, "delta": self._delta, "feed": self._feed}
        merge[frame["type"]](frame)

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The frames of one type."""
        return [frame for frame in self.frames if frame["type"] == kind]

    def mentioned(self) -> tuple[set[str], set[str]]:
        """The namespaces of all rows and all the uids that ever came."""
        rows = [row for frame in self.frames for row in _told(frame)]
        gone = {uid for frame in self.frames for uid in frame.get("remove", ())}
        return {row["namespace"] for row in rows}, {row["uid"] for row in rows} | gone

    def _snapshot(self, frame: dict[str, Any]) -> None:
        label = frame["namespace"]
        if frame["part"] == 1:
            self._incoming[label], self._part[label] = {}, 0
        self._part[label] += 1
        assert frame["part"] == self._part[label], "parts come in order"
        self._incoming[label].update({row["uid"]: row for row in _told(frame)})
        self.tokens[label] = frame["token"], frame["part"]
        if frame["last"]:
            self.rows[label] = self._incoming.pop(label)
            self._remember(label, frame["token"])

    def _delta(self, frame: dict[str, Any]) -> None:
        label = frame["namespace"]
        assert label not in self._incoming, "a snapshot is not interrupted"
        rows = self.rows[label]
        for uid in frame["remove"]:
            rows.pop(uid, None)
        rows.update({row["uid"]: row for row in _told(frame)})
        assert not {row["uid"] for row in _told(frame)} & set(frame["remove"])
        self.tokens[label] = frame["token"], None
        self._remember(label, frame["token"])

    def _feed(self, frame: dict[str, Any]) -> None:
        if "token" in frame:
            self._remember(frame["namespace"], frame["token"])

    def _remember(self, label: str, token: str) -> None:
        self.moments.append(Moment(label, token, dict(self.rows[label])))


def _told(frame: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows and rollouts of a frame."""
    return [each for name in ("pods", "upsert", "rollouts") for each in frame.get(name, ())]
