"""The frames' fields as docs/contract.md lists them, and their exact types.

Unknown fields are errors here, and numbers do not pass for text: what the portal sends must be what
the document says, no more and no less.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "contract.md"

Time = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]
Token = Annotated[str, msgspec.Meta(max_length=512, min_length=1)]
Params = dict[str, str | int | float | None]


class Owner(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    name: str


class Detail(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    params: Params


class Next(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    params: Params
    summary: str


class Why(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    params: Params
    summary: str
    since: Time | None
    details: list[Detail]
    next: Next | None


class Row(msgspec.Struct, forbid_unknown_fields=True):
    uid: str
    namespace: str
    name: str
    ready: Annotated[str, msgspec.Meta(pattern=r"^\d+/\d+$")]
    status: str
    restarts: int
    last_restart: Time | None
    created: Time | None
    ip: str | None
    node: str | None
    owner: Owner | None
    health: Literal["failing", "waiting", "running", "done"]
    why: Why | None
    labels: dict[str, str]
    labels_cut: bool


class Revision(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    revision: int | None
    desired: int
    ready: int | None
    current: bool


class Rollout(msgspec.Struct, forbid_unknown_fields=True):
    uid: str
    namespace: str
    kind: Literal["Deployment", "StatefulSet", "DaemonSet", "Job"]
    name: str
    created: Time | None
    desired: int
    updated: int
    ready: int
    available: int
    state: Literal["done", "progressing", "stuck", "paused"]
    since: Time | None
    why: Why | None
    revisions: Annotated[list[Revision], msgspec.Meta(max_length=5)]


class Snapshot(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="snapshot"):
    namespace: str
    token: Token
    pods: list[Row]
    part: Annotated[int, msgspec.Meta(ge=1)]
    last: bool
    rollouts: list[Rollout] | msgspec.UnsetType = msgspec.UNSET


class Delta(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="delta"):
    namespace: str
    token: Token
    upsert: list[Row]
    remove: list[str]
    rollouts: list[Rollout] | msgspec.UnsetType = msgspec.UNSET


class Feed(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="feed"):
    namespace: str
    state: Literal["catching_up", "live", "stale"]
    since: Time | None
    reason_code: str | None
    params: Params
    reason: str | None
    now: Time
    token: Token | msgspec.UnsetType = msgspec.UNSET
    version: str | msgspec.UnsetType = msgspec.UNSET


class Error(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="error"):
    code: str
    message: str
    params: Params
    final: bool
    namespace: str | msgspec.UnsetType = msgspec.UNSET


Frame = Snapshot | Delta | Feed | Error


def check_frame(frame: Any) -> Frame:
    """The frame with its type. Raises msgspec.ValidationError where it is not as documented."""
    return msgspec.convert(frame, Frame)


def documented_frames() -> dict[str, set[str]]:
    """Frame types and their fields, from the table "from the server"."""
    table = CONTRACT.read_text().split("| from the server | fields |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE)
    return {kind: _names(fields) for kind, fields in rows}


def documented_row() -> set[str]:
    """The fields of a row, from the paragraph "Row"."""
    text = re.search(r"^\*\*Row\*\*: (.*?)\. ", CONTRACT.read_text(), re.MULTILINE)
    assert text is not None
    return _names(re.sub(r"\([^()]*\)", _kept, text[1]))


def documented_rollout() -> set[str]:
    """The fields of a rollout, from the paragraph "Rollout"."""
    text = re.search(r"^\*\*Rollout\*\*: (.*?)\. One for", CONTRACT.read_text(), re.MULTILINE)
    assert text is not None
    return _names(re.sub(r"\([^()]*\)", "", re.sub(r"\([^()]*\)", "", text[1])))


def documented_close_codes() -> list[int]:
    """Every code of the paragraph "Close codes", in order."""
    text = re.search(r"^\*\*Close codes\*\*(.*)$", CONTRACT.read_text(), re.MULTILINE)
    assert text is not None
    return sorted(int(code) for code in re.findall(r"\b[14]\d{3}\b", text[1]))


def _kept(parenthesis: re.Match[str]) -> str:
    """Of what stands in parentheses only one thing names a field beside the one that it explains."""
    return "`labels_cut`" if "`labels_cut`" in parenthesis[0] else ""


def _names(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", text))
