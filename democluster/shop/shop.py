"""The shop put together, and what moves it: releases, traffic, restarts, evictions."""

from democluster.kinds import NAMESPACES, Object
from democluster.shop import catalogue
from democluster.shop.catalogue import Trouble
from democluster.shop.cluster import Cluster
from democluster.shop.deployments import Deployment
from democluster.shop.events import Events
from democluster.shop.jobs import CronJob
from democluster.shop.pods import Pod
from democluster.shop.statefulsets import StatefulSet
from democluster.shop.troubles import evict
from democluster.shop.world import Script, World
from democluster.store import Store

# The shop has lived for so long (its own time) when the demo begins: rollouts and Jobs are under way.
_PAST_SECONDS = 900.0
_DAY = 86400.0
_EVICTED_KEPT = 2


def build_shop(store: Store, seed: int, now: float, speed: float = 1.0) -> World:
    """The shop as it is at `now` (Unix seconds), with a history; the same seed and time give the same one."""
    world = World(store, seed, now - _PAST_SECONDS / speed, speed)
    events = Events(world)
    cluster = Cluster(world, events)
    for name in catalogue.NAMESPACES:
        store.put(NAMESPACES, _namespace(world, name))
    deployments = [Deployment(cluster, service) for service in catalogue.DEPLOYED]
    sets = [StatefulSet(cluster, service) for service in catalogue.STATEFUL]
    for schedule in catalogue.SCHEDULES:
        world.spawn(CronJob(cluster, schedule).keep_time())
    calm = [d for d in deployments if d.service.trouble is Trouble.NONE]
    world.spawn(_release(world, [d for d in calm if d.namespace == "shop"], 60, 110))
    world.spawn(_release(world, [d for d in calm if d.namespace == "platform"], 240, 600))
    world.spawn(_traffic(world, next(d for d in deployments if d.name == "storefront")))
    for found in sets:
        world.spawn(_restarts(world, found))
    evicting = (d for d in deployments if d.service.trouble is Trouble.EVICTIONS)
    world.spawn(_evictions(cluster, next(evicting)), 30)
    world.spawn(events.expire())
    world.advance(now)
    return world


def _namespace(world: World, name: str) -> Object:
    metadata = {
        "name": name,
        "uid": world.uid(),
        "creationTimestamp": world.stamp(world.between(200, 210) * _DAY),
        "labels": {"kubernetes.io/metadata.name": name},
    }
    return {"metadata": metadata, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}


def _release(world: World, deployments: list[Deployment], shortest: float, longest: float) -> Script:
    """Each is released in turn, in an order that changes; rollouts of different workloads may overlap."""
    while True:
        for deployment in world.random.sample(deployments, len(deployments)):
            yield world.between(shortest, longest)
            deployment.roll_out()


def _traffic(world: World, deployment: Deployment) -> Script:
    """The autoscaler follows the day's visitors: two pods more, two pods less."""
    base = deployment.replicas
    while True:
        yield world.between(150, 260)
        deployment.scale(base + 2)
        yield world.between(80, 160)
        deployment.scale(base)


def _restarts(world: World, found: StatefulSet) -> Script:
    """Maintenance: a rolling restart every now and then."""
    while True:
        yield world.between(420, 780)
        yield from found.restart()


def _evictions(cluster: Cluster, deployment: Deployment) -> Script:
    """A node runs out of disk now and then; only the last witnesses are kept."""
    evicted: list[Pod] = []
    while True:
        running = deployment.sets[-1].live
        if running:
            pod = cluster.world.random.choice(running)
            evict(cluster, pod, deployment.service)
            evicted.append(pod)
            deployment.reconcile()
        while len(evicted) > _EVICTED_KEPT:
            gone = evicted.pop(0)
            cluster.nodes.leave(gone)
            gone.remove()
        yield cluster.world.between(500, 900)
