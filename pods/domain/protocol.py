"""The frames of `k8sportal.v1` and the close codes, as docs/contract.md has them."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Literal

import msgspec

from pods.domain.reasons import Reason
from pods.domain.rollout import Rollout
from pods.domain.row import Row
from pods.domain.sentences import N_, render

SUBPROTOCOL = "k8sportal.v1"
# What the names of all its versions begin with. In each of them `error` and the close codes are as here.
ANY_SUBPROTOCOL = "k8sportal."


class CloseCode(IntEnum):
    """Why the portal ends a socket. Whether a client should come back is said at each."""

    NORMAL = 1000  # no: the client left
    GOING_AWAY = 1001  # yes, jittered
    PROTOCOL_ERROR = 1002  # no
    UNSUPPORTED_DATA = 1003  # no: a binary frame
    INVALID_DATA = 1007  # no: no UTF-8, no JSON, no object
    TOO_BIG = 1009  # no
    INTERNAL_ERROR = 1011  # yes, jittered
    SERVICE_RESTART = 1012  # yes, jittered
    TRY_AGAIN_LATER = 1013  # later
    BAD_REQUEST = 4400  # no
    NOT_SIGNED_IN = 4401  # after signing in
    FORBIDDEN = 4403  # no
    NOT_FOUND = 4404  # no
    SLOW_VIEWER = 4408  # yes
    OTHER_VERSION = 4426  # later: only other versions of the subprotocol were offered
    TOO_MANY = 4429  # later


# What the portal counts where the peer vanished without a close frame (never sent on the wire).
VANISHED = 1006

ERROR_SENTENCES: dict[str, str] = {
    "bad_request": N_("This address is not understood: {detail}."),
    "not_signed_in": N_("Sign in to see this."),
    "signed_out": N_("Your session has ended. Sign in again."),
    "forbidden": N_("You may not see {namespace} in {cluster}."),
    "logs_forbidden": N_("You may not read the logs of {namespace} in {cluster}."),
    "rights_taken": N_("You may no longer see {namespace} in {cluster}."),
    "not_found": N_("The portal does not know {name}."),
    "not_answering": N_("{cluster} does not answer, so it is not known whether {namespace} exists."),
    "not_configured": N_("The cluster {cluster} is not configured any more."),
    "unavailable": N_("The portal cannot read its database. The page comes back by itself."),
    "slow_viewer": N_("This page could not keep up and has to start again."),
    "other_version": N_("This page is of another version than the portal. Reload it."),
    "too_many_sockets": N_("Too many pages are open: at most {limit} at once."),
    "too_many_messages": N_("Too many messages: at most {limit} a second."),
    "frame_too_big": N_("A message was too long: at most {limit} bytes."),
    "binary_frame": N_("Messages must be text."),
    "bad_frame": N_("A message was not understood."),
    "ended_by_operator": N_(
        "An operator of the portal ended this connection. The page comes back by itself."
    ),
    "restarting": N_("The portal is restarting. The page comes back by itself."),
    "internal": N_("The portal failed at this. The page comes back by itself."),
    "no_such_pod": N_("There is no pod {name} here, or no longer."),
    "not_told": N_("The Kubernetes API does not tell it: {reason}"),
    "not_ready": N_("The first list of pods has not come yet."),
    "operators_only": N_("This is for operators of the portal."),
    "forged": N_("The page that sent this is too old, or not the portal's own. Reload it."),
    "bad_view": N_("This cannot be kept as a view: {detail}."),
    "no_such_view": N_("There is no such view, or it is somebody else's."),
    "view_exists": N_("You have a view of this name already."),
    "too_many_views": N_("You have as many views as one may keep: {limit}. Delete one first."),
    "too_many_requests": N_("Too many requests: at most {limit} a second."),
    "viewer_gone": N_("This viewer has left already."),
    "watch_gone": N_("This watch has ended already."),
}


class SnapshotFrame(msgspec.Struct, tag_field="type", tag="snapshot", omit_defaults=True, kw_only=True):
    """The rows and rollouts of one namespace at `token`; `part` and `last` where it comes in parts."""

    namespace: str
    token: str
    part: int
    last: bool
    pods: list[msgspec.Raw]
    rollouts: list[msgspec.Raw] = []


class DeltaFrame(msgspec.Struct, tag_field="type", tag="delta", omit_defaults=True, kw_only=True):
    """What changed in one namespace's view up to `token`; `remove` is of pods and rollouts."""

    namespace: str
    token: str
    upsert: list[msgspec.Raw]
    remove: list[str]
    rollouts: list[msgspec.Raw] = []


class FeedFrame(msgspec.Struct, tag_field="type", tag="feed", omit_defaults=True, kw_only=True):
    """The state of a feed; heartbeat and clock of the browser."""

    namespace: str
    state: Literal["catching_up", "live", "stale"]
    since: str | None
    reason_code: str | None
    params: dict[str, str | int | float | None]
    reason: str | None
    now: str
    token: str | msgspec.UnsetType = msgspec.UNSET
    version: str | msgspec.UnsetType = msgspec.UNSET


class ErrorFrame(msgspec.Struct, tag_field="type", tag="error", kw_only=True):
    """A refusal. `final` true is followed by the close; else it concerns `namespace` alone."""

    code: str
    message: str
    params: dict[str, str | int | float | None]
    final: bool
    namespace: str | msgspec.UnsetType = msgspec.UNSET


class LogFrame(msgspec.Struct, tag_field="type", tag="log", kw_only=True):
    """Lines of a container's log, each its time (or null) and its text; `token` counts those sent so far."""

    token: str
    lines: list[tuple[str | None, str]]


class LogStateFrame(msgspec.Struct, tag_field="type", tag="log_state", kw_only=True):
    """Where a log stands; heartbeat and clock of the browser. After `ended` the socket closes with 1000."""

    state: Literal["opening", "following", "broken", "ended"]
    reason_code: str | None
    params: dict[str, str | int | float | None]
    reason: str | None
    now: str


class Message(msgspec.Struct):
    """Anything that a browser sends, before it is known to be one of ours."""

    type: str


class AckFrame(msgspec.Struct):
    """What browsers send: everything up to `token` has been merged."""

    token: str
    namespace: str | None = None
    part: int | None = None


_encoder = msgspec.json.Encoder()


def chosen_subprotocol(offered: Sequence[str]) -> str | None:
    """SUBPROTOCOL where it is offered; else another version of it, so that its page is told; else none."""
    if SUBPROTOCOL in offered:
        return SUBPROTOCOL
    return next((each for each in offered if each.startswith(ANY_SUBPROTOCOL)), None)


def encode(frame: msgspec.Struct) -> bytes:
    """A frame as JSON in UTF-8."""
    return _encoder.encode(frame)


def encode_row(row: Row | Rollout) -> msgspec.Raw:
    """One row or rollout as JSON, to be put into frames without being encoded again."""
    return msgspec.Raw(_encoder.encode(row))


def encode_rows(rows: Sequence[Row] | Sequence[Rollout]) -> bytes:
    """Rows or rollouts as the inside of a JSON array: separated by commas, without brackets."""
    return _encoder.encode(rows)[1:-1]


def error_frame(
    code: str,
    params: dict[str, str | int | float | None] | None = None,
    *,
    final: bool,
    namespace: str | None = None,
) -> ErrorFrame:
    """The `error` frame for a code of ERROR_SENTENCES."""
    values = params or {}
    return ErrorFrame(
        code=code,
        message=render(ERROR_SENTENCES[code], values),
        params=values,
        final=final,
        namespace=msgspec.UNSET if namespace is None else namespace,
    )


def feed_frame(
    namespace: str,
    state: Literal["catching_up", "live", "stale"],
    since: str | None,
    reason: Reason | None,
    now: str,
    token: str | None,
    version: str = "",
) -> FeedFrame:
    """The `feed` frame; `token` only where everything up to it has been sent, `version` in the first one."""
    return FeedFrame(
        namespace=namespace,
        state=state,
        since=since,
        reason_code=reason.code if reason else None,
        params=reason.params if reason else {},
        reason=reason.sentence if reason else None,
        now=now,
        token=msgspec.UNSET if token is None else token,
        version=version or msgspec.UNSET,
    )


def log_state_frame(
    state: Literal["opening", "following", "broken", "ended"], reason: Reason | None, now: str
) -> LogStateFrame:
    """The `log_state` frame."""
    return LogStateFrame(
        state=state,
        reason_code=reason.code if reason else None,
        params=reason.params if reason else {},
        reason=reason.sentence if reason else None,
        now=now,
    )
