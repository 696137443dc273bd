"""Times as the Kubernetes API writes them: one form and one zone, so that they compare as strings."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

# A time with up to nine digits of a second: to the second, the digits, the zone.
RFC_3339 = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)"

_is_api_time = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII).fullmatch
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def api_time(text: str | None) -> str | None:
    """A time of the API in its usual form (RFC 3339, UTC, `Z`); None for none and for nonsense."""
    if not text:
        return None
    if _is_api_time(text):
        return text
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).strftime(_FORM) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def seconds_before(text: str, seconds: float) -> str | None:
    """The time so many seconds before `text`; None where that makes no sense."""
    try:
        return (datetime.fromisoformat(text).astimezone(UTC) - timedelta(seconds=seconds)).strftime(_FORM)
    except (ValueError, OverflowError):
        return None
