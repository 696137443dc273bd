"""Hub: which scopes this process watches, for whom, and for how long.

The first subscription of a scope starts its feed; the last one's end stops it after a short linger,
so that a page refresh does not restart a watch. However many viewers, tabs and filters there are, a
scope has one feed. Every feed has one task, owned here and awaited when it ends.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from prometheus_client import Gauge

from pods import metrics
from pods.clock import Clock
from pods.domain.rights import NamespaceRule
from pods.domain.scope import Scope
from pods.domain.viewfilter import ViewFilter
from pods.kube.cluster import Cluster
from pods.live.feed import Feed
from pods.live.informer import PodInformer
from pods.live.status import STATES, State
from pods.live.subscription import Subscription, Wakeable
from pods.live.union import Union
from pods.live.view import View

# How late a feed is called stale at most.
PULSE_SECONDS = 0.1

ViewKey = tuple[str, str, NamespaceRule | None]
# A scope, or several of one cluster seen as one.
Key = Scope | tuple[Scope, ...]


class Source(Protocol):
    """What fills a feed."""

    feed: Feed

    async def run(self) -> None:
        """Keeps the feed right until cancelled."""

    def restart(self) -> None:
        """Lists and watches anew, under the feed's viewers."""

    def close(self) -> None:
        """Gives back what is held outside the task."""


# Makes the source of one scope's feed: its cluster, its namespace.
MakeSource = Callable[[Cluster, str, Clock], Source]


class UnknownCluster(LookupError):
    """The hub was asked for a cluster that the portal does not have."""


@dataclass
class Running:
    """One feed with its task, its users, and the views that they share."""

    key: Key
    feed: Feed
    source: Source
    task: asyncio.Task[None]
    users: int = 0
    linger: asyncio.TimerHandle | None = None
    shown: State | None = None
    views: dict[ViewKey, tuple[View, int]] = field(default_factory=dict)

    @property
    def needed(self) -> bool:
        """Whether somebody uses it, or did until a moment ago: then its linger is going to end it."""
        return self.users > 0 or self.linger is not None

    def show_state(self, state: State | None) -> None:
        """Tells the metrics, where they do not say so already; None at its end."""
        if state == self.shown:
            return
        self.shown = state
        for name in STATES:
            metrics.FEED_STATE.labels(self.feed.cluster, self.feed.namespace, name).set(name == state)

    def drop_view(self, view_key: ViewKey) -> None:
        """Counts one user less of a view; nobody's view is forgotten."""
        view, users = self.views[view_key]
        if users > 1:
            self.views[view_key] = (view, users - 1)
        else:
            del self.views[view_key]


class Hub:
    """Feeds by scope. Belongs to one event loop; `stop()` ends everything."""

    def __init__(
        self,
        cluster_of: Callable[[str], Cluster | None],
        clock: Clock,
        linger_seconds: float,
        make_source: MakeSource = PodInformer,
    ) -> None:
        self._cluster_of = cluster_of
        self._make_source = make_source
        self._clock = clock
        self._linger_seconds = linger_seconds
        self.held: set[Held] = set()
        self._running: dict[Key, Running] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._pulse: asyncio.Task[None] | None = None

    def subscribe(
        self,
        key: Key,
        label: str,
        filter: ViewFilter,
        rule: NamespaceRule | None,
        viewer: Wakeable,
        resume: Sequence[str] = (),
    ) -> "Held":
        """A viewer's place in the view of `key` that `filter` and `rule` make, shown as `label`.

        Raises UnknownCluster. The caller owns what it gets and closes it.
        """
        running = self.acquire(key)
        view_key = (label, filter.key(), rule)
        view, users = running.views.get(view_key) or (View(running.feed, label, filter, rule), 0)
        running.views[view_key] = (view, users + 1)
        held = Held(Subscription(view, viewer, resume), self, running, view_key)
        self.held.add(held)
        return held

    def acquire(self, key: Key) -> Running:
        """Counts one more user of `key`'s feed, starting it if need be. Raises UnknownCluster."""
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = self._start(key)
        if running.linger is not None:
            running.linger.cancel()
            running.linger = None
        running.users += 1
        return running

    def release(self, running: Running, lingers: bool = True) -> None:
        """Counts one user less; the last one's leaving starts the linger, if that is not over yet."""
        running.users -= 1
        if running.users > 0 or self._running.get(running.key) is not running:
            return
        if not lingers:
            self._end(running)
        else:
            loop = asyncio.get_running_loop()
            running.linger = loop.call_later(self._linger_seconds, self._end, running)

    def end_cluster(self, name: str) -> None:
        """Ends every feed of a cluster that the portal has no more, whoever still looks at it."""
        for running in list(self._running.values()):
            if running.feed.cluster == name:
                self._end(running)

    def feed(self, key: Key) -> Feed | None:
        """The feed of `key`, if it runs."""
        running = self._running.get(key)
        return running.feed if running is not None else None

    def running(self) -> list[Running]:
        """Every feed that runs, with its users."""
        return list(self._running.values())

    def restart(self, key: Key) -> bool:
        """Lists and watches `key` anew, under its viewers; False where it does not run."""
        running = self._running.get(key)
        if running is None:
            return False
        running.source.restart()
        return True

    def feeds(self) -> list[Feed]:
        """Every feed that runs."""
        return [running.feed for running in self._running.values()]

    async def stop(self) -> None:
        """Ends every feed now and waits for their tasks."""
        for running in list(self._running.values()):
            self._end(running)
        if self._ending:
            await asyncio.wait(self._ending)
        pulse, self._pulse = self._pulse, None
        if pulse is not None:
            pulse.cancel()
            await asyncio.wait([pulse])

    def _start(self, key: Key) -> Running:
        scopes = (key,) if isinstance(key, Scope) else key
        cluster = self._cluster_of(scopes[0].cluster)
        if cluster is None:
            raise UnknownCluster(scopes[0].cluster)
        source: Source
        if isinstance(key, Scope):
            source = self._make_source(cluster, key.namespace, self._clock)
        else:
            source = Union(self, key, self._clock)
        name = f"feed {cluster.name}/{source.feed.namespace}"
        task = asyncio.create_task(source.run(), name=name)
        if self._pulse is None:
            self._pulse = asyncio.create_task(self._watch_states(), name="hub pulse")
        return Running(key, source.feed, source, task)

    def _end(self, running: Running) -> None:
        if self._running.get(running.key) is not running:
            return
        del self._running[running.key]
        if running.linger is not None:
            running.linger.cancel()
        running.feed.close()
        running.source.close()
        running.task.cancel()
        self._ending.add(running.task)
        running.task.add_done_callback(self._ending.discard)
        running.show_state(None)
        if not self._running and self._pulse is not None:
            self._pulse.cancel()
            self._ending.add(self._pulse)
            self._pulse.add_done_callback(self._ending.discard)
            self._pulse = None

    async def _watch_states(self) -> None:
        """Time alone makes a feed stale: somebody has to look."""
        while True:
            for running in self.running():
                running.feed.check_state()
                running.show_state(running.feed.told.state)
            await self._clock.sleep(PULSE_SECONDS)


class Held:
    """A subscription with what it holds of the hub, given back once.

    Its owner is the task that subscribed: when that has ended, nothing may be held any more.
    """

    def __init__(self, subscription: Subscription, hub: Hub, running: Running, view_key: ViewKey) -> None:
        self.subscription = subscription
        self.key = running.key
        self.owner = asyncio.current_task()
        self._hub = hub
        self._running: Running | None = running
        self._view_key = view_key
        self._counted = False

    @property
    def orphaned(self) -> bool:
        """Whether its owner ended without giving it back."""
        return self.owner is not None and self.owner.done()

    @property
    def rule(self) -> NamespaceRule | None:
        """The rule that cuts the view out of its feed."""
        return self._view_key[2]

    def count(self) -> None:
        """Counts it as a viewer, until it is closed by whomever."""
        self._counted = True
        self._viewers().inc()

    def _viewers(self) -> Gauge:
        return metrics.VIEWERS.labels(self.subscription.feed.cluster, self.subscription.label)

    def close(self) -> None:
        """Ends the subscription and gives the feed back. A second close does nothing."""
        running, self._running = self._running, None
        if running is not None:
            if self._counted:
                self._viewers().dec()
            self._hub.held.discard(self)
            self.subscription.close()
            running.drop_view(self._view_key)
            self._hub.release(running)
