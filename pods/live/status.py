"""FlowStatus: whether what a reflector holds is known to be right, as data.

A feed's state on the wire follows from it and the clock alone (docs/contract.md, "state"):

catching_up   the first list is on its way, or the flow broke less than 5 s ago
live          the flow holds, and the API server was heard within the last 5 s
stale         5 s or more without confirmed contact
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from pods.clock import Clock
from pods.domain.reasons import Reason
from pods.kube.probe import Probe

State = Literal["catching_up", "live", "stale"]

STATES: tuple[State, ...] = ("catching_up", "live", "stale")

# How far from right: the worst of several speaks for all.
SEVERITY: dict[State, int] = {"live": 0, "catching_up": 1, "stale": 2}
assert set(SEVERITY) == set(STATES)  # noqa: S101 (a fact about this module, checked on import)

STALE_AFTER_SECONDS = 5.0


@dataclass(frozen=True)
class FeedState:
    """What a `feed` frame says. `since` is as in the contract; `reason` is None when all is well."""

    state: State
    since: datetime | None
    reason: Reason | None

    def same_as(self, other: "FeedState | None") -> bool:
        """Whether a viewer would be told the same; `since` of a stale feed moves with nobody's doing."""
        return other is not None and (self.state, self.reason) == (other.state, other.reason)


@dataclass
class FlowStatus:
    """Written by one reflector, read by its feed. Moments are monotonic seconds."""

    clock: Clock
    changed: Callable[[], None]
    cluster: Probe
    synced: bool = False
    reason: Reason | None = None
    retry_at: float | None = None
    restarts: int = 0
    poll_seconds: float = 0.0
    _polled: Probe | None = None
    _probe: Probe | None = None
    _outages: int = 0
    _started_at: float = field(init=False)
    _heard_at: float | None = None
    _right_at: float | None = None
    _broken_at: float | None = None
    _live_since: datetime | None = None

    def __post_init__(self) -> None:
        self._started_at = self.clock.monotonic()

    def heard(self) -> None:
        """Bytes came from the API server."""
        if self._live_since is not None and self.state().state == "stale":
            # Nothing failed, it was only not known: live since now, not since before.
            self._live_since = self.clock.now()
        self._heard_at = self.clock.monotonic()
        if self._probe is not None:
            self._right_at = self._heard_at

    def listed(self) -> None:
        """A whole list was taken over: at this moment the rows are right."""
        self.heard()
        self._right_at = self._heard_at
        self.synced = True
        self.changed()

    def flowing(self, probe: Probe) -> None:
        """A watch is open and holds; from now on the probe's answers confirm it."""
        self.heard()
        self._probe = probe
        self._outages = probe.outages
        self._polled = None
        self._right_at = self._heard_at
        self._restored(None)

    def polling(self, seconds: float, probe: Probe, reason: Reason) -> None:
        """Lists every so many seconds instead of a watch: right as of the last list, and said so."""
        self._polled = probe
        self.poll_seconds = seconds
        self._restored(reason)

    def closed(self) -> None:
        """The watch's response ended, well or not: nothing confirms the rows until the next one."""
        if self._probe is not None:
            self._right_at = self.confirmed_at()
            self._probe = None
        self.restarts += 1

    def broken(self, reason: Reason) -> None:
        """The flow failed, for `reason`: broken since the last contact."""
        if self._broken_at is None:
            self._broken_at = self._contact_at() or self.clock.monotonic()
        self._polled = None
        self._live_since = None
        self.reason = reason
        self.changed()

    def retrying_in(self, seconds: float) -> None:
        """The next try comes in so many seconds."""
        self.retry_at = self.clock.monotonic() + seconds

    def confirmed_at(self) -> float | None:
        """When the rows were last known to be right."""
        answered = self._probe.confirmed_at(self._outages) if self._probe is not None else None
        if answered is None:
            return self._right_at
        return max(self._right_at or answered, answered)

    def state(self) -> FeedState:
        """The state now."""
        now = self.clock.monotonic()
        if not self.synced:
            return self._first_state(now)
        confirmed = self.confirmed_at() or self._started_at
        if self._polled is not None:
            return self._polled_state(self._polled, now, confirmed)
        if self._broken_at is not None:
            long_ago = now - self._broken_at >= STALE_AFTER_SECONDS
            return FeedState("stale" if long_ago else "catching_up", self._wall(confirmed), self.reason)
        if now - confirmed >= STALE_AFTER_SECONDS:
            failure = self.cluster.failure
            reason = failure.reason if failure is not None else Reason("reconnecting")
            return FeedState("stale", self._wall(confirmed), reason)
        return FeedState("live", self._live_since or self._wall(confirmed), None)

    def _first_state(self, now: float) -> FeedState:
        """Before the first list: on its way while the cluster is heard, be it by its probe alone."""
        heard = max(self._started_at, self._heard_at or 0.0, self.cluster.answered_at or 0.0)
        quiet = now - (heard if self._broken_at is None else self._broken_at)
        failure = self.cluster.failure
        reason = self.reason or (failure.reason if failure is not None else Reason("first_list"))
        return FeedState("stale" if quiet >= STALE_AFTER_SECONDS else "catching_up", None, reason)

    def _polled_state(self, probe: Probe, now: float, listed: float) -> FeedState:
        """Live while lists come in time, and the cluster answers in between."""
        in_time = now - listed < self.poll_seconds + STALE_AFTER_SECONDS
        if in_time and now - max(listed, probe.answered_at or listed) < STALE_AFTER_SECONDS:
            return FeedState("live", self._live_since, self.reason)
        reason = probe.failure.reason if probe.failure is not None else self.reason
        return FeedState("stale", self._wall(listed), reason)

    def _contact_at(self) -> float | None:
        """When the API server was last heard in a way that vouches for this flow."""
        confirmed = self.confirmed_at()
        if self._polled is None or self._polled.answered_at is None:
            return confirmed
        return max(confirmed or self._polled.answered_at, self._polled.answered_at)

    def _restored(self, reason: Reason | None) -> None:
        self._broken_at = None
        self.retry_at = None
        self.reason = reason
        if self._live_since is None:
            self._live_since = self.clock.now()
        self.changed()

    def _wall(self, moment: float) -> datetime:
        """A monotonic moment as people read it, by the clock as it goes now."""
        return self.clock.now() - timedelta(seconds=self.clock.monotonic() - moment)
