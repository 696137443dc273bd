"""A pod's way from creation to readiness and from deletion to its end, step by step as kubelets go it."""

from democluster.shop.catalogue import Service
from democluster.shop.cluster import Cluster
from democluster.shop.containers import Container
from democluster.shop.pods import Pod
from democluster.shop.world import Script


def start(cluster: Cluster, pod: Pod, service: Service) -> Script:
    """Pending, scheduled, initialising, running, ready."""
    yield from bring_up(cluster, pod)
    yield pod.world.between(*service.starts_in)
    become_ready(pod)
    pod.publish()
    for gate in service.gates:
        yield pod.world.between(1, 4)
        open_gate(pod, gate)
        pod.publish()


def bring_up(cluster: Cluster, pod: Pod) -> Script:
    """Up to the moment in which all containers run, none of them ready yet."""
    world = pod.world
    yield from schedule(cluster, pod)
    yield world.between(0.6, 2.5)
    pod.ip = pod.address
    for container in pod.inits:
        yield from _initialize(cluster, pod, container)
    pull_events(cluster, pod, pod.apps[0])
    yield world.between(0.5, 3)
    for container in pod.apps:
        container.run(world.stamp())
        cluster.pod_event(pod, "Started", "Container started", container.name)
    pod.phase = "Running"
    pod.publish()


def schedule(cluster: Cluster, pod: Pod) -> Script:
    yield pod.world.between(0.2, 1.2)
    cluster.nodes.place(pod)
    message = f"Successfully assigned {pod.namespace}/{pod.name} to {pod.node}"
    cluster.scheduler_event(pod, "Scheduled", message)
    pod.publish()


def become_ready(pod: Pod) -> None:
    for container in pod.apps:
        container.ready = container.running


def open_gate(pod: Pod, gate: str) -> None:
    """What the outside reports through a readiness gate: ready to serve."""
    pod.condition(gate, "True")
    pod.gates_open = True


def pull_events(cluster: Cluster, pod: Pod, container: Container) -> None:
    message = f'Container image "{container.image}" already present on machine'
    cluster.pod_event(pod, "Pulled", message, container.name)


def stop(cluster: Cluster, pod: Pod, seconds: float, grace: int) -> Script:
    """Deletion: terminating for about `seconds`, then the containers end and the pod is gone."""
    world = pod.world
    pod.deletion = {"deletionTimestamp": world.stamp(-grace), "deletionGracePeriodSeconds": grace}
    cluster.pod_event(pod, "Killing", f"Stopping container {pod.apps[0].name}", pod.apps[0].name)
    pod.publish()
    yield seconds * 0.4
    for container in pod.apps:
        container.ready = False
    pod.publish()
    yield seconds * 0.6
    if end_containers(pod):
        pod.publish()
        yield 0.4
    cluster.nodes.leave(pod)
    pod.remove()


def end_containers(pod: Pod) -> bool:
    """What runs ends well; says whether something did."""
    running = [c for c in (*pod.inits, *pod.apps) if c.running]
    for container in running:
        container.end(pod.world.stamp(), 0, "Completed")
    if running:
        pod.phase = "Succeeded"
    return bool(running)


def settle(cluster: Cluster, pod: Pod, service: Service, seconds_ago: float) -> None:
    """Make the pod one that has been running well since then."""
    at = pod.world.stamp(seconds_ago - 1)
    pod.created = pod.world.stamp(seconds_ago)
    cluster.nodes.place(pod)
    pod.ip, pod.started, pod.phase = pod.address, at, "Running"
    for container in pod.inits:
        container.run(at)
        if not container.sidecar:
            container.end(pod.world.stamp(seconds_ago - 6), 0, "Completed")
        container.ready = True
    for container in pod.apps:
        container.run(pod.world.stamp(seconds_ago - 8))
    become_ready(pod)
    for gate in service.gates:
        open_gate(pod, gate)
    pod.publish()
    # Conditions were reached then, not now.
    reached = pod.world.stamp(seconds_ago - 15)
    for kind, condition in pod.conditions.items():
        pod.conditions[kind] = {**condition, "lastTransitionTime": reached}
    pod.publish()


def _initialize(cluster: Cluster, pod: Pod, container: Container) -> Script:
    world = pod.world
    pull_events(cluster, pod, container)
    container.run(world.stamp())
    pod.publish()
    yield world.between(1.0, 4.0)
    if not container.sidecar:
        container.end(world.stamp(), 0, "Completed")
    container.ready = True
    pod.publish()
