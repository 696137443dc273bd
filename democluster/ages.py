"""Durations as kubectl and the API server print them (`duration.HumanDuration`), and RFC 3339 times."""

from datetime import UTC, datetime

_YEAR_DAYS = 365


def timestamp(seconds: float) -> str:
    """Unix seconds as Kubernetes writes them: UTC, whole seconds, `Z`."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unix(text: str) -> float:
    """The inverse of `timestamp`; fractions of a second are allowed."""
    return datetime.fromisoformat(text).timestamp()


def since(text: str | None, now: float) -> str:
    """The age of an RFC 3339 time, `<unknown>` where there is none."""
    return human(now - unix(text)) if text else "<unknown>"


def human(seconds: float) -> str:
    """Two or three significant figures: 90s, 5m30s, 3h, 2d4h, 400d, 3y."""
    total = int(seconds)  # toward zero, as Go's conversion does
    if total < -1:
        return "<invalid>"
    if total < 0 or seconds < 0:
        return "0s"
    if total < 120:
        return f"{total}s"
    minutes, hours = total // 60, total // 3600
    if minutes < 10:
        return _pair(minutes, "m", total % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _pair(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    return _days(hours)


def _days(hours: int) -> str:
    days = hours // 24
    if days < 8:
        return _pair(days, "d", hours % 24, "h")
    if days < 2 * _YEAR_DAYS:
        return f"{days}d"
    years = days // _YEAR_DAYS
    return _pair(years, "y", days % _YEAR_DAYS, "d") if days < 8 * _YEAR_DAYS else f"{years}y"


def _pair(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"
