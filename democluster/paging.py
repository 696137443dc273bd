"""Lists in pages: `limit`, `continue` and the revision that all pages of one list share.

The continue token has the API server's own shape (base64 of version, revision and start key), though
clients must not look inside. A revision of -1 continues without consistency, from the present state.
"""

import base64
import binascii
import json
from dataclasses import dataclass

from democluster.changes import Key
from democluster.kinds import Kind, Object
from democluster.options import ListOptions
from democluster.status import ApiError, bad_request, continue_expired, version_too_large
from democluster.store import Store

_VERSION = "meta.k8s.io/v1"
_INCONSISTENT = -1


@dataclass(frozen=True)
class Page:
    """Objects in order, the revision they are of, and how the list goes on (if it does)."""

    items: list[Object]
    revision: int
    continue_token: str = ""
    remaining: int | None = None


def list_page(store: Store, kind: Kind, namespace: str, options: ListOptions) -> Page:
    """Raises `ApiError`: 400 for a bad token, 410 for an expired one, 504 for a future version."""
    if options.continue_token:
        revision, start = _decode(options.continue_token)
        try:
            at = store.revision if revision == _INCONSISTENT else revision
            found = store.snapshot(kind, namespace, at)
        except ApiError as error:
            raise continue_expired(_encode(_INCONSISTENT, start)) from error
        return _cut([(key, obj) for key, obj in found if key >= start], options, at)
    revision = _list_revision(store, options)
    return _cut(store.snapshot(kind, namespace, revision), options, revision)


def _list_revision(store: Store, options: ListOptions) -> int:
    """The present state, unless one exact version was asked for."""
    asked = options.version or 0
    if asked > store.revision:
        raise version_too_large(asked, store.revision)
    return asked if options.version_match == "Exact" else store.revision


def _cut(found: list[tuple[Key, Object]], options: ListOptions, revision: int) -> Page:
    matching = [(key, obj) for key, obj in found if options.matches(obj)]
    limit = options.limit
    items = [obj for _, obj in matching]
    if limit <= 0 or len(matching) <= limit:
        return Page(items, revision)
    return Page(items[:limit], revision, _encode(revision, matching[limit][0]), len(matching) - limit)


def _encode(revision: int, start: Key) -> str:
    token = json.dumps({"v": _VERSION, "rv": revision, "start": "/".join(start)}, separators=(",", ":"))
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


def _decode(token: str) -> tuple[int, Key]:
    try:
        padded = token + "=" * (-len(token) % 4)
        content = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        version, revision, start = content["v"], content["rv"], content["start"]
        namespace, name = start.split("/", 1)
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError):
        raise bad_request("invalid continue token: continue key is not valid") from None
    if version != _VERSION or type(revision) is not int:
        raise bad_request("invalid continue token: continue key is not valid: server does not recognize it")
    return revision, (namespace, name)
