"""The query of a list or watch, parsed and checked as the API server does (`ListOptions`)."""

from collections.abc import Mapping
from dataclasses import dataclass

from democluster.kinds import Kind
from democluster.selectors import Predicate, field_predicate, label_predicate
from democluster.status import ApiError, bad_request, invalid_options

_MATCHES = ("Exact", "NotOlderThan")


@dataclass(frozen=True)
class ListOptions:
    """What a list or watch asks for; `version` is None where no resourceVersion was given."""

    watch: bool
    matches: Predicate
    version: int | None
    version_match: str
    limit: int
    continue_token: str
    timeout_seconds: int | None
    bookmarks: bool
    initial_events: bool | None


def parse_options(kind: Kind, query: Mapping[str, str]) -> ListOptions:
    """Raises `ApiError` (400, 422, 500) for what the API server refuses."""
    labels = label_predicate(query.get("labelSelector", ""))
    fields = field_predicate(kind, query.get("fieldSelector", ""))
    initial = query.get("sendInitialEvents")
    options = ListOptions(
        watch=_boolean(query.get("watch")),
        matches=lambda obj: labels(obj) and fields(obj),
        version=_version(query.get("resourceVersion", "")),
        version_match=query.get("resourceVersionMatch", ""),
        limit=_integer(query.get("limit", "0")),
        continue_token=query.get("continue", ""),
        timeout_seconds=_integer(query["timeoutSeconds"]) if query.get("timeoutSeconds") else None,
        bookmarks=_boolean(query.get("allowWatchBookmarks")),
        initial_events=None if initial is None else _boolean(initial),
    )
    causes = _watch_causes(options) if options.watch else _list_causes(options)
    if causes:
        raise invalid_options(causes)
    if options.continue_token and options.version and not options.watch:
        raise bad_request("specifying resource version is not allowed when using continue")
    return options


def _list_causes(options: ListOptions) -> list[tuple[str, str, str]]:
    causes = []
    match = options.version_match
    if match and options.version is None:
        message = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        causes.append(_forbidden(message, "resourceVersionMatch"))
    if match and options.continue_token:
        causes.append(
            _forbidden("resourceVersionMatch is forbidden when continue is provided", "resourceVersionMatch")
        )
    if match and match not in _MATCHES:
        message = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan", ""'
        causes.append(("FieldValueNotSupported", message, "resourceVersionMatch"))
    if match == "Exact" and options.version == 0:
        message = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
        causes.append(_forbidden(message, "resourceVersionMatch"))
    if options.initial_events is not None:
        causes.append(_forbidden("sendInitialEvents is forbidden for list", "sendInitialEvents"))
    return causes


def _watch_causes(options: ListOptions) -> list[tuple[str, str, str]]:
    match = options.version_match
    if options.initial_events is not None and match != "NotOlderThan":
        message = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        return [_forbidden(message, "resourceVersionMatch")]
    if options.initial_events is None and match:
        message = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        return [_forbidden(message, "resourceVersionMatch")]
    return []


def _forbidden(message: str, field: str) -> tuple[str, str, str]:
    return ("FieldValueForbidden", f"Forbidden: {message}", field)


def _boolean(text: str | None) -> bool:
    """Go's rule for query options: present and neither "0" nor "false"."""
    return text is not None and text.lower() not in ("0", "false")


def _integer(text: str) -> int:
    try:
        value = int(text, 10)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text[:100]}": invalid syntax') from None
    if abs(value) >= 2**63:
        raise bad_request(f'strconv.ParseInt: parsing "{text[:100]}": value out of range')
    return value


def _version(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        message = f'resourceVersion: Invalid value: "{text[:100]}": strconv.ParseUint: parsing "{text[:100]}"'
        raise ApiError(500, "", f"{message}: invalid syntax")
    return int(text)
