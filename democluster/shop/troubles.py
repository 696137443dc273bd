"""What goes wrong in the shop. Each trouble is the script of one pod, after or instead of a good start."""

from democluster.shop.catalogue import WORKERS, Service
from democluster.shop.cluster import Cluster
from democluster.shop.containers import Container
from democluster.shop.lifecycle import become_ready, bring_up, schedule
from democluster.shop.pods import Pod
from democluster.shop.world import Script

# The kubelet backs off up to 5 minutes; a demo that waits so long looks dead.
_LONGEST_BACKOFF = 30.0
_UNSCHEDULABLE = (
    "0/{nodes} nodes are available: 1 node(s) had untolerated taint "
    "{{node-role.kubernetes.io/control-plane: }}, "
    "{workers} Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: "
    "0/{nodes} nodes are available: {nodes} Preemption is not helpful for scheduling."
)
_EVICTED = (
    "The node was low on resource: ephemeral-storage. Threshold quantity: 2146223718, available: 1817440Ki. "
    "Container {name} was using 6340352Ki, request is 0, has larger consumption of ephemeral-storage. "
)


def crash_loop(cluster: Cluster, pod: Pod) -> Script:
    """Running, Error, CrashLoopBackOff, and again, for ever."""
    world, container = pod.world, pod.apps[0]
    if not pod.node:
        yield from bring_up(cluster, pod)
    backoff = 10.0
    while True:
        yield world.between(4, 12)
        container.end(world.stamp(), 1, "Error")
        pod.publish()
        yield world.between(1.5, 4)
        yield from _back_off(cluster, pod, container, backoff)
        backoff = min(backoff * 2, _LONGEST_BACKOFF)


def out_of_memory(cluster: Cluster, pod: Pod) -> Script:
    """Serves well for minutes, grows, is killed (exit 137), and comes back."""
    world, container = pod.world, pod.apps[0]
    while True:
        yield world.between(90, 240)
        container.end(world.stamp(), 137, "OOMKilled")
        pod.publish()
        yield world.between(2, 5)
        yield from _back_off(cluster, pod, container, 10)
        yield world.between(4, 8)
        become_ready(pod)
        pod.publish()


def _back_off(cluster: Cluster, pod: Pod, container: Container, seconds: float) -> Script:
    """Wait after an end, then start again."""
    where = f"container={container.name} pod={pod.name}_{pod.namespace}({pod.uid})"
    container.back_off(f"back-off {int(seconds)}s restarting failed {where}")
    message = (
        f"Back-off restarting failed container {container.name} in pod {pod.name}_{pod.namespace}({pod.uid})"
    )
    cluster.pod_event(pod, "BackOff", message, container.name)
    pod.publish()
    yield seconds
    container.run(pod.world.stamp())
    cluster.pod_event(pod, "Started", "Container started", container.name)
    pod.publish()


def bad_image(cluster: Cluster, pod: Pod) -> Script:
    """An image that is not there: ErrImagePull and ImagePullBackOff take turns."""
    container = pod.apps[0]
    cause = (
        f'failed to pull and unpack image "{container.image}": failed to resolve reference '
        f'"{container.image}": {container.image}: not found'
    )
    error = f"rpc error: code = NotFound desc = {cause}"
    yield from schedule(cluster, pod)
    pod.ip = pod.address
    backoff = 10.0
    while True:
        cluster.pod_event(pod, "Pulling", f'Pulling image "{container.image}"', container.name)
        yield pod.world.between(1, 3)
        container.wait("ErrImagePull", error)
        cluster.pod_event(pod, "Failed", f'Failed to pull image "{container.image}": {error}', container.name)
        pod.publish()
        yield pod.world.between(4, 12)
        message = f'Back-off pulling image "{container.image}"'
        container.wait("ImagePullBackOff", f"{message}: ErrImagePull: {error}")
        cluster.pod_event(pod, "BackOff", message, container.name)
        pod.publish()
        yield backoff
        backoff = min(backoff * 2, _LONGEST_BACKOFF)


def unschedulable(cluster: Cluster, pod: Pod) -> Script:
    """No node has what the pod asks for; the scheduler says so again and again."""
    message = _UNSCHEDULABLE.format(nodes=len(WORKERS) + 1, workers=len(WORKERS))
    yield 0.1
    pod.condition("PodScheduled", "False", "Unschedulable", message)
    pod.publish()
    while True:
        cluster.scheduler_event(pod, "FailedScheduling", message)
        yield 300.0


def flapping(cluster: Cluster, pod: Pod) -> Script:
    """Now and then one probe too many fails."""
    world, container = pod.world, pod.apps[-1]
    while True:
        yield world.between(15, 50)
        container.ready = False
        cluster.pod_event(
            pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", container.name
        )
        pod.publish()
        yield world.between(4, 12)
        become_ready(pod)
        pod.publish()


def evict(cluster: Cluster, pod: Pod, service: Service) -> None:
    """The kubelet ends the pod for want of disk; the object stays, failed, as a witness."""
    pod.halt()
    pod.message = _EVICTED.format(name=service.main.name)
    cluster.pod_event(pod, "Evicted", pod.message)
    for container in pod.apps:
        container.end(pod.world.stamp(), 137, "Error")
    pod.phase, pod.reason = "Failed", "Evicted"
    pod.condition("DisruptionTarget", "True", "TerminationByKubelet", pod.message)
    for kind in ("Ready", "ContainersReady", "PodReadyToStartContainers"):
        pod.condition(kind, "False", "PodFailed")
    pod.publish()
