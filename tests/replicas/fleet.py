"""Several portals with one database and one Redis, as behind a load balancer; both servers in turn."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.consumers.browser import Browser
from tests.consumers.desk import Desk
from tests.consumers.viewer import Viewer, viewing
from tests.portal import PortalProcess
from tests.redis import RedisServer
from tests.replicas.releases import THIS, Release

SERVERS = ("daphne", "uvicorn")
# To find each other after Redis is back, or at first: about two seconds.
SETTLE_SECONDS = 20.0
PASSWORD = "a pass phrase of some length"


class Fleet:
    """`portals` share what the first one has in its data folder. All are started together."""

    def __init__(
        self,
        kubeconfig: Path | str,
        redis: RedisServer,
        count: int = 2,
        environment: dict[str, str] | None = None,
        release: Release = THIS,
    ) -> None:
        self.redis = redis
        self.portals: list[PortalProcess] = []
        for number in range(count):
            shared = {"PORTAL_DATA_DIR": str(self.portals[0].folder / "data")} if number else {}
            more = {"REDIS_URL": redis.url, "PORTAL_LINGER_SECONDS": "1", **shared, **(environment or {})}
            self.portals.append(PortalProcess(kubeconfig, SERVERS[number % len(SERVERS)], more))
            release.put_into(self.portals[-1])
        self._ends = contextlib.ExitStack()
        self.cookie = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Starts all, and lets somebody in."""
        # The first one makes the database; the others would wait for it anyway.
        self._ends.enter_context(self.portals[0])
        try:
            with ThreadPoolExecutor() as pool:
                list(pool.map(self._ends.enter_context, self.portals[1:]))
            self._let_in()
        except BaseException:
            self._ends.close()
            raise

    def stop(self) -> None:
        """Ends all that run."""
        self._ends.close()

    def view(self, number: int, namespace: str, more: str = "") -> AbstractAsyncContextManager[Viewer]:
        """A viewer of a namespace on one of the portals."""
        portal = self.portals[number]
        return viewing(portal.ws(f"/ws/pods/?cluster=test&namespace={namespace}{more}"), self.cookie)

    def watches(self, namespace: str, resource: str = "pods") -> list[int]:
        """How many upstream watches each portal that runs holds on a namespace."""
        labels = {"resource": resource, "namespace": namespace}
        running = [each for each in self.portals if each.process is not None and each.process.poll() is None]
        return [int(each.metric("k8sportal_upstream_watches", **labels)) for each in running]

    def holder(self, namespace: str) -> int:
        """Which portal watches a namespace for all."""
        labels = {"resource": "pods", "namespace": namespace}
        for number, portal in enumerate(self.portals):
            if portal.metric("k8sportal_upstream_watches", **labels):
                return number
        raise AssertionError("nobody watches")

    def shares(self, namespace: str) -> bool:
        """Whether the portals that run have one watch between them."""
        return sum(self.watches(namespace)) == 1

    async def settle(self, namespace: str, seconds: float = SETTLE_SECONDS) -> float:
        """Waits until one portal watches for all; how long that took."""
        wait = self.portals[0].wait_until
        return await asyncio.to_thread(wait, lambda: self.shares(namespace), seconds, "one watch")

    def _let_in(self) -> None:
        """Somebody who may see every namespace of the tests, known to the portal or not yet."""
        with Desk(self.portals[0]) as desk:
            desk.person("engineer", PASSWORD, "engineers")
            desk.grant("engineers", "test-*")
        self.cookie = Browser(self.portals[0]).sign_in("engineer", PASSWORD).cookie
