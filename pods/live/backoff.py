"""How long to wait before the next try: exponential, jittered, with a memory of short successes."""

import random

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0
# Beyond it no pause grows: after a thousand failures, some hours of them, the number would not fit a float.
MOST_DOUBLINGS = 30
# The shortest a pause may be drawn, as a part of the longest: a namespace costs two scopes, and is
# asked for no more than 20 times in a minute of failures.
LEAST = 0.75
# A connection that did not last this long counts as one more failure: a server that closes each
# watch cleanly at once is asked no more often than one that refuses it.
LASTING_SECONDS = 5.0


class Backoff:
    """1, 2, 4 … `longest` s, each drawn between three quarters and the whole of it (so at most that)."""

    def __init__(self, rng: random.Random | None = None, longest: float = LONGEST_SECONDS) -> None:
        self.failures = 0
        self._longest = longest
        self._rng = rng or random.Random()

    def failed(self) -> float:
        """Counts a failure and gives the seconds to wait."""
        ceiling: float = min(FIRST_SECONDS * 2 ** min(self.failures, MOST_DOUBLINGS), self._longest)
        self.failures += 1
        return ceiling * (LEAST + (1 - LEAST) * self._rng.random())

    def held(self, lasted: float) -> None:
        """Forgets earlier failures where the connection that just ended `lasted` long enough, in seconds."""
        if lasted >= LASTING_SECONDS:
            self.failures = 0

    def ended(self, lasted: float) -> float:
        """Counts the clean end of a connection that `lasted` so many seconds; 0 where that was enough."""
        self.held(lasted)
        return 0.0 if lasted >= LASTING_SECONDS else self.failed()

    def spread(self, seconds: float) -> float:
        """A random pause below `seconds`, so that many scopes do not act in the same instant."""
        return seconds * self._rng.random()
