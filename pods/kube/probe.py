"""The probe: is this cluster's API server answering at all?

An idle watch is silent for a minute, so silence tells nothing about one scope. One small request
every 2 seconds tells faults of the whole cluster, for all its scopes at once: while it fails no
scope tries anything, and 300 broken watches cost no more requests than one.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from pods.clock import Clock
from pods.kube.errors import ApiError, KubeError, ServerError

log = structlog.get_logger(__name__)

PERIOD_SECONDS = 2.0
DEADLINE_SECONDS = 2.5
# A failing cluster is not asked more often than this, however many scopes would like to know.
MIN_INTERVAL_SECONDS = 0.5


class Probe:
    """Asks, remembers the answer, and wakes those who wait for one.

    `ask` makes the request and raises KubeError; `recovered` is called once when the cluster answers
    again after it did not. Owned by a Cluster, whose first user starts it and whose last stops it.

    `outages` counts how often it came back, the last time at `recovered_at`. An answer tells nothing about
    a stream of before the outage.
    """

    def __init__(
        self, name: str, clock: Clock, ask: Callable[[], Awaitable[None]], recovered: Callable[[], None]
    ) -> None:
        self.failure: KubeError | None = None
        self.answered_at: float | None = None
        self.outages = 0
        self.recovered_at: float | None = None
        self._answered_before_outage: float | None = None
        self._name = name
        self._clock = clock
        self._ask = ask
        self._recovered = recovered
        self._task: asyncio.Task[None] | None = None
        self._asked = asyncio.Event()
        # Hundreds of scopes wait through an outage: they are woken by an answer, not by each failure.
        self._answer = asyncio.Event()
        self._waiting = 0

    def start(self) -> None:
        """Starts asking; a second start does nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"probe {self._name}")

    async def stop(self) -> None:
        """Stops asking and forgets what was heard."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self.failure = None
        self.answered_at = None

    def confirmed_at(self, outages: int) -> float | None:
        """The last answer that confirms a stream opened when `outages` was as given."""
        return self.answered_at if outages == self.outages else self._answered_before_outage

    async def answered_since(self, moment: float) -> None:
        """Waits until the cluster has answered at or after `moment` (monotonic seconds)."""
        self._waiting += 1
        try:
            while self.answered_at is None or self.answered_at < moment:
                self._asked.set()
                await self._answer.wait()
        finally:
            self._waiting -= 1

    async def _run(self) -> None:
        while True:
            self._asked.clear()
            await self._round()
            await self._clock.sleep(MIN_INTERVAL_SECONDS)
            if self._waiting:
                continue
            try:
                async with asyncio.timeout(PERIOD_SECONDS - MIN_INTERVAL_SECONDS):
                    await self._asked.wait()
            except TimeoutError:
                continue

    async def _round(self) -> None:
        try:
            await self._ask()
        except KubeError as error:
            # 401, 403, 404, 429: somebody who speaks for the API server is there.
            if isinstance(error, ServerError) or not isinstance(error, ApiError):
                self.failure = error
                return
        except Exception:
            # A defect of ours must not leave every scope waiting for an answer that nobody asks for.
            log.exception("probe_failed", cluster=self._name)
            return
        before, self.answered_at = self.answered_at, self._clock.monotonic()
        answer, self._answer = self._answer, asyncio.Event()
        answer.set()
        if self.failure is not None:
            self.failure = None
            self.outages += 1
            self.recovered_at = self.answered_at
            self._answered_before_outage = before
            self._recovered()
