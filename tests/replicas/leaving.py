"""Every way of leaving, through what stands before all replicas."""

from pods.leakcheck.check import Outcome, Plan, check
from pods.leakcheck.target import Address, Target
from pods.leakcheck.ways import WAYS
from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.nginx import Nginx
from tests.reliability.traffic import traffic
from tests.replicas.fleet import Fleet

# Several at each replica at any time.
CONCURRENCY = 9
MANY_PODS = 100


def metrics(fleet: Fleet) -> list[Address]:
    """Where each replica tells what it holds."""
    return [Address.parse(portal.url("/metrics")) for portal in fleet.portals]


async def leave_in_every_way(
    fleet: Fleet, nginx: Nginx, cluster: ControlPlane, namespace: str, cycles: int
) -> Outcome:
    """So many cycles of each, while 50 changes a second go from the one that watches to the others."""
    await pods.create_many(cluster, namespace, MANY_PODS)
    target = Target(Address.parse(nginx.url()), "", f"cluster=test&namespace={namespace}")
    async with traffic(cluster, namespace):
        return await check(Plan(target, metrics(fleet), WAYS, cycles, CONCURRENCY, print))
