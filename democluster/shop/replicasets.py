"""One revision of a Deployment's pods."""

from collections.abc import Callable

from democluster.kinds import REPLICASETS, Object
from democluster.shop.catalogue import Service
from democluster.shop.cluster import owner_reference
from democluster.shop.pods import Pod
from democluster.shop.podspec import labels_of, template_of
from democluster.shop.world import World


class ReplicaSet:
    """The pods of one template; counts are written whenever they change.

    `owner` is the Deployment's reference; `on_change` is called after each change of a pod.
    """

    def __init__(
        self,
        world: World,
        service: Service,
        owner: Object,
        on_change: Callable[[], None],
        *,
        tag: str,
        revision: int,
        replicas: int,
        created: str,
    ) -> None:
        self._service = service
        self._owner = owner
        self._on_change = on_change
        self._store = world.store
        self.namespace = service.namespace
        self.hash = world.suffix(10)
        self.name = f"{service.name}-{self.hash}"
        self.uid = world.uid()
        self.created = created
        self.revision = revision
        self.replicas = replicas
        self.pods: list[Pod] = []
        self.bare_template = template_of(service, tag)
        self.template = {
            **self.bare_template,
            "metadata": {
                "labels": {**self.bare_template["metadata"]["labels"], "pod-template-hash": self.hash}
            },
        }
        self._shown: Object | None = None

    def reference(self) -> Object:
        return owner_reference(REPLICASETS, self.name, self.uid)

    def changed(self, pod: Pod) -> None:
        self.publish()
        self._on_change()

    def gone(self, pod: Pod) -> None:
        self.pods.remove(pod)
        self.changed(pod)

    @property
    def live(self) -> list[Pod]:
        """The pods that count: neither ended nor being deleted."""
        return [pod for pod in self.pods if not pod.deleting and not pod.ended]

    @property
    def ready(self) -> int:
        return sum(pod.ready for pod in self.live)

    def publish(self) -> None:
        obj = self._render()
        if obj != self._shown:
            self._store.put(REPLICASETS, obj)
            self._shown = obj

    def remove(self) -> None:
        self._store.delete(REPLICASETS, self.namespace, self.name)

    def _render(self) -> Object:
        service = self._service
        metadata = {
            "name": self.name,
            "namespace": self.namespace,
            "uid": self.uid,
            "generation": 1,
            "creationTimestamp": self.created,
            "labels": self.template["metadata"]["labels"],
            "annotations": {
                "deployment.kubernetes.io/desired-replicas": str(service.replicas),
                "deployment.kubernetes.io/revision": str(self.revision),
            },
            "ownerReferences": [self._owner],
        }
        selector = {"matchLabels": {**labels_of(service), "pod-template-hash": self.hash}}
        live = self.live
        ready = sum(pod.ready for pod in live)
        status: Object = {"replicas": len(live), "observedGeneration": 1}
        if live:
            status |= {"fullyLabeledReplicas": len(live)}
        if ready:
            status |= {"readyReplicas": ready, "availableReplicas": ready}
        spec = {"replicas": self.replicas, "selector": selector, "template": self.template}
        return {"metadata": metadata, "spec": spec, "status": status}
