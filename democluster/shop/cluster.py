"""What all scripts share: the world, the events and the nodes; and how they speak of a pod."""

from dataclasses import dataclass, field

from democluster.kinds import Kind, Object
from democluster.shop.events import Events
from democluster.shop.nodes import Nodes
from democluster.shop.pods import Pod
from democluster.shop.world import World


@dataclass
class Cluster:
    world: World
    events: Events
    nodes: Nodes = field(default_factory=Nodes)

    def pod_event(self, pod: Pod, reason: str, message: str, container: str = "") -> None:
        """An event of the kubelet about a pod, or one of its containers."""
        about = reference("v1", "Pod", pod.namespace, pod.name, pod.uid)
        if container:
            about["fieldPath"] = f"spec.containers{{{container}}}"
        self.events.record(about, reason, message, "kubelet", pod.node)

    def scheduler_event(self, pod: Pod, reason: str, message: str) -> None:
        about = reference("v1", "Pod", pod.namespace, pod.name, pod.uid)
        self.events.record(about, reason, message, "default-scheduler")


def reference(api_version: str, kind: str, namespace: str, name: str, uid: str) -> Object:
    """An object reference, as events carry it."""
    return {"kind": kind, "namespace": namespace, "name": name, "uid": uid, "apiVersion": api_version}


def owner_reference(kind: Kind, name: str, uid: str) -> Object:
    """A controller's owner reference, as its dependants carry it."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
