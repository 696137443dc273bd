"""How many messages a viewer may send, and how many changes a person may ask for: token buckets."""

from collections import OrderedDict
from collections.abc import Hashable

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


class Throttles:
    """A Throttle for each of the MOST who came last; who was forgotten since begins anew."""

    MOST = 1000

    def __init__(self, rate: float, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._kept: OrderedDict[Hashable, Throttle] = OrderedDict()

    def allows(self, who: Hashable) -> bool:
        """Counts one message of `who`; False where it is one too many."""
        throttle = self._kept.get(who) or Throttle(self._rate, self._clock)
        self._kept[who] = throttle
        self._kept.move_to_end(who)
        if len(self._kept) > self.MOST:
            self._kept.popitem(last=False)
        return throttle.allows()
