"""The Row: one pod as the portal shows it, and as it travels to browsers and scripts.

The fields are those of docs/contract.md ("Row"). Rows are immutable: a change of a pod is a new
Row, and two equal Rows are the same news, so that what did not change sends nothing.
"""

from typing import Literal

import msgspec

Health = Literal["failing", "waiting", "running", "done"]

HEALTHS: tuple[Health, ...] = ("failing", "waiting", "running", "done")

_RANK: dict[Health, int] = {"failing": 0, "waiting": 1}

# docs/contract.md: "labels (at most 4 kB, else labels_cut true)".
MAX_LABEL_BYTES = 4096

ParamValue = str | int | float | None


class Owner(msgspec.Struct, frozen=True, gc=False):
    """What a pod belongs to: the Deployment rather than its ReplicaSet."""

    kind: str
    name: str


class Detail(msgspec.Struct, frozen=True, gc=False):
    """One more sentence about a pod that is not well, as code and parameters."""

    code: str
    params: dict[str, ParamValue]


class Next(msgspec.Struct, frozen=True, gc=False):
    """What to try next: a code with parameters, and the sentence in English."""

    code: str
    params: dict[str, ParamValue]
    summary: str


class Why(msgspec.Struct, frozen=True, gc=False):
    """Why a pod is not well: a code with parameters, and what is known beside it.

    `since` is when the pod came into this state, or None. `details` are further sentences, the most
    telling one first; `next` is what to try, or None. The page words all codes in its own language;
    `summary` is the reason and its details in English, for scripts.
    """

    code: str
    params: dict[str, ParamValue]
    summary: str
    since: str | None = None
    details: tuple[Detail, ...] = ()
    next: Next | None = None


class Row(msgspec.Struct, frozen=True, gc=False):
    """One pod. Times are RFC 3339 in UTC with `Z`, as the Kubernetes API gives them."""

    uid: str
    namespace: str
    name: str
    ready: str
    status: str
    restarts: int
    last_restart: str | None
    created: str | None
    ip: str | None
    node: str | None
    owner: Owner | None
    health: Health
    why: Why | None
    labels: dict[str, str]
    labels_cut: bool = False


def not_well_first(row: Row) -> tuple[int, str, str, str]:
    """The page's own order (static/js/pods/sort.js): failing, then waiting pods above the others, by name."""
    return _RANK.get(row.health, len(_RANK)), row.name, row.namespace, row.uid
