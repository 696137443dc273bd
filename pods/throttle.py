"""How many messages a viewer may send: a token bucket."""

from pods.clock import Clock

# Acknowledgements may come five times as often as other messages (docs/contract.md, "Limits").
ACKS_PER_MESSAGE = 5


class Throttle:
    """`rate` messages a second, and as many at once after a quiet second."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens = rate
        self._at = clock.monotonic()

    def allows(self) -> bool:
        """Counts one message; False where it is one too many."""
        now = self._clock.monotonic()
        self._tokens = min(self._rate, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
