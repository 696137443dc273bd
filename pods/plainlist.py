"""The plain list of pods: what of an address it understands, in which order, and one page of it. Pure.

The page of pods chooses among the pods in the browser (static/js/pods/query.js). Without scripts the
portal does the simple part of that: health, status, and words. What it leaves out it names.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.http import QueryDict

from pods.domain.row import HEALTHS, Row, not_well_first

PAGE_ROWS = 200
# So many words are looked for; further ones are named as left out.
MAX_WORDS = 20

_WORD = re.compile(r'(?:"(?:\\.|[^"\\])*(?:"|\\?$)|[^\s"])+', re.DOTALL)
# Anything that query.js may read as more than a word.
_MORE_THAN_A_WORD = re.compile(r'^[-!]|[":]')
# Parameters of the page that the list has nothing of, `view` aside: a map is drawn by scripts anyway.
_LEFT_OUT = ("sort", "group", "columns")


class BadPage(ValueError):
    """`page=` is no number from 1."""


@dataclass(frozen=True)
class Choice:
    """What is asked for: pods of any of these healths, of any of these statuses, with all of these words."""

    healths: frozenset[str]
    statuses: frozenset[str]
    words: tuple[str, ...]
    left_out: tuple[str, ...]
    page: int

    @classmethod
    def of(cls, query: QueryDict) -> "Choice":
        """Reads an address. Raises BadPage."""
        page = query.get("page", "1")
        if not re.fullmatch(r"[1-9]\d{0,8}", page, re.ASCII):
            raise BadPage(page)
        words = _WORD.findall(query.get("q", ""))
        plain = [word for word in dict.fromkeys(words) if not _MORE_THAN_A_WORD.search(word)][:MAX_WORDS]
        terms = [word for word in words if word not in plain]
        return cls(
            frozenset(query.getlist("health")) & frozenset(HEALTHS),
            frozenset(filter(None, query.getlist("status"))),
            tuple(word.lower() for word in plain),
            (*terms, *(f"{name}={query[name]}" for name in _LEFT_OUT if query.get(name))),
            int(page),
        )

    def matches(self, row: Row) -> bool:
        """Whether a pod is asked for, whatever its health."""
        if self.statuses and row.status not in self.statuses:
            return False
        if not self.words:
            return True
        haystack = _haystack(row)
        return all(word in haystack for word in self.words)


class Page(NamedTuple):
    """One page: its rows, and of the whole list how many there are by health, and how many pages."""

    rows: list[Row]
    number: int
    pages: int
    matching: int
    counts: Counter[str]
    all: int

    @property
    def first(self) -> int:
        """The number of its first row in the whole list."""
        return (self.number - 1) * PAGE_ROWS + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """The number of its last row in the whole list."""
        return self.first + len(self.rows) - 1 if self.rows else 0


def page_of(rows: Sequence[Row], choice: Choice) -> Page:
    """The rows of a page, not well first, then by name; the last page where there are fewer than asked for.

    `counts` are of all that match but for their health, so that each can be chosen beside another.
    """
    matching = [row for row in rows if choice.matches(row)]
    counts = Counter(row.health for row in matching)
    if choice.healths:
        matching = [row for row in matching if row.health in choice.healths]
    matching.sort(key=not_well_first)
    pages = max(-(-len(matching) // PAGE_ROWS), 1)
    number = min(choice.page, pages)
    shown = matching[(number - 1) * PAGE_ROWS : number * PAGE_ROWS]
    return Page(shown, number, pages, len(matching), Counter(counts), len(rows))


def _haystack(row: Row) -> str:
    """The text in which words are looked for; as filter.js has it."""
    owner = row.owner.name if row.owner else ""
    return "\n".join((row.name, row.status, owner, row.node or "", row.namespace, row.ip or "")).lower()
