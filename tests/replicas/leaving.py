"""Every way of leaving, through what stands before all replicas."""

import asyncio
import time

from pods.leakcheck.check import Outcome, Plan, check
from pods.leakcheck.counts import read
from pods.leakcheck.target import Address, Target
from pods.leakcheck.ways import WAYS
from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.nginx import Nginx
from tests.reliability.traffic import traffic
from tests.replicas.fleet import Fleet
from tests.replicas.watching import watching

# Several at each replica at any time.
CONCURRENCY = 9
MANY_PODS = 100
# Three times what the check itself allows.
REST_SECONDS = 60.0
# What each replica holds once it was used and nobody looks: its own channel and that one's subscription.
AT_REST = {"feeds": 0, "channel-layer entries": 2}
# To Redis: the ping's, the leases' and the layer's two, as far as they were used since they last broke; and
# the one over which it is asked.
MOST_CONNECTIONS = 5


def metrics(fleet: Fleet) -> list[Address]:
    """Where each replica tells what it holds."""
    return [Address.parse(portal.url("/metrics")) for portal in fleet.portals]


async def at_rest(fleet: Fleet) -> None:
    """Waits until each replica holds just that, and no connection that it does not keep."""
    deadline = time.monotonic() + REST_SECONDS
    while not all(map(_is_at_rest, held := (await read(metrics(fleet))).replicas)):
        assert time.monotonic() < deadline, held
        await asyncio.sleep(0.2)


def _is_at_rest(held: dict[str, int]) -> bool:
    return AT_REST.items() <= held.items() and held["connections ESTABLISHED"] <= MOST_CONNECTIONS


async def leave_in_every_way(
    fleet: Fleet, nginx: Nginx, cluster: ControlPlane, namespace: str, cycles: int
) -> Outcome:
    """So many cycles of each, while 50 changes a second go from the one that watches to the others."""
    await pods.create_many(cluster, namespace, MANY_PODS)
    async with watching(fleet, namespace):
        pass  # what each replica keeps once it was used
    await at_rest(fleet)
    target = Target(Address.parse(nginx.url()), "", f"cluster=test&namespace={namespace}")
    async with traffic(cluster, namespace):
        return await check(Plan(target, metrics(fleet), WAYS, cycles, CONCURRENCY, print))
