"""Which namespaces of one cluster a person may see, as a value that needs no database."""

from fnmatch import fnmatchcase

import msgspec


class NamespaceRule(msgspec.Struct, frozen=True):
    """The namespaces of one cluster that a person may see for one verb.

    `everything` (superusers) admits hidden namespaces too. Else a namespace is admitted when it
    is not hidden and one of `patterns` (names or globs, `*` for all) matches it. The empty rule
    admits nothing.
    """

    everything: bool = False
    patterns: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()

    def admits(self, namespace: str) -> bool:
        """Whether this rule lets its holder see `namespace`."""
        if self.everything:
            return True
        if namespace in self.hidden:
            return False
        return any(fnmatchcase(namespace, pattern) for pattern in self.patterns)

    @property
    def unbounded(self) -> bool:
        """Whether namespaces that do not exist yet are admitted whatever their name."""
        return self.everything or "*" in self.patterns
