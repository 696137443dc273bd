"""What is looked for in the ledger, and in which order it is shown."""

from collections.abc import Iterable
from typing import NamedTuple

ROWS = 200


class Wanted(NamedTuple):
    """Words that must all occur in a row, and the orders: keys of SOCKET_ORDERS and WATCH_ORDERS."""

    words: tuple[str, ...] = ()
    sockets_by: str = "worst"
    watches_by: str = "worst"

    def admits(self, texts: Iterable[str]) -> bool:
        """Whether each word occurs in one of the texts."""
        if not self.words:
            return True
        hay = "\n".join(texts).lower()
        return all(word in hay for word in self.words)
