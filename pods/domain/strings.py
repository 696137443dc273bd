"""One object for equal strings: thousands of pods share namespaces, nodes, owners and labels.

`sys.intern` would do, but in some versions of Python what it interned lives for ever, and label
values of pods come and go. So: a dictionary with an upper bound.
"""

from __future__ import annotations


class StringPool:
    """Gives equal strings as one object.

    Holds at most `limit` strings (of at most a few hundred characters, as Kubernetes allows in
    names and labels). When full it forgets them all: later strings are shared anew, earlier ones
    stay valid where they are used.
    """

    __slots__ = ("_limit", "_pool")

    def __init__(self, limit: int = 20_000) -> None:
        self._limit = limit
        self._pool: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._pool)

    def shared(self, text: str) -> str:
        """The object that stands for all strings equal to `text`."""
        pool = self._pool
        known = pool.get(text)
        if known is not None:
            return known
        if len(pool) >= self._limit:
            pool.clear()
        pool[text] = text
        return text
