"""What can go wrong with the Kubernetes API, as the rest of the portal sees it.

KubeError
├── Unreachable            no connection, or it broke
│   ├── TimedOut           no answer in time
│   │   └── Mute           an open watch said nothing for longer than bookmarks are apart
│   └── CertificateRefused the server's certificate is not trusted
├── CredentialsError       token file, exec plugin, kubeconfig
├── BadAnswer              something that is not the Kubernetes API's language
├── TooManyWatches         the portal's own limit
├── StreamRestarted        the portal itself closed the stream, to open it anew
└── ApiError               an HTTP status
    ├── NoContent 204
    ├── Unauthorized 401, Forbidden 403, NotFound 404
    ├── Expired 410
    ├── TooManyRequests 429
    ├── Unsupported 400, 405, 406, 415, 422
    ├── VersionTooLarge 504 with that cause
    └── ServerError 5xx

No vendor exception leaves pods.kube: its text holds headers and bodies. The chained cause keeps it
for the log of a debugger; what people see is `reason`.
"""

from pods.domain.reasons import Reason


class KubeError(Exception):
    """Base of all. `reason` is what may be shown; `retry_after` is in seconds, where the server gave it."""

    retry_after: float | None = None

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class Unreachable(KubeError):
    """No connection to the API server, or it broke."""


class TimedOut(Unreachable):
    """No answer in time."""


class Mute(TimedOut):
    """An open watch said nothing for longer than a healthy one is silent."""


class CertificateRefused(Unreachable):
    """TLS verification failed."""


class CredentialsError(KubeError):
    """The portal's own credentials could not be read or made."""


class BadAnswer(KubeError):
    """The answer is not JSON, is cut off, or is no object of the Kubernetes API."""


class TooManyWatches(KubeError):
    """The portal's limit of open watches on one cluster is reached."""


class StreamRestarted(KubeError):
    """The portal closed the stream itself so that it is opened anew."""


class ApiError(KubeError):
    """The API server answered with an error, of HTTP `status`.

    `said` is its Status' message, to be told apart by: it may name what is nobody's business.
    """

    status: int = 0
    said: str = ""


class NoContent(ApiError):
    """204: there is nothing that could be sent."""


class Unauthorized(ApiError):
    """401."""


class Forbidden(ApiError):
    """403."""


class NotFound(ApiError):
    """404."""


class Expired(ApiError):
    """410: the resource version or the continue token is no longer held."""


class TooManyRequests(ApiError):
    """429."""


class Unsupported(ApiError):
    """The server does not take this form of the request (400, 405, 406, 415, 422)."""


class VersionTooLarge(ApiError):
    """504 "Too large resource version": the server is older than what was seen (restored cluster)."""


class ServerError(ApiError):
    """Any other 5xx."""
