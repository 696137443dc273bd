"""PodInformer: the feed of one scope's pods, with the tasks that keep it right.

Reflectors of pods, of their ReplicaSets (owners and revisions), and beside those of warnings (reasons) and of
each kind of workload (rollouts); and the fetching by name of ReplicaSets that no list or event has told of.
Where ReplicaSets or what is beside them may not be read, less is said, not wrong; of owners, which are then
guessed, the feed says so. Events and workloads never make a feed other than live.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from pods.clock import Clock
from pods.domain.reasons import Reason
from pods.domain.rollout import RolloutKind
from pods.kube.cluster import Cluster
from pods.kube.errors import KubeError
from pods.kube.events import EVENTS
from pods.kube.listwatch import ListWatch
from pods.kube.objects import fetch_replicaset
from pods.kube.resource import PODS, REPLICASETS, version_number
from pods.kube.workloads import WORKLOADS, RolloutRecord
from pods.live.backoff import Backoff
from pods.live.feed import Feed
from pods.live.owners import Key
from pods.live.reflector import Reflector
from pods.live.sinks import Both
from pods.live.status import STALE_AFTER_SECONDS, FeedState, FlowStatus
from pods.live.store import PodStore

log = structlog.get_logger(__name__)

# ReplicaSets waiting to be fetched by name; beyond it the name less its hash stands in.
MISSING_AT_ONCE = 100
# After an error of our own making the scope starts anew, no faster than this.
RESTART_SECONDS = 5.0
# Where events or workloads may not be read, that is no failure, and must not look like one for being asked
# so often.
LONGEST_WITHOUT_SECONDS = 300.0


class _Restart(Exception):
    """An operator wants the scope listed and watched anew."""


class PodInformer:
    """Owns the reflectors of `namespace` (or `*`) of `cluster`, and the feed they fill."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        clock: Clock,
        say: Callable[[FeedState], FeedState] = lambda state: state,
    ) -> None:
        """`say` may have the feed's state be another than that of its own watches."""
        self._cluster = cluster
        self._namespace = namespace
        self._clock = clock
        self._missing: asyncio.Queue[Key] = asyncio.Queue(MISSING_AT_ONCE)
        # Rows come first, and go on first: what explains them asks for nothing while they are not live.
        self._pods_live = asyncio.Event()
        self.store = PodStore(self._rows_changed, self._replicaset_missing)
        self.renew()
        self._restarting = asyncio.Event()
        self.feed = Feed(
            cluster.name,
            namespace,
            self.store.records,
            lambda: say(self._state()),
            clock,
            self.store.rollouts.records,
        )

    def renew(self) -> None:
        """The next `run` trusts nothing that an earlier one has seen: it begins with lists."""
        self._pods_live.clear()
        self.store.rollouts.renew()
        self._renewed_at = self._clock.monotonic()
        self._pods = Reflector(
            ListWatch(self._cluster, PODS, self._namespace), self.store, self._clock, self._status_changed
        )
        self._replicasets = Reflector(
            ListWatch(self._cluster, REPLICASETS, self._namespace),
            Both(self.store.owners, self.store.rollouts.replicasets),
            self._clock,
            self._replicasets_changed,
        )
        self._events = Reflector(
            ListWatch(self._cluster, EVENTS, self._namespace),
            self.store.events,
            self._clock,
            self._events_changed,
            Backoff(longest=LONGEST_WITHOUT_SECONDS),
            gate=self._pods_live,
        )
        self._workloads = {kind: self._workload(kind) for kind in WORKLOADS}

    def _workload(self, kind: RolloutKind) -> Reflector[RolloutRecord]:
        return Reflector(
            ListWatch(self._cluster, WORKLOADS[kind], self._namespace),
            self.store.rollouts.sink(kind),
            self._clock,
            partial(self._workload_changed, kind),
            Backoff(longest=LONGEST_WITHOUT_SECONDS),
            gate=self._pods_live,
        )

    @property
    def listed(self) -> bool:
        """Whether the pods were listed since the last `renew`."""
        return self._pods.status.synced

    @property
    def version(self) -> int:
        """The resourceVersion up to which everything is in the store; 0 where that is no number."""
        return version_number(self._pods.version or "")

    async def run(self) -> None:
        """Keeps the feed right until cancelled."""
        while True:
            pause = RESTART_SECONDS
            try:
                await self._run_once(f"{self._cluster.name}/{self._namespace}")
            except* _Restart:
                pause = 0.0
            except* Exception:
                # A defect of ours must not leave a page silently old: it is logged, and the scope restarts.
                log.exception("scope_failed", cluster=self._cluster.name, namespace=self._namespace)
            await self._clock.sleep(pause)

    def restart(self) -> None:
        """Lists and watches anew, under the feed's viewers: what did not change sends nothing."""
        self._restarting.set()

    def statuses(self) -> dict[str, FlowStatus]:
        """How well each resource's objects are known, by the resource's name."""
        return {each.resource: each.status for each in self._reflectors()}

    def close(self) -> None:
        """Nothing is held outside the task."""

    def _reflectors(self) -> tuple[Reflector[Any], ...]:
        return self._pods, self._replicasets, self._events, *self._workloads.values()

    async def _run_once(self, name: str) -> None:
        """Lists and watches until a task fails. Raises _Restart in a group, when told to start anew."""
        async with asyncio.TaskGroup() as tasks:
            for reflector in self._reflectors():
                tasks.create_task(reflector.run(), name=f"reflector {reflector.resource} {name}")
            tasks.create_task(self._fetch_missing(), name=f"fetch replicasets {name}")
            tasks.create_task(self._until_restart(), name=f"restart {name}")

    async def _until_restart(self) -> None:
        await self._restarting.wait()
        self._restarting.clear()
        for reflector in self._reflectors():
            reflector.forget()
        raise _Restart

    def _rows_changed(self, changes: dict[str, str]) -> None:
        self.feed.changed(changes)

    def _state(self) -> FeedState:
        """That of the pods; a live one tells where owners are only judged by name."""
        state, owners = self._pods.status.state(), self._replicasets.status.reason
        if state.state != "live" or state.reason is not None or owners is None or owners.code != "forbidden":
            return state
        return replace(state, reason=Reason("owners_by_name", owners.params))

    def _status_changed(self) -> None:
        status = self._pods.status
        if status.state().state == "live":
            self._pods_live.set()
        else:
            self._pods_live.clear()
        if status.synced:
            self.feed.sync()
        self.feed.check_state()

    def _events_changed(self) -> None:
        if not self._is_right(self._events.status):
            self.store.events.forget()

    def _workload_changed(self, kind: RolloutKind) -> None:
        if not self._is_right(self._workloads[kind].status):
            self.store.rollouts.sink(kind).forget()
            self._workloads[kind].forget()

    def _replicasets_changed(self) -> None:
        if not self._is_right(self._replicasets.status):
            self.store.rollouts.replicasets.forget()
            self._replicasets.forget()
        self._status_changed()

    def _is_right(self, status: FlowStatus) -> bool:
        """Whether what is beside the pods is as right as these are: else it is not told."""
        if status.reason is not None and status.reason.code == "forbidden":
            return False
        right_at = status.confirmed_at() or self._renewed_at
        is_old = self._clock.monotonic() - right_at >= STALE_AFTER_SECONDS
        return not is_old or self._pods.status.state().state != "live"

    def _replicaset_missing(self, key: Key) -> None:
        if not self._missing.full():
            self._missing.put_nowait(key)

    async def _fetch_missing(self) -> None:
        while True:
            namespace, name = await self._missing.get()
            try:
                record = await fetch_replicaset(self._cluster, namespace, name)
            except KubeError as error:
                log.info("replicaset_not_read", cluster=self._cluster.name, reason=error.reason.code)
                continue
            self.store.owners.fetched(record)
