"""Resume tokens: a position in one feed, as one view of it sees it. Opaque to everyone else."""

import base64
import binascii
import struct
from typing import NamedTuple

_VERSION = 1
_LAYOUT = struct.Struct(">BQQ8s")

# docs/contract.md: "A token is opaque, at most 512 bytes".
MAX_TOKEN_BYTES = 512


class Position(NamedTuple):
    """`offset` in the feed that drew `epoch`, for the view with this `view` (8 bytes of a digest).

    Two feeds never share an epoch, so a position of another one, or of an earlier life of the same
    scope, is recognised and answered with a snapshot.
    """

    epoch: int
    offset: int
    view: bytes


def encode_token(position: Position) -> str:
    """The token of `position`: 34 characters safe in a URL."""
    packed = _LAYOUT.pack(_VERSION, *position)
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def decode_token(token: str) -> Position | None:
    """The position of a token; None for anything that is not one of ours."""
    if len(token) > MAX_TOKEN_BYTES:
        return None
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        version, *position = _LAYOUT.unpack(packed)
    except (struct.error, binascii.Error, ValueError):
        return None
    return Position(*position) if version == _VERSION else None
