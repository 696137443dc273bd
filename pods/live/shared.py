"""SharedInformer: the feed of one scope in one process of several, of which one watches for all.

holder    has the lease: watches, numbers, and tells the others
follower  does not watch; applies what the holder tells to its own store and feed
alone     watches and tells nobody: Redis is gone, or somebody holds the lease who cannot be heard

Guarantees. Viewers hang on one feed through every change of part: a change is a difference, so that rows
that did not change send nothing. No pod goes back to an older state because of it (pods.live.merging). A
holder whose lease may have expired tells nothing more, before anything else. What Redis does or does not
costs no viewer and no update.
"""

import asyncio
import contextlib
import random
import time
from typing import Literal

import structlog

from pods import metrics
from pods.clock import Clock
from pods.domain.scope import Scope
from pods.kube.cluster import Cluster
from pods.live.copying import Copy
from pods.live.fleet import Fleet
from pods.live.following import Following, Picture
from pods.live.informer import PodInformer
from pods.live.link import Failures, within
from pods.live.messages import Ask, Batch, Beat, Foreign, Handover, Message, Part
from pods.live.status import FeedState, FlowStatus
from pods.live.store import Changes
from pods.live.telling import Teller

log = structlog.get_logger(__name__)

Role = Literal["holder", "follower", "alone"]

STEP_SECONDS = 0.25
# Between two tries for the lease, jittered.
CONTEND_SECONDS = 0.3
REDIS_SECONDS = 1.0
# What is known here and not by the holder yet is looked at again after so long.
AHEAD_SECONDS = 1.0
# Steps that wait for the own watch's end; beyond it another picture is taken.
MAX_STEPS = 5_000
LEAVE_SECONDS = 2.0


class SharedInformer:
    """The feed of `namespace` (or `*`) of `cluster`, in whichever role `fleet` leaves to this process."""

    def __init__(self, cluster: Cluster, namespace: str, clock: Clock, fleet: Fleet) -> None:
        self.role: Role = "follower"
        self._scope = Scope(cluster.name, "pods", namespace)
        self._clock = clock
        self._link = fleet.link
        self._broker = fleet.broker
        self._following = Following()
        self._watch: asyncio.Task[None] | None = None
        self._lease = fleet.lease(self._scope)
        self._informer = PodInformer(cluster, namespace, clock, self._say)
        self.feed = self._informer.feed
        self._copy = Copy(self._informer.store, self.feed)
        self._teller = Teller(self._scope, self._broker, self._lease, self._informer, clock)
        self._steps: list[Batch | Picture] = []
        self._woken = asyncio.Event()
        self._role_since = clock.monotonic()
        self._contend_at = float("-inf")
        self._ahead_at = float("inf")

    async def run(self) -> None:
        """Keeps the feed right until cancelled; then hands over, if there is anything to."""
        self.feed.listeners.add(self._numbered)
        self._broker.join(self._scope, self._received)
        self._link.listeners.add(self._woken.set)
        metrics.FLEET_SCOPES.labels(self.role).inc()
        try:
            await self._link.decided()
            while True:
                await self._safely_step()
                await self._sleep()
        finally:
            await self._leave()

    def restart(self) -> None:
        """Lists and watches anew, or takes everything anew from who does."""
        if self.role == "follower":
            self._following.want()
            self._woken.set()
        else:
            self._informer.restart()

    def statuses(self) -> dict[str, FlowStatus]:
        """How well each resource's objects are known, by its name; empty where another process watches."""
        return {} if self._watch is None else self._informer.statuses()

    def close(self) -> None:
        """Nothing is held outside the task."""

    async def _safely_step(self) -> None:
        try:
            await self._step()
        except Exception:
            # A defect of ours must not leave a page silently old.
            log.exception("scope_failed", **self._about())
            await self._clock.sleep(REDIS_SECONDS)

    async def _step(self) -> None:
        if self._steps:
            await self._follow()
        if self._watch is not None and self._watch.done():
            log.error("watch_ended_by_itself", **self._about())
            self._start_watch()
        now = self._clock.monotonic()
        if self.role == "holder":
            await self._hold(now)
        elif not self._link.up:
            self._stand_alone()
        elif not await self._contend(now):
            if self._following.is_neglected(now, self._role_since):
                self._stand_alone()
            self._ask(now)

    async def _sleep(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STEP_SECONDS):
                await self._woken.wait()
        self._woken.clear()

    # --- Holding -------------------------------------------------------------------------------------

    async def _hold(self, now: float) -> None:
        if now >= self._lease.due:
            with contextlib.suppress(*Failures):
                await within(REDIS_SECONDS, self._lease.renew())
        if not self._lease.held:
            self._lose()
            return
        if self._informer.store.regressions:
            # The cluster went back: what is told of it from now on is not compared with what was.
            self._informer.store.regressions = 0
            self._copy.lineage = int(time.time() * 1000)
            self.feed.begin_epoch()
        self._teller.lineage = self._copy.lineage
        self._teller.beat_if_due()

    async def _contend(self, now: float) -> bool:
        """Tries for the lease where nobody is heard to hold it; whether it was got."""
        wanted = self._following.silent(now) or self._following.handed is not None
        if not wanted or now < self._contend_at:
            return False
        self._contend_at = now + CONTEND_SECONDS * (0.5 + random.random())
        try:
            got = await within(REDIS_SECONDS, self._lease.acquire(self._following.fence, self._heir()))
        except Failures:
            return False
        if got:
            self._take_over()
        return got

    def _take_over(self) -> None:
        """The lease is ours. The epoch goes on only where the last holder said that it ended here."""
        if self.role == "follower" and not self._heir():
            self.feed.begin_epoch()
        self._steps.clear()
        self._following.fence = self._lease.fence
        self._become("holder")
        self._teller.beat()

    def _heir(self) -> str:
        return "" if self._copy.ahead else self._following.heir(self.feed.position)

    def _lose(self) -> None:
        """Somebody else may hold by now. Watching goes on until it is followed."""
        self._lease.lose()
        self._become("alone")

    def _stand_alone(self) -> None:
        if self.role == "follower":
            self.feed.begin_epoch()
            self._steps.clear()
            self._become("alone")

    def _become(self, role: Role) -> None:
        if role == self.role:
            return
        log.info("fleet_role", role=role, was=self.role, **self._about())
        metrics.FLEET_SCOPES.labels(self.role).dec()
        metrics.FLEET_SCOPES.labels(role).inc()
        self.role, self._role_since = role, self._clock.monotonic()
        if role == "follower":
            return
        self._following.forget()
        if self._watch is None:
            self._start_watch()

    def _start_watch(self) -> None:
        self._informer.renew()
        name = f"informer {self._scope.cluster}/{self._scope.namespace}"
        self._watch = asyncio.create_task(self._informer.run(), name=name)

    # --- Following -----------------------------------------------------------------------------------

    def _received(self, message: Message, process: str) -> None:
        """From the broker. Raises Foreign."""
        if self.role == "holder":
            self._received_as_holder(message, process)
        elif not isinstance(message, Ask):
            self._received_as_follower(message)

    def _received_as_holder(self, message: Message, process: str) -> None:
        if isinstance(message, Ask):
            self._teller.asked(message, process)
        elif message.fence > self._lease.fence:
            self._lose()
            self._woken.set()
        else:
            raise Foreign("fence")

    def _received_as_follower(self, message: Batch | Beat | Part | Handover) -> None:
        steps = self._following.take(message, self._clock.monotonic())
        if self._watch is None and not self._steps:
            self._apply(steps)
        elif steps:
            self._steps += steps
            if len(self._steps) > MAX_STEPS:
                self._steps.clear()
                self._following.forget()
        if steps or self._following.handed is not None:
            self._woken.set()
        self.feed.check_state()

    async def _follow(self) -> None:
        """The own watch ends before another's numbers are taken over: no event of it may come after."""
        await self._stop_watch()
        self._become("follower")
        steps, self._steps = self._steps, []
        self._apply(steps)

    def _apply(self, steps: list[Batch | Picture]) -> None:
        try:
            for step in steps:
                self._copy.apply(step)
        except Exception:
            # A defect of ours must not leave a page silently old: everything is taken anew.
            log.exception("scope_failed", **self._about())
            self._following.forget()
        if any(isinstance(step, Picture) for step in steps):
            self._ahead_at = self._clock.monotonic() + AHEAD_SECONDS if self._copy.ahead else float("inf")

    def _ask(self, now: float) -> None:
        if now >= self._ahead_at:
            self._ahead_at = float("inf")
            self._following.want()
        picture = self._following.ask(now) if self._broker.joined(self._scope) else None
        if picture is not None:
            self._teller.ask(picture, self._following.fence)

    # --- What viewers are told -----------------------------------------------------------------------

    def _say(self, own: FeedState) -> FeedState:
        """The own watch's state, or until that has listed the last that was told, which ages."""
        if self._watch is not None and self._informer.listed:
            return own
        return self._following.state(self._clock) or own

    def _numbered(self, changes: Changes) -> None:
        if self.role == "holder":
            self._teller.numbered(changes)

    def _about(self) -> dict[str, str]:
        return {"cluster": self._scope.cluster, "namespace": self._scope.namespace}

    # --- The end -------------------------------------------------------------------------------------

    async def _stop_watch(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            await asyncio.wait([watch])

    async def _leave(self) -> None:
        """Hears nothing more, ends the watch, numbers what is left, and hands over."""
        self._broker.leave(self._scope, self._received)
        self._link.listeners.discard(self._woken.set)
        metrics.FLEET_SCOPES.labels(self.role).dec()
        try:
            await self._stop_watch()
            if self.role == "holder" and self._lease.held:
                with contextlib.suppress(*Failures):
                    async with asyncio.timeout(LEAVE_SECONDS):
                        self.feed.settle()
                        await self._teller.hand_over()
        finally:
            await self._teller.close()
            self.feed.listeners.discard(self._numbered)
