"""From an HTTP status or an ERROR event to one of our exceptions."""

import msgspec

from pods.domain.details import Detail
from pods.domain.reasons import Reason
from pods.kube.errors import (
    ApiError,
    BadAnswer,
    Expired,
    Forbidden,
    KubeError,
    NoContent,
    NotFound,
    ServerError,
    TooManyRequests,
    Unauthorized,
    Unsupported,
    VersionTooLarge,
)

# A server may ask for any pause; longer than this would look like a dead page.
MAX_RETRY_AFTER_SECONDS = 300.0

# apimachinery: errors.IsTooLargeResourceVersion looks for this cause.
_TOO_LARGE = b"ResourceVersionTooLarge"
_TOO_LARGE_MESSAGE = b"Too large resource version"


class StatusBody(msgspec.Struct):
    """The fields of a `metav1.Status` that decide what to do."""

    code: int = 0
    reason: str = ""
    message: str = ""


_decode_status = msgspec.json.Decoder(StatusBody).decode

_UNSUPPORTED = {400, 405, 406, 415, 422}


def status_error(status: int, body: bytes, retry_after: str | None, forbidden: Reason) -> KubeError:
    """The exception for an answer of HTTP `status` with `body`.

    `forbidden` is the reason to give for 403: only the caller knows verb and resource. `retry_after`
    is the header's text.
    """
    error = _error_of(status, body, retry_after, forbidden)
    if isinstance(error, ApiError):
        error.status = status
        error.said = _message(body)
    return error


def _message(body: bytes) -> str:
    try:
        return _decode_status(body).message
    except msgspec.MsgspecError:
        return ""


def _error_of(status: int, body: bytes, retry_after: str | None, forbidden: Reason) -> KubeError:
    pause = parse_retry_after(retry_after)
    if status == 204:
        return NoContent(Reason("bad_answer", {"detail": "HTTP 204"}))
    if status == 410:
        return Expired(Reason("expired"))
    if status == 401:
        return Unauthorized(Reason("unauthorized"))
    if status == 403:
        return Forbidden(forbidden)
    if status == 404:
        return NotFound(Reason("not_found"))
    if status == 429:
        return _with_pause(
            TooManyRequests(Reason("too_many_requests", {"seconds": int(pause or 1)})), pause or 1.0
        )
    if status in _UNSUPPORTED:
        return Unsupported(Reason("bad_answer", {"detail": f"HTTP {status}"}))
    if status in (500, 504) and (_TOO_LARGE in body or _TOO_LARGE_MESSAGE in body):
        return VersionTooLarge(Reason("expired"))
    if status >= 500:
        return _with_pause(ServerError(Reason("server_error", {"status": status})), pause)
    return BadAnswer(Reason("bad_answer", {"detail": f"HTTP {status}"}))


def event_error(body: bytes, forbidden: Reason) -> KubeError:
    """The exception for an ERROR event whose object is `body` (a Status, or anything at all)."""
    try:
        status = _decode_status(body)
    except msgspec.MsgspecError:
        return BadAnswer(Reason("bad_answer", {"detail": Detail.ERROR_WITHOUT_STATUS}))
    if status.code == 0 and status.reason in ("Expired", "Gone"):
        return Expired(Reason("expired"))
    return status_error(status.code or 500, body, None, forbidden)


def parse_retry_after(header: str | None) -> float | None:
    """`Retry-After` in seconds, at most `MAX_RETRY_AFTER_SECONDS`; None where absent or a date."""
    if header is None or not header.strip().isdigit():
        return None
    return min(float(header), MAX_RETRY_AFTER_SECONDS)


def _with_pause(error: ApiError, pause: float | None) -> ApiError:
    error.retry_after = pause
    return error
