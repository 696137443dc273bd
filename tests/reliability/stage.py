"""The stage of the upstream's faults: a real API server, a portal, and proxies that can do harm between.

The portal knows three contexts, by a proxy each: `test`; `paged`, which serves neither streaming lists nor
more than two objects a page; and `far`, whose proxy sees no HTTP and costs little, for hundreds of watches.
"""

from __future__ import annotations

import os
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.cluster.control_plane import ControlPlane
from tests.consumers.viewer import Viewer, viewing
from tests.portal import PortalProcess
from tests.reliability.fault_proxy import FaultProxy
from tests.reliability.faults import Asked, Fault

# As in pods.clusters, which cannot be imported without Django's settings.
MISSED_SECONDS = 1.0
# Each namespace is a scope of its own here, however many are in view.
SETTINGS = {"PORTAL_LINGER_SECONDS": "1", "PORTAL_WIDE_SCOPE_AT": "1000"}
STREAMING_REFUSED = Fault("answer", streaming=True, status=400, body="{}")
# Namespaces are left out: the oracle makes hundreds.
SMALL_PAGES = Fault("rewrite", verbs=("list",), resources=("pods", "replicasets"), query={"limit": "2"})


class Theatre(Protocol):
    """What the oracle needs of a stage."""

    @property
    def control_plane(self) -> ControlPlane:
        """The API server."""

    @property
    def proxies(self) -> Mapping[str, FaultProxy]:
        """What stands before it, by context."""

    def viewing(self, context: str, namespace: str, more: str = "") -> AbstractAsyncContextManager[Viewer]:
        """A viewer of one namespace (or several joined by `&namespace=`), by its socket."""


@dataclass(frozen=True)
class Stage:
    """What stands there while faults come and go."""

    control_plane: ControlPlane
    portal: PortalProcess
    proxies: Mapping[str, FaultProxy]
    traffic: dict[str, list[Asked]] = field(default_factory=lambda: defaultdict(list))

    @asynccontextmanager
    async def viewing(self, context: str, namespace: str, more: str = "") -> AsyncIterator[Viewer]:
        """A viewer of one namespace (or several joined by `&namespace=`), by its socket."""
        url = self.portal.ws(f"/ws/pods/?cluster={context}&namespace={namespace}{more}")
        async with viewing(url) as viewer:
            yield viewer

    def new_namespace(self, prefix: str) -> str:
        """Makes a namespace, and waits until the portal would look for it again if it has just looked."""
        name = self.control_plane.create_namespace(f"{prefix}-{secrets.token_hex(3)}")
        time.sleep(MISSED_SECONDS)
        return name

    def asked(self, context: str, namespace: str, since: float, until: float) -> list[Asked]:
        """What a proxy was asked of one namespace between two moments (monotonic seconds)."""
        self.traffic[context] += self.proxies[context].asked()
        return [
            each
            for each in self.traffic[context]
            if each.namespace == (namespace or each.namespace)
            and each.verb != "probe"
            and since <= each.at <= until
        ]

    def requests_made(self, context: str) -> int:
        """How many requests the portal has made of a cluster by its own count, the probe's left out."""
        return int(
            sum(
                value
                for name, labels, value in self.portal.metrics()
                if name == "k8sportal_upstream_requests_total"
                and labels["cluster"] == context
                and labels["verb"] != "probe"
            )
        )

    def cpu_seconds(self) -> float:
        """What the portal's process has used of the processor so far."""
        fields = Path(f"/proc/{self.portal.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def staged(control_plane: ControlPlane, server: str = "daphne", **settings: str) -> Iterator[Stage]:
    """Portal and proxies before `control_plane`. `settings` are the portal's."""
    with proxied(control_plane, "test", "paged", "far") as (proxies, kubeconfig):
        with PortalProcess(kubeconfig, server, {**SETTINGS, **settings}) as portal:
            yield Stage(control_plane, portal, proxies)


@contextmanager
def proxied(control_plane: ControlPlane, *contexts: str) -> Iterator[tuple[dict[str, FaultProxy], str]]:
    """A proxy for each context, and the value of KUBECONFIG with all of them."""
    with ExitStack() as stack:
        proxies = {
            context: stack.enter_context(
                FaultProxy(control_plane.url, control_plane.folder, context == "far")
            )
            for context in contexts
        }
        if "paged" in proxies:
            proxies["paged"].apply(STREAMING_REFUSED, "streaming lists")
            proxies["paged"].apply(SMALL_PAGES, "pages")
        paths = [
            control_plane.kubeconfig_for("admin", context=context, server=proxy.url)
            for context, proxy in proxies.items()
        ]
        yield proxies, os.pathsep.join(map(str, paths))


class Busy:
    """How much of one processor the portal used between two moments, in percent."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._begun = time.monotonic(), stage.cpu_seconds()

    def percent(self) -> float:
        """Since it was made."""
        moment, used = self._begun
        return 100 * (self._stage.cpu_seconds() - used) / (time.monotonic() - moment)
