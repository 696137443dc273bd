"""What both servers take from a peer before the portal itself sees it, and how long it may take over it.

The consumer's own limits (docs/contract.md, "Limits") refuse in words, an `error` frame first. These
are wider: they hold what never reaches the consumer, or reaches it in such a number that reading it is
the attack: pings, fragments, frames of no length, requests that never end. Whoever exceeds them is told
by the close code alone, and nothing more of theirs is parsed.
"""

from django.conf import settings

from pods.clock import SystemClock
from pods.domain.protocol import CloseCode
from pods.throttle import ACKS_PER_MESSAGE, Throttle

# From the first byte of a request to its last, body included: half a handshake is gone after that.
REQUEST_SECONDS = 20.0
# From a close frame of ours to the end of the connection, whatever the peer does meanwhile.
CLOSE_HANDSHAKE_SECONDS = 2.0
# Daphne's library holds what is sent to the same size as what comes in, so this must be above our longest
# frame; what comes in is held to `message_bytes()`.
SENT_BYTES = 1024 * 1024
FRAGMENTS_PER_MESSAGE = 64
# Five times what the consumer counts of messages and acknowledgements: it is to have the first word, and
# does not count the acknowledgements of a viewer that keeps up.
FRAMES_PER_ALLOWED = 5
_MESSAGE_BYTES = 64 * 1024
_CONTINUATION, _CONTROL = 0x0, 0x8


def message_bytes() -> int:
    """The longest message that is read at all. The consumer's limit is below, and refuses in words."""
    return max(_MESSAGE_BYTES, settings.PORTAL_MAX_FRAME_BYTES)


class Inflow:
    """Counts the frames that one peer sends: messages, fragments and control frames alike."""

    def __init__(self) -> None:
        allowed = settings.PORTAL_MAX_MESSAGES_PER_SECOND * (1 + ACKS_PER_MESSAGE)
        self._frames = Throttle(FRAMES_PER_ALLOWED * allowed, SystemClock())
        self._fragments = 0

    def refusal(self, opcode: int) -> CloseCode | None:
        """Counts a frame of this opcode; the code to close with where it is one too many."""
        if opcode < _CONTROL:
            self._fragments = self._fragments + 1 if opcode == _CONTINUATION else 1
        if self._fragments > FRAGMENTS_PER_MESSAGE:
            return CloseCode.TOO_BIG
        return None if self._frames.allows() else CloseCode.TOO_MANY
