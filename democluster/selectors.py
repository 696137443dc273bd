"""Label and field selectors of a request, in the syntax of the API server.

A selector becomes a predicate over objects; what cannot be read is a 400 in the server's style.
"""

import re
from collections.abc import Callable

from democluster.kinds import Kind, Object
from democluster.status import bad_request

Predicate = Callable[[Object], bool]
LabelTest = Callable[[dict[str, str]], bool]

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_./-]*[A-Za-z0-9])?"
_TOKEN = re.compile(rf"\s*({_NAME}|==|!=|=|!|,|\(|\)|\S)")
_WORD = re.compile(_NAME)


class _Tokens:
    """A selector's text as tokens, read from the front; the end reads as ""."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._next = 0

    def peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self._next += 1
        return token

    def word(self) -> str:
        token = self.take()
        if not _WORD.fullmatch(token):
            raise bad_request(f"unable to parse requirement: found '{token}', expected: identifier")
        return token

    def value(self) -> str:
        """A value, which may be empty (`key=`)."""
        return "" if self.peek() in ("", ",", ")") else self.word()


def label_predicate(text: str) -> Predicate:
    """The objects whose labels meet all requirements of `text` (empty: every object)."""
    tests = _requirements(_Tokens(text)) if text.strip() else []

    def matches(obj: Object) -> bool:
        labels = obj["metadata"].get("labels") or {}
        return all(test(labels) for test in tests)

    return matches


def _requirements(tokens: _Tokens) -> list[LabelTest]:
    tests = [_requirement(tokens)]
    while (token := tokens.take()) == ",":
        if tokens.peek() in ("", ","):
            raise bad_request(f"found '{tokens.peek()}', expected: identifier after ','")
        tests.append(_requirement(tokens))
    if token:
        raise bad_request(f"found '{token}', expected: ',' or 'end of string'")
    return tests


def _requirement(tokens: _Tokens) -> LabelTest:
    if tokens.peek() == "!":
        tokens.take()
        absent = tokens.word()
        return lambda labels: absent not in labels
    key = tokens.word()
    if tokens.peek() in ("", ","):
        return lambda labels: key in labels
    operator = tokens.take()
    if operator in ("=", "=="):
        wanted = tokens.value()
        return lambda labels: labels.get(key) == wanted
    if operator == "!=":
        unwanted = tokens.value()
        return lambda labels: labels.get(key) != unwanted
    if operator in ("in", "notin"):
        values = _values(tokens)
        inside = operator == "in"
        return lambda labels: (labels.get(key) in values) == inside
    expected = "in, notin, =, ==, !=, gt, lt"
    raise bad_request(f"unable to parse requirement: found '{operator}', expected: {expected}")


def _values(tokens: _Tokens) -> frozenset[str]:
    if (token := tokens.take()) != "(":
        raise bad_request(f"unable to parse requirement: found '{token}' expected: '('")
    values = {tokens.value()}
    while (token := tokens.take()) == ",":
        values.add(tokens.value())
    if token != ")":  # noqa: S105 - a token of the selector
        raise bad_request(f"unable to parse requirement: found '{token}', expected: ',' or ')'")
    return frozenset(values)


def field_predicate(kind: Kind, text: str) -> Predicate:
    """The objects whose fields meet all of `text`: `path=value`, `path==value`, `path!=value`."""
    tests = [_field_test(kind, part) for part in text.split(",") if part.strip()]
    return lambda obj: all(test(obj) for test in tests)


def _field_test(kind: Kind, part: str) -> Predicate:
    found = re.fullmatch(r"\s*([^=!]+?)\s*(==|!=|=)\s*(.*?)\s*", part)
    if not found:
        raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
    label, operator, wanted = found.groups()
    if label not in kind.fields:
        raise bad_request(f"field label not supported: {label}")
    path = kind.fields[label].split(".")
    equal = operator != "!="
    return lambda obj: (_field(obj, path) == wanted) == equal


def _field(obj: Object, path: list[str]) -> str:
    value: object = obj
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return "" if value is None else str(value)
