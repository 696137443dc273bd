"""What the proxy may do to requests, as data: it goes to the proxy's process, and is printed with a seed."""

from __future__ import annotations

from typing import Literal

import msgspec

Verb = Literal["list", "watch", "get", "probe"]

GONE = '{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}'
HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"
BIG_BYTES = 5 * 1024 * 1024


class Fault(msgspec.Struct, frozen=True):
    """Strikes the requests that match, until it is cleared; `apply` strikes the open watches as well.

    answer   is answered with status, headers and body, and never reaches the server
    line     gets `line` in its stream, as its first or, with `after_list`, after a streaming list
    end      is answered, and its stream ends cleanly at once
    cut      its connection is broken, once it was answered
    mute     is answered, and nothing follows though the connection stays
    inflate  each event is made 5 MB long, by a field that nobody knows
    rewrite  is asked with other values in its query
    """

    kind: Literal["answer", "line", "end", "cut", "mute", "inflate", "rewrite"]
    verbs: tuple[Verb, ...] = ("watch",)
    resources: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    continued: bool = False
    streaming: bool = False
    status: int = 200
    headers: dict[str, str] = {}
    body: str = ""
    line: str = ""
    after_list: bool = False
    query: dict[str, str] = {}


class Asked(msgspec.Struct, frozen=True):
    """One request: when (monotonic seconds), and for what. `namespace` may be `*`."""

    at: float
    verb: Verb
    resource: str
    namespace: str
    continued: bool = False
    streaming: bool = False


def strikes(fault: Fault, asked: Asked) -> bool:
    """Whether `fault` is meant for this request. Empty fields of a fault mean any."""
    return (
        asked.verb in fault.verbs
        and asked.resource in (fault.resources or (asked.resource,))
        and asked.namespace in (fault.namespaces or (asked.namespace,))
        and (asked.continued or not fault.continued)
        and (asked.streaming or not fault.streaming)
    )


def error_event(status: str) -> str:
    """An ERROR event with this Status."""
    return f'{{"type":"ERROR","object":{status}}}\n'
