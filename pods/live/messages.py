"""What the processes of one installation tell each other about a scope, as msgpack.

Each message says which form it has, whose it is, and under which fence its sender watches. Anything else
that comes in over Redis is no message of ours (Foreign): it is ignored and counted, never acted upon.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal, NamedTuple

import msgspec

from pods.domain.reasons import Reason
from pods.domain.scope import Scope
from pods.kube.resource import PodRecord
from pods.kube.workloads import RolloutRecord
from pods.live.segments import Numbered
from pods.live.status import State
from pods.live.store import Changes

# The version of the wire between replicas. It grows with every change that an older release would misread
# (docs/upgrades.md). Releases of different forms are fleets apart, with names and leases of their own: each
# watches for itself as long as both run.
FORM = 1
# A message is about this long at most; one that would be longer is not sent, and followers take a picture.
MAX_BYTES = 256 * 1024
# How many records are encoded between two turns of the event loop.
RECORDS_PER_TURN = 200


class Head(msgspec.Struct, kw_only=True):
    """What every message begins with."""

    form: int
    installation: str
    scope: Scope
    fence: int


class Batch(Head, tag="batch"):
    """The next number: what changed, in its newest state. `removed` has the namespace of each uid."""

    epoch: int
    offset: int
    upserted: list[PodRecord]
    removed: Changes
    rollouts: list[RolloutRecord] = []


class Beat(Head, tag="beat"):
    """Once a second: where the sender is, and how well it knows. `since` in seconds since 1970."""

    epoch: int
    offset: int
    synced: bool
    state: State
    since: float | None
    reason: Reason | None


class Ask(Head, tag="ask"):
    """A follower wants a picture; `picture` is its name for it."""

    picture: str


class Part(Head, tag="part"):
    """A piece of a picture: records, rollouts, and which of them changed at the last numbers before it.

    `version` is the resourceVersion up to which the records are complete. `lineage` changes when the
    cluster goes back to an older state: versions from before and after cannot be compared.
    """

    picture: str
    number: int
    last: bool
    epoch: int
    offset: int
    floor: int
    version: int
    lineage: int
    records: list[PodRecord]
    numbers: list[Numbered]
    rollouts: list[RolloutRecord] = []


class Handover(Head, tag="handover"):
    """The sender stops watching at this position, and has given the lease back."""

    epoch: int
    offset: int


Message = Batch | Beat | Ask | Part | Handover


class Foreign(Exception):
    """Something that is no message of this installation's portals; `reason` says in one word why."""

    def __init__(self, reason: Literal["shape", "form", "installation", "fence"]) -> None:
        super().__init__(reason)
        self.reason = reason


class _Claim(msgspec.Struct):
    form: int
    installation: str


_encoder = msgspec.msgpack.Encoder()
_decode_claim = msgspec.msgpack.Decoder(_Claim).decode
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def fleet_name(instance: str) -> str:
    """What every Redis name of an installation's processes of this form begins with.

    Form 1 has no number: it is older than this rule.
    """
    return instance if FORM == 1 else f"{instance}.form{FORM}"


def encode(message: Message) -> bytes:
    """A message as bytes."""
    return _encoder.encode(message)


def decode(data: object, installation: str) -> Message:
    """The message in `data`. Raises Foreign."""
    if not isinstance(data, bytes):
        raise Foreign("shape")
    try:
        claim = _decode_claim(data)
        if claim.form != FORM:
            raise Foreign("form")
        if claim.installation != installation:
            raise Foreign("installation")
        return _decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise Foreign("shape") from error


class Piece(NamedTuple):
    """What one part of a picture holds."""

    records: list[PodRecord]
    numbers: list[Numbered]
    rollouts: list[RolloutRecord]


def pieces(
    records: Iterable[PodRecord], numbers: Iterable[Numbered], rollouts: Iterable[RolloutRecord] = ()
) -> Iterator[Piece]:
    """Cuts a picture into what one part may hold. Each step is a short turn of work."""
    piece, room = Piece([], [], []), MAX_BYTES
    items: chain[PodRecord | Numbered | RolloutRecord] = chain(records, numbers, rollouts)
    for item in items:
        size = len(_encoder.encode(item))
        if size > room or len(piece.records) + len(piece.numbers) + len(piece.rollouts) >= RECORDS_PER_TURN:
            yield piece
            piece, room = Piece([], [], []), MAX_BYTES
        room -= size
        if isinstance(item, PodRecord):
            piece.records.append(item)
        elif isinstance(item, Numbered):
            piece.numbers.append(item)
        else:
            piece.rollouts.append(item)
    yield piece
