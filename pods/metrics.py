"""The Prometheus metrics of one portal process; the names are part of docs/contract.md."""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from pods.domain.protocol import VANISHED, CloseCode

# A second series for each counter, which nobody here asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]

# Sweeps (one each 30 s) that a series of a namespace stays at 0 before it is forgotten: names come from
# people's addresses, and must not fill the memory.
IDLE_SWEEPS = 10

BUILD_INFO = Gauge("k8sportal_build_info", "1, with the version that runs as a label.", ["version"])
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
UPSTREAM_WATCH_ENDS = Counter(
    "k8sportal_upstream_watch_ends",
    "Watches that ended, by why: `server` (renewed in the ordinary course), `not_needed`, or what failed.",
    ["cluster", "why"],
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
for _code in (*CloseCode, VANISHED):  # from 0 on, so that the first of a kind counts as an increase
    VIEWER_CLOSES.labels(str(int(_code)))
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

READY = Gauge("k8sportal_ready", "1 if /readyz says 200, else 0; looked at when the metrics are asked for.")

# --- Between replicas (with REDIS_URL) ---------------------------------------------------------------

FLEET_SCOPES = Gauge(
    "k8sportal_fleet_scopes",
    "Scopes of this process by its part in them: it watches for all (holder), is told (follower), or "
    "watches for itself alone.",
    ["role"],
)
FLEET_SENT = Counter("k8sportal_fleet_messages_sent", "Messages to other replicas.")
FLEET_SENT_BYTES = Counter("k8sportal_fleet_sent_bytes", "Bytes of messages to other replicas.")
FLEET_DROPPED = Counter("k8sportal_fleet_messages_dropped", "Messages to other replicas that were dropped.")
FLEET_IGNORED = Counter(
    "k8sportal_fleet_messages_ignored",
    "What came over Redis and was not a message of this installation's portals, by what was wrong.",
    ["reason"],
)
FLEET_PICTURES = Counter("k8sportal_fleet_pictures", "Pictures that were taken from other replicas.")
for _reason in ("shape", "form", "installation", "fence"):
    FLEET_IGNORED.labels(_reason)

# --- What is held (pods.census); all but the first are counted when the metrics are asked for ----------

LIFECYCLES = Gauge("k8sportal_lifecycles", "Viewers' lifecycles that have begun and not ended.")
SERVER_SOCKETS = Gauge(
    "k8sportal_server_sockets",
    "WebSocket connections that the server itself holds; NaN where it does not tell.",
)
SERVER_SOCKETS.set(float("nan"))
WATCH_TASKS = Gauge("k8sportal_watch_tasks", "Tasks that run a viewer's watch.")
SUBSCRIPTIONS = Gauge("k8sportal_subscriptions", "Subscriptions to feeds, viewers' and requests'.")
FEEDS = Gauge("k8sportal_feeds", "Feeds that run, those that linger after their last viewer included.")
UNNEEDED_WATCHES = Gauge(
    "k8sportal_unneeded_watches",
    "Upstream watches that nobody has needed for longer than the linger. Stays at 0.",
)
LAYER_ENTRIES = Gauge(
    "k8sportal_channel_layer_entries",
    "What channel layers hold in this process: buffers of channels, messages in them, members of groups, "
    "subscriptions at Redis.",
    ["kind"],
)
TASKS = Gauge("k8sportal_tasks", "Tasks of the event loop.")
THREADS = Gauge("k8sportal_threads", "Threads of the process beside the event loop's bounded pool.")
UNACKNOWLEDGED = Gauge("k8sportal_unacknowledged_bytes", "Bytes sent to viewers and not acknowledged.")
TCP_CONNECTIONS = Gauge(
    "k8sportal_tcp_connections", "TCP connections of this process, by state (Linux).", ["state"]
)
REAPED = Counter(
    "k8sportal_reaped",
    "What the reaper had to give back because its owner had ended without doing so. Stays at 0.",
    ["kind"],
)
for _kind in ("lifecycle", "subscription", "watch"):
    REAPED.labels(_kind)
LOOP_STALL = Histogram(
    "k8sportal_loop_stall_seconds",
    "How long the event loop kept a short sleep waiting beyond its time.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
LONGEST_STALL = Gauge(
    "k8sportal_loop_stall_longest_seconds", "The longest such stall of the last minute or two."
)

_idle: dict[tuple[int, tuple[str, ...]], int] = {}


def forget_idle() -> None:
    """Forgets series by namespace that were 0 at each of the last IDLE_SWEEPS calls."""
    seen: dict[tuple[int, tuple[str, ...]], int] = {}
    for gauge, state_at in ((VIEWERS, None), (UPSTREAM_WATCHES, None), (FEED_STATE, 2)):
        for labels, value in _values(gauge, state_at).items():
            if value:
                continue
            key = (id(gauge), labels)
            seen[key] = _idle.get(key, 0) + 1
            if seen[key] > IDLE_SWEEPS:
                del seen[key]
                _remove(gauge, labels, state_at)
    _idle.clear()
    _idle.update(seen)


def _values(gauge: Gauge, state_at: int | None) -> dict[tuple[str, ...], float]:
    """The gauge's values by labels; those that differ in the label at `state_at` only are added up."""
    values: dict[tuple[str, ...], float] = {}
    for metric in gauge.collect():
        for sample in metric.samples:
            labels = tuple(sample.labels.values())
            if state_at is not None:
                labels = labels[:state_at]
            values[labels] = values.get(labels, 0.0) + sample.value
    return values


def _remove(gauge: Gauge, labels: tuple[str, ...], state_at: int | None) -> None:
    if state_at is None:
        gauge.remove(*labels)
    else:
        for state in ("catching_up", "live", "stale"):
            gauge.remove(*labels, state)
