"""StatefulSets: pods with fixed names, restarted one by one from the highest number down."""

from democluster.kinds import STATEFULSETS, Object
from democluster.shop.catalogue import Service
from democluster.shop.cluster import Cluster, owner_reference
from democluster.shop.lifecycle import settle, start, stop
from democluster.shop.pods import Pod
from democluster.shop.podspec import labels_of, template_of
from democluster.shop.world import Script

_DAY = 86400.0
_POLL = 1.0


class StatefulSet:
    """One StatefulSet and its controller; `pods` by ordinal. A restarted pod keeps its name, not its uid."""

    def __init__(self, cluster: Cluster, service: Service) -> None:
        world = cluster.world
        self.cluster = cluster
        self.service = service
        self.namespace, self.name = service.namespace, service.name
        self.uid = world.uid()
        since = world.between(10, 60) * _DAY
        self.created = world.stamp(since)
        self._revision = f"{self.name}-{world.suffix(10)}"
        self._before = self._revision
        self._shown: Object | None = None
        self._template = template_of(service, service.main.tag)
        self.pods: dict[int, Pod] = {}
        for ordinal in range(service.replicas):
            settle(cluster, self._new_pod(ordinal), service, since / 3 - ordinal * 20)
        self.publish()

    def reference(self) -> Object:
        return owner_reference(STATEFULSETS, self.name, self.uid)

    def changed(self, pod: Pod) -> None:
        self.publish()

    def gone(self, pod: Pod) -> None:
        ordinal = int(pod.labels["apps.kubernetes.io/pod-index"])
        del self.pods[ordinal]
        self.publish()

    def restart(self) -> Script:
        """A rolling restart: each pod is gone before its successor comes, and that ready before the next."""
        world = self.cluster.world
        self._revision = f"{self.name}-{world.suffix(10)}"
        for ordinal in reversed(range(self.service.replicas)):
            old = self.pods[ordinal]
            old.follow(stop(self.cluster, old, world.between(*self.service.stops_in), self.service.grace))
            while ordinal in self.pods:
                yield _POLL
            pod = self._new_pod(ordinal)
            pod.publish()
            pod.follow(start(self.cluster, pod, self.service))
            while not pod.ready:
                yield _POLL
        self._before = self._revision
        self.publish()

    def _new_pod(self, ordinal: int) -> Pod:
        name = f"{self.name}-{ordinal}"
        labels = {
            **self._template["metadata"]["labels"],
            "apps.kubernetes.io/pod-index": str(ordinal),
            "controller-revision-hash": self._revision,
            "statefulset.kubernetes.io/pod-name": name,
        }
        template = {**self._template, "metadata": {"labels": labels}}
        self.pods[ordinal] = Pod(self.cluster.world, self.namespace, name, template, self)
        return self.pods[ordinal]

    def publish(self) -> None:
        obj = self._render()
        if obj != self._shown:
            self.cluster.world.store.put(STATEFULSETS, obj)
            self._shown = obj

    def _render(self) -> Object:
        ready = sum(pod.ready for pod in self.pods.values())
        labels = labels_of(self.service)
        metadata = {
            "name": self.name,
            "namespace": self.namespace,
            "uid": self.uid,
            "generation": 1,
            "creationTimestamp": self.created,
            "labels": labels,
        }
        spec = {
            "replicas": self.service.replicas,
            "selector": {"matchLabels": labels},
            "template": self._template,
            "serviceName": self.name,
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        }
        counts = {"readyReplicas": ready} if ready else {}
        status = {
            "observedGeneration": 1,
            "replicas": len(self.pods),
            **counts,
            "availableReplicas": ready,
            "currentRevision": self._before,
            "updateRevision": self._revision,
            **{name: count for name, count in self._by_revision().items() if count},
        }
        return {"metadata": metadata, "spec": spec, "status": status}

    def _by_revision(self) -> dict[str, int]:
        revisions = [pod.labels["controller-revision-hash"] for pod in self.pods.values()]
        return {
            "currentReplicas": revisions.count(self._before),
            "updatedReplicas": revisions.count(self._revision),
        }
