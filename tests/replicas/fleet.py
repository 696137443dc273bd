"""Several portals with one database and one Redis, as behind a load balancer; both servers in turn."""

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

SERVERS = ("daphne", "uvicorn")
PASSWORD = "a pass phrase of some length"


class Fleet:
    """`portals` share what the first one has in its data folder. All are started together."""

    def __init__(
        self, kubeconfig: Path, redis: RedisServer, count: int = 2, environment: dict[str, str] | None = None
    ) -> None:
        self.redis = redis
        self.portals: list[PortalProcess] = []
        for number in range(count):
            shared = {"PORTAL_DATA_DIR": str(self.portals[0].folder / "data")} if number else {}
            more = {"REDIS_URL": redis.url, "PORTAL_LINGER_SECONDS": "1", **shared, **(environment or {})}
            self.portals.append(PortalProcess(kubeconfig, SERVERS[number % len(SERVERS)], more))
        self._ends = contextlib.ExitStack()
        self.cookie = ""

    def __enter__(self) -> Self:
        # The first one makes the database; the others would wait for it anyway.
        self._ends.enter_context(self.portals[0])
        try:
            with ThreadPoolExecutor() as pool:
                list(pool.map(self._ends.enter_context, self.portals[1:]))
            self._let_in()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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

    def _let_in(self) -> None:
        """Somebody who may see every namespace of the tests, known to the portal or not yet."""
        with Desk(self.portals[0]) as desk:
            desk.person("engineer", PASSWORD, "engineers")
            desk.grant("engineers", "test-*")
        self.cookie = Browser(self.portals[0]).sign_in("engineer", PASSWORD).cookie
