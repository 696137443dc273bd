"""The Prometheus metrics of one portal process; the names are part of docs/contract.md."""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# A second series for each counter, which nobody here asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]

SOCKETS = Gauge("k8sportal_sockets", "WebSockets that are open.")
VIEWERS = Gauge(
    "k8sportal_viewers",
    "Viewers of a namespace; a socket counts in each of its namespaces.",
    ["cluster", "namespace"],
)
UPSTREAM_WATCHES = Gauge(
    "k8sportal_upstream_watches",
    "Watches that this process holds open at the Kubernetes API.",
    ["cluster", "resource", "namespace"],
)
UPSTREAM_REQUESTS = Counter(
    "k8sportal_upstream_requests",
    "Requests to the Kubernetes API, by verb and HTTP status (or the kind of failure).",
    ["cluster", "verb", "code"],
)
VIEWER_CLOSES = Counter(
    "k8sportal_viewer_closes",
    "Viewers' sockets that ended, by the close code the portal chose; 1006 where the peer vanished.",
    ["code"],
)
FRAMES_SENT = Counter("k8sportal_frames_sent", "Frames sent to viewers.")
EVENT_TO_SEND = Histogram(
    "k8sportal_event_to_send_seconds",
    "From the arrival of a watch event to the sending of the frame that carries it.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
FEED_STATE = Gauge(
    "k8sportal_feed_state",
    "1 for the state that a feed is in, 0 for the others.",
    ["cluster", "namespace", "state"],
)
