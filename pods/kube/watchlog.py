"""What is told of one upstream watch: a gauge while it is open, a line in the log at each end of it."""

import secrets

import structlog

from pods import metrics
from pods.clock import Clock
from pods.kube.errors import KubeError

log = structlog.get_logger(__name__)


class WatchRecord:
    """One watch, from the answer's headers to its end. A watch that was refused never opened.

    `watch` is its name in the log; `own`: it is read for one viewer alone, as a log is. Moments are monotonic
    seconds; `version` is the newest resourceVersion that it has brought.
    """

    def __init__(
        self, cluster: str, resource: str, namespace: str, clock: Clock, *, own: bool = False
    ) -> None:
        self.watch = secrets.token_hex(4)
        self.resource = resource
        self.own = own
        self.namespace = namespace
        self.opened_at: float | None = None
        self.events = 0
        self.last_event_at: float | None = None
        self.version: str | None = None
        self._about = {
            "watch": self.watch,
            "cluster": cluster,
            "resource": resource,
            "namespace": namespace,
        }
        self._labels = (cluster, resource, namespace)
        self._clock = clock

    def opened(self, resource_version: str | None) -> None:
        """The server took the watch; None for a streaming list."""
        self.opened_at = self._clock.monotonic()
        self.version = resource_version
        metrics.UPSTREAM_WATCHES.labels(*self._labels).inc()
        log.info("watch_opened", **self._about, resource_version=resource_version)

    def took(self, events: int, version: str) -> None:
        """So many events came, the last one with this version ("" where it has none)."""
        self.events += events
        self.last_event_at = self._clock.monotonic()
        self.version = version or self.version

    def ended(self, error: BaseException | None) -> None:
        """It ended: by the server (None), by `error`, or because nobody needs it any more."""
        if self.opened_at is None:
            return
        metrics.UPSTREAM_WATCHES.labels(*self._labels).dec()
        if isinstance(error, KubeError):
            why = error.reason.code
        else:
            why = "server" if error is None else "not_needed"
        metrics.UPSTREAM_WATCH_ENDS.labels(self._labels[0], why).inc()
        seconds = round(self._clock.monotonic() - self.opened_at, 3)
        log.info("watch_ended", **self._about, why=why, seconds=seconds, events=self.events)
