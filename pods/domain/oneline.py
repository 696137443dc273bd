"""The cluster's own words, made fit to be shown: one short line, the same for the same trouble."""

from __future__ import annotations

import re

MAX_MESSAGE_LENGTH = 300
MAX_NAMES = 5

_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")

# What differs at each repetition of one and the same trouble: the port that a probe was sent from, the id of
# a sandbox or container that was made for this attempt.
_EPHEMERAL = (
    (re.compile(r"\b(read|write) (tcp|udp) \S+->"), r"\1 \2 "),
    (re.compile(r' for sandbox "[0-9a-f]{64}"'), ""),
    (re.compile(r'"?\b[0-9a-f]{64}\b"?'), "…"),
)

# What the node's programs put before what a registry or runtime said, one around the other.
_LAYER = re.compile(
    r'Back-off pulling image "[^"]*"(?:: |$)'
    r"|(?:ErrImagePull|ImagePullBackOff)(?:: |$)"
    r'|Failed to pull image "[^"]*": '
    r"|rpc error: code = \w+ desc = "
    r'|failed to pull and unpack image "[^"]*": '
    r'|failed to resolve reference "[^"]*": '
    r"|failed to resolve image: |failed to do request: |Error response from daemon: "
)


def one_line(text: str, most: int = MAX_MESSAGE_LENGTH) -> str:
    """`text` as one line of at most `most` characters, without its last full stop."""
    line = _UNPRINTABLE.sub(" ", text[: 4 * most]).strip()
    if len(line) > most:
        return line[: most - 1].rstrip() + "…"
    return line.rstrip(".")


def lasting(text: str) -> str:
    """As `one_line`, without what differs each time that the same thing happens again."""
    text = text[: 4 * MAX_MESSAGE_LENGTH]
    for pattern, kept in _EPHEMERAL:
        text = pattern.sub(kept, text)
    return one_line(text)


def without_layers(text: str) -> str:
    """`text` without what the node's programs put before it: that may be longer than what is kept of it."""
    text = text[: 20 * MAX_MESSAGE_LENGTH]
    while (layer := _LAYER.match(text)) is not None:
        text = text[layer.end() :]
    return text


def names(found: list[str]) -> str:
    """Names as a list for people, the first MAX_NAMES of them."""
    return ", ".join(found[:MAX_NAMES]) + (", …" if len(found) > MAX_NAMES else "")
