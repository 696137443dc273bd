"""Cluster: everything the portal has one of per Kubernetes API server.

The client and its credentials, the limit of connections, the gate of lists, the probe, and what was
learnt about the server (whether it serves streaming lists). Scopes share it; none makes its own.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import aiohttp

from pods import metrics
from pods.clock import Clock, SystemClock
from pods.domain.reasons import Reason
from pods.kube.client import Client, Encoding, Query
from pods.kube.credentials import EXPIRY_MARGIN_SECONDS, Loaded, load
from pods.kube.errors import ApiError, CredentialsError, KubeError, TooManyWatches, Unauthorized
from pods.kube.history import History
from pods.kube.probe import DEADLINE_SECONDS, Probe
from pods.kube.source import ClusterSource
from pods.kube.watchlog import WatchRecord

LISTS_AT_ONCE = 4
# Seven for each of 1,000 scopes: their pods, ReplicaSets, events, and four kinds of workloads.
# Logs are one a reader, watches one for all: readers must not take the place of watches.
MAX_LOGS = 500
MAX_WATCHES = 7000

# Files may be replaced at any time (projected tokens are, hourly); reading them is cheap.
REREAD_SECONDS = 60.0
# After a failure to load, and after a 401, the next try waits: a plugin may take seconds and ask people.
RELOAD_SECONDS = 5.0

_PROBE_FORBIDDEN = Reason("forbidden", {"verb": "get", "verbs": "get", "resource": "/version", "where": "/"})


class Cluster:
    """One Kubernetes API server, as the portal uses it. Not thread-safe: one event loop owns it."""

    def __init__(self, name: str, source: ClusterSource, clock: Clock | None = None) -> None:
        self.name = name
        self.clock = clock or SystemClock()
        self.streaming_lists = True
        self.generation = 0
        self.list_gate = asyncio.Semaphore(LISTS_AT_ONCE)
        self.cut_at = float("-inf")
        self.watches: set[WatchRecord] = set()
        self._held = {False: 0, True: 0}
        self.probe = Probe(name, self.clock, self._ask_version, self.restart_streams)
        self.history = History(name, self.clock, self.start_over)
        self._source = source
        self._client: Client | None = None
        self._loaded_at = float("-inf")
        self._loading: asyncio.Task[None] | None = None
        self._failure: CredentialsError | None = None
        self._refused = False
        self._users = 0
        self._closed = False

    @property
    def source(self) -> ClusterSource:
        """Where address and credentials come from."""
        return self._source

    @asynccontextmanager
    async def in_use(self) -> AsyncIterator[None]:
        """Held by each running scope: the first one starts the probe, the last one's end stops it."""
        self._users += 1
        self.probe.start()
        try:
            yield
        finally:
            self._users -= 1
            if self._users == 0:
                await self.probe.stop()

    @contextmanager
    def holds(self, watch: WatchRecord) -> Iterator[None]:
        """Counts `watch` against the cluster's limit of its kind; raises TooManyWatches beyond it."""
        limit = MAX_LOGS if watch.own else MAX_WATCHES
        if self._held[watch.own] >= limit:
            raise TooManyWatches(
                Reason("too_many_logs" if watch.own else "too_many_watches", {"limit": limit})
            )
        self._held[watch.own] += 1
        self.watches.add(watch)
        try:
            yield
        finally:
            self.watches.discard(watch)
            self._held[watch.own] -= 1

    @asynccontextmanager
    async def get(
        self,
        path: str,
        query: Query,
        accept: str,
        *,
        verb: str,
        seconds: float,
        forbidden: Reason,
        encoding: Encoding = "identity",
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A GET at this cluster, counted; see Client.get. A 401 makes the next request reload credentials."""
        answered = False
        try:
            client = await self._current_client(renew=verb != "probe")
            async with client.get(
                path, query, accept, seconds=seconds, forbidden=forbidden, encoding=encoding
            ) as response:
                answered = True
                self._count(verb, "200")
                yield response
        except KubeError as error:
            if isinstance(error, Unauthorized):
                self._refused = True
            if not answered:  # else it is about the body
                self._count(verb, str(error.status) if isinstance(error, ApiError) else error.reason.code)
            raise

    def restart_streams(self) -> None:
        """Ends every open response, so that each scope opens its stream anew from where it is."""
        self.cut_at = self.clock.monotonic()
        if self._client is not None:
            self._client.cut()

    def start_over(self) -> None:
        """What was seen does not hold any more: every scope lists again."""
        self.generation += 1
        self.restart_streams()

    async def reconfigure(self, source: ClusterSource) -> None:
        """Goes over to another address or other credentials; every scope lists again."""
        await self._end_loading()
        self._source = source
        self.generation += 1
        self.history.forget()
        self.streaming_lists = True
        self._failure = None
        self._loaded_at = float("-inf")
        old, self._client = self._client, None
        self.cut_at = self.clock.monotonic()
        if old is not None:
            await old.close()

    async def close(self) -> None:
        """Ends the probe and every connection, for good."""
        self._closed = True
        await self.probe.stop()
        await self._end_loading()
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _ask_version(self) -> None:
        async with self.get(
            "/version",
            [],
            "application/json",
            verb="probe",
            seconds=DEADLINE_SECONDS,
            forbidden=_PROBE_FORBIDDEN,
        ):
            return

    async def _current_client(self, renew: bool) -> Client:
        """The client; with `renew`, after loading the credentials anew where that is due.

        The probe does without: what it asks needs no fresh token, and a plugin that hangs must not
        make a cluster look dead whose watches flow.
        """
        if self._client is not None and not renew:
            return self._client
        if self._closed:
            raise CredentialsError(Reason("not_configured"))
        if self._client is None or self._reload_due(self._client.loaded):
            await self._load()
        if self._client is None:
            raise self._failure or CredentialsError(Reason("not_configured"))
        return self._client

    async def _load(self) -> None:
        """Waits for the credentials, which are loaded once for all who wait.

        A plugin may take longer than one of them has time: leaving does not end it for the others.
        """
        if self._loading is None:
            self._loading = asyncio.create_task(self._reload(), name=f"credentials {self.name}")
            self._loading.add_done_callback(self._loaded)
        loading = self._loading
        try:
            await asyncio.shield(loading)
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if loading.cancelled() and current is not None and not current.cancelling():
                # Only the load was cancelled: the cluster was pointed elsewhere meanwhile, or closed.
                raise CredentialsError(Reason("reconnecting")) from None
            raise

    def _loaded(self, task: asyncio.Task[None]) -> None:
        if self._loading is task:
            self._loading = None
        if not task.cancelled():
            task.exception()  # who waited has it; if nobody did any more, the failure stands in _failure

    async def _end_loading(self) -> None:
        loading, self._loading = self._loading, None
        if loading is not None:
            loading.cancel()
            await asyncio.wait([loading])

    def _reload_due(self, loaded: Loaded) -> bool:
        age = self.clock.monotonic() - self._loaded_at
        if self._refused:
            return age >= RELOAD_SECONDS
        if loaded.expires_at is not None:
            margin = timedelta(seconds=EXPIRY_MARGIN_SECONDS)
            return self.clock.now() >= loaded.expires_at - margin and age >= RELOAD_SECONDS
        return not loaded.from_plugin and age >= REREAD_SECONDS

    async def _reload(self) -> None:
        """Loads the credentials. A failure stands for RELOAD_SECONDS: scopes do not queue to repeat it.

        With a client that worked so far a failure is not fatal: the server decides whether its token
        is still good.
        """
        now = self.clock.monotonic()
        if self._failure is not None and now - self._loaded_at < RELOAD_SECONDS:
            if self._client is None:
                raise self._failure
            return
        self._loaded_at = now
        try:
            await self._adopt(await load(self._source))
        except CredentialsError as error:
            self._failure = error
            self._loaded_at = self.clock.monotonic()
            if self._client is None or self._refused:
                raise
            return
        self._failure = None
        self._refused = False

    async def _adopt(self, loaded: Loaded) -> None:
        if self._client is not None and self._client.loaded.fingerprint == loaded.fingerprint:
            self._client.use_token_of(loaded)
            return
        # Reading the system's CA certificates takes tens of milliseconds: not on everybody's event loop.
        client = await asyncio.to_thread(Client, loaded)
        old, self._client = self._client, client
        if old is not None:
            await old.retire()

    def _count(self, verb: str, code: str) -> None:
        metrics.UPSTREAM_REQUESTS.labels(self.name, verb, code).inc()
