"""One object for equal ones: thousands of pods share namespaces, nodes, owners and sets of labels.

`sys.intern` would do for strings, but in some versions of Python what it interned lives for ever, and
label values of pods come and go. So: a dictionary with an upper bound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Pool(dict[K, V]):
    """`pool[key]` is what `make(key)` gave when it was first asked for.

    Holds at most `limit` values (strings, names and labels: at most a few hundred characters each, as
    Kubernetes allows). When full it forgets them all: later ones are shared anew, earlier ones stay
    valid where they are used.
    """

    __slots__ = ("_limit", "_make")

    def __init__(self, make: Callable[[K], V], limit: int) -> None:
        super().__init__()
        self._make = make
        self._limit = limit

    def __missing__(self, key: K) -> V:
        if len(self) >= self._limit:
            self.clear()
        value = self[key] = self._make(key)
        return value
