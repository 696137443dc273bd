"""Label selectors in kubectl's syntax, parsed and matched in the portal.

Filters are applied here and not by the API, so that all viewers of a scope share one watch. The
grammar and its corners are those of k8s.io/apimachinery/pkg/labels (`kubectl get -l`):

    selector    = [ requirement { "," requirement } ]
    requirement = [ "!" ] key
                | key ( "=" | "==" | "!=" ) [ value ]
                | key ( "in" | "notin" ) "(" [ value ] { "," [ value ] } ")"
                | key ( ">" | "<" ) integer

White space separates and is ignored. There is no quoting: keys and values hold letters, digits,
`-`, `_` and `.`, and a key may have a DNS name and `/` before it. All requirements must hold.
`!=` and `notin` also hold where the label is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pods.domain.row import ParamValue
from pods.domain.sentences import N_, render

MAX_SELECTOR_LENGTH = 4096
MAX_REQUIREMENTS = 20
MAX_VALUES = 100

SENTENCES: dict[str, str] = {
    "selector_too_long": N_("The label selector is longer than {limit} characters."),
    "selector_too_many": N_("The label selector has more than {limit} requirements."),
    "selector_too_many_values": N_("The label selector has more than {limit} values."),
    "selector_expected_key": N_("Expected a label's key at position {position}, found {found}."),
    "selector_expected_operator": N_(
        "Expected =, !=, in, notin, > or < at position {position}, found {found}."
    ),
    "selector_expected_comma": N_("Expected a comma or the end at position {position}, found {found}."),
    "selector_expected_list": N_("Expected a list such as (a, b) at position {position}, found {found}."),
    "selector_expected_value": N_("Expected a label's value at position {position}, found {found}."),
    "selector_open_list": N_("Expected a comma or ) at position {position}, found {found}."),
    "selector_bad_key": N_("{found} at position {position} cannot be a label's key."),
    "selector_bad_value": N_("{found} at position {position} cannot be a label's value."),
    "selector_bad_integer": N_("Expected an integer at position {position}, found {found}."),
}

_TOKEN = re.compile(r"[ \t\r\n]*(?:(==|!=|[=!<>(),])|([^ \t\r\n=!<>(),]+)|\Z)")
_WORD_GROUP = 2
_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_VALUE = re.compile(rf"(?:{_NAME})?")
_DNS_PART = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_KEY = re.compile(rf"(?:(?P<prefix>{_DNS_PART}(?:\.{_DNS_PART})*)/)?{_NAME}")
_MAX_PREFIX = 253
_INT64_MAX = 2**63 - 1
_FOUND_LENGTH = 40


class SelectorError(ValueError):
    """A selector that kubectl would not take either: a code of SENTENCES, and where it is wrong.

    `position` counts characters from 0; the sentence counts from 1.
    """

    def __init__(self, code: str, position: int, **params: ParamValue) -> None:
        self.code = code
        self.position = position
        self.params: dict[str, ParamValue] = {"position": position + 1, **params}
        self.message = render(SENTENCES[code], self.params)
        super().__init__(self.message)


@dataclass(frozen=True, order=True)
class Requirement:
    """One requirement: `operator` is one of in, notin, exists, !, >, <; `values` are sorted."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether `labels` meet this requirement."""
        value = labels.get(self.key)
        match self.operator:
            case "in":
                return value in self.values
            case "notin":
                return value not in self.values
            case "exists":
                return value is not None
            case "!":
                return value is None
        have, limit = _integer(value), _integer(self.values[0])
        if have is None or limit is None:
            return False
        return have > limit if self.operator == ">" else have < limit

    def __str__(self) -> str:
        """The canonical form: `=` and `!=` for one value, sorted lists for more."""
        match self.operator:
            case "exists":
                return self.key
            case "!":
                return f"!{self.key}"
            case "in" | "notin" if len(self.values) > 1:
                return f"{self.key} {self.operator} ({','.join(self.values)})"
        operator = {"in": "=", "notin": "!="}.get(self.operator, self.operator)
        return f"{self.key}{operator}{self.values[0]}"


@dataclass(frozen=True)
class LabelSelector:
    """A parsed selector: sorted requirements, all of which must hold; none match everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether all requirements hold for `labels` (all of a pod's labels, not a Row's cut ones)."""
        return all(requirement.matches(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        """The canonical form: equal for selectors that differ in spelling and order only."""
        return ",".join(map(str, self.requirements))


def parse_selector(text: str) -> LabelSelector:
    """Parse `text`, at most MAX_SELECTOR_LENGTH characters; raises SelectorError.

    MAX_REQUIREMENTS and MAX_VALUES bound what one viewer's filter can cost for every pod of every event.
    """
    if len(text) > MAX_SELECTOR_LENGTH:
        raise SelectorError("selector_too_long", MAX_SELECTOR_LENGTH, limit=MAX_SELECTOR_LENGTH)
    parser = _Parser(_tokens(text))
    requirements: set[Requirement] = set()
    while parser.peek.text or requirements:
        position = parser.peek.position
        requirements.add(parser.requirement())
        if len(requirements) > MAX_REQUIREMENTS:
            raise SelectorError("selector_too_many", position, limit=MAX_REQUIREMENTS)
        if sum(len(requirement.values) for requirement in requirements) > MAX_VALUES:
            raise SelectorError("selector_too_many_values", position, limit=MAX_VALUES)
        comma = parser.take()
        if not comma.text:
            break
        if comma.text != ",":
            raise comma.error("selector_expected_comma")
    return LabelSelector(tuple(sorted(requirements)))


class _Token(NamedTuple):
    """A token: `text` is "" at the end of the selector."""

    text: str
    is_word: bool
    position: int

    def error(self, code: str) -> SelectorError:
        """The error that this token is where something else was expected."""
        found = self.text if len(self.text) <= _FOUND_LENGTH else self.text[:_FOUND_LENGTH] + "…"
        return SelectorError(code, self.position, found=f'"{found}"')


def _tokens(text: str) -> list[_Token]:
    """The tokens of `text`, the last of them the empty one."""
    tokens: list[_Token] = []
    for match in _TOKEN.finditer(text):
        group = match.lastindex or 0
        word = match.group(group) if group else ""
        tokens.append(_Token(word, group == _WORD_GROUP, match.start(group) if group else len(text)))
        if not word:
            break
    return tokens


class _Parser:
    """Takes tokens one by one; `in` and `notin` are words wherever no operator can stand."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    @property
    def peek(self) -> _Token:
        """The next token; the last one stays."""
        return self._tokens[min(self._next, len(self._tokens) - 1)]

    def take(self) -> _Token:
        """The next token, taken."""
        token = self.peek
        self._next += 1
        return token

    def requirement(self) -> Requirement:
        """One requirement, up to the comma or the end."""
        if self.peek.text == "!":
            self.take()
            return Requirement(self._key(), "!")
        key = self._key()
        if self.peek.text in ("", ","):
            return Requirement(key, "exists")
        operator = self.take()
        match operator.text:
            case "=" | "==":
                return Requirement(key, "in", (self._value(),))
            case "!=":
                return Requirement(key, "notin", (self._value(),))
            case "in" | "notin":
                return Requirement(key, operator.text, self._values())
            case ">" | "<":
                return Requirement(key, operator.text, (self._integer_value(),))
        raise operator.error("selector_expected_operator")

    def _key(self) -> str:
        token = self.take()
        if not token.is_word:
            raise token.error("selector_expected_key")
        match = _KEY.fullmatch(token.text)
        if match is None or len(match.group("prefix") or "") > _MAX_PREFIX:
            raise token.error("selector_bad_key")
        return token.text

    def _value(self) -> str:
        """A value, "" where a comma, a closing parenthesis of a list or the end stands in its place."""
        if self.peek.text in ("", ","):
            return ""
        token = self.take()
        if not token.is_word:
            raise token.error("selector_expected_value")
        if _VALUE.fullmatch(token.text) is None:
            raise token.error("selector_bad_value")
        return token.text

    def _values(self) -> tuple[str, ...]:
        opening = self.take()
        if opening.text != "(":
            raise opening.error("selector_expected_list")
        values: set[str] = set()
        while True:
            values.add("" if self.peek.text == ")" else self._value())
            token = self.take()
            if token.text == ")":
                return tuple(sorted(values))
            if token.text != ",":
                raise token.error("selector_open_list")

    def _integer_value(self) -> str:
        token = self.peek
        value = self._value()
        if _integer(value) is None:
            raise token.error("selector_bad_integer")
        return value


def _integer(text: str | None) -> int | None:
    """`text` as a 64-bit integer in decimal, None for anything else."""
    if not text or not text.isascii() or not text.isdigit():
        return None
    number = int(text)
    return number if number <= _INT64_MAX else None
