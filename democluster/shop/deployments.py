"""Deployments: pods in ReplicaSets, rollouts that never fall below the wanted number, scaling."""

from democluster.kinds import DEPLOYMENTS, Object
from democluster.shop.catalogue import Service, Trouble
from democluster.shop.cluster import Cluster, owner_reference, reference
from democluster.shop.conditions import Conditions
from democluster.shop.lifecycle import settle, start, stop
from democluster.shop.pods import Pod
from democluster.shop.podspec import labels_of
from democluster.shop.replicasets import ReplicaSet
from democluster.shop.troubles import bad_image, crash_loop, flapping, out_of_memory, unschedulable
from democluster.shop.world import Process, Script

_HISTORY = 3
_HOUR, _DAY = 3600.0, 86400.0
_DEADLINE = 600


class Deployment:
    """One Deployment and its controller. The newest ReplicaSet stands last."""

    def __init__(self, cluster: Cluster, service: Service) -> None:
        world = cluster.world
        self.cluster = cluster
        self.service = service
        self.namespace, self.name = service.namespace, service.name
        self.uid = world.uid()
        self.created = world.stamp(world.between(40, 200) * _DAY)
        self.replicas = service.replicas
        self.tag = service.main.tag
        self.sets: list[ReplicaSet] = []
        self.rolling: Process | None = None
        self._revision = world.random.randint(4, 40)
        self._shown: Object | None = None
        self._conditions = Conditions(world)
        self._settle()

    def _settle(self) -> None:
        """The state in which the demo finds the workload: running for hours or days."""
        world = self.cluster.world
        since = world.between(3 * _HOUR, 6 * _DAY)
        old = self._add_set(_version_before(self.tag), 0, world.stamp(since + 2 * _DAY))
        old.publish()
        current = self._add_set(self.tag, self.replicas, world.stamp(since))
        self._progress(since)
        for index in range(self.replicas):
            pod = self._new_pod(current)
            if self.service.trouble is Trouble.UNSCHEDULABLE:
                pod.created = world.stamp(since)
                pod.follow(unschedulable(self.cluster, pod))
            else:
                settle(self.cluster, pod, self.service, since - index * 2)
                self._burden(pod, index, since)
            pod.publish()
        if self.service.trouble is Trouble.BAD_IMAGE:
            self._break_rollout()
        self.publish()

    def _progress(self, since: float) -> None:
        """How the last release went, so many seconds ago."""
        stamp = self.cluster.world.stamp
        if self.service.trouble is Trouble.UNSCHEDULABLE:
            self._late(stamp(since - _DEADLINE))
        else:
            self._conditions.say("Progressing", "True", *self._reached(), stamp(since))

    def _reached(self) -> tuple[str, str]:
        name = self.sets[-1].name
        return "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.'

    def _late(self, since: str) -> None:
        message = f'ReplicaSet "{self.sets[-1].name}" has timed out progressing.'
        self._conditions.say("Progressing", "False", "ProgressDeadlineExceeded", message, since)

    def _burden(self, pod: Pod, index: int, since: float) -> None:
        """Give a settled pod its past and its trouble."""
        container, world = pod.apps[0], self.cluster.world
        if index >= self.service.troubled or self.service.trouble not in _TROUBLES:
            return
        if self.service.trouble is not Trouble.FLAPPING:
            killed = self.service.trouble is Trouble.OUT_OF_MEMORY
            container.restarts = int(since / (900 if killed else 300))
            before = container.state
            container.end(world.stamp(400), 137 if killed else 1, "OOMKilled" if killed else "Error")
            container.last, container.state = container.state, before
            container.ready = killed
        pod.follow(_TROUBLES[self.service.trouble](self.cluster, pod))

    def _break_rollout(self) -> None:
        """A release whose image was never pushed: its first pod hangs, the old ones go on."""
        world = self.cluster.world
        self.tag = f"{_version_after(self.tag)}-rc1"
        broken = self._add_set(self.tag, 1, world.stamp(2 * _HOUR))
        pod = self._new_pod(broken)
        pod.created = broken.created
        pod.publish()
        pod.follow(bad_image(self.cluster, pod))
        self._late(world.stamp(2 * _HOUR - _DEADLINE))

    def _add_set(self, tag: str, replicas: int, created: str) -> ReplicaSet:
        self._revision += 1
        found = ReplicaSet(
            self.cluster.world,
            self.service,
            owner_reference(DEPLOYMENTS, self.name, self.uid),
            self.publish,
            tag=tag,
            revision=self._revision,
            replicas=replicas,
            created=created,
        )
        self.sets.append(found)
        return found

    def _new_pod(self, replica_set: ReplicaSet) -> Pod:
        world = self.cluster.world
        name = f"{replica_set.name}-{world.suffix(5)}"
        pod = Pod(world, self.namespace, name, replica_set.template, replica_set)
        replica_set.pods.append(pod)
        return pod

    def reconcile(self) -> None:
        """Bring each ReplicaSet to the number that it should have."""
        for replica_set in [found for found in self.sets if found.replicas or found.pods]:
            live = replica_set.live
            for _ in range(replica_set.replicas - len(live)):
                pod = self._new_pod(replica_set)
                pod.publish()
                pod.follow(start(self.cluster, pod, self.service))
            surplus = sorted(live, key=lambda pod: (pod.ready, pod.created))[
                : len(live) - replica_set.replicas
            ]
            for pod in surplus if len(live) > replica_set.replicas else ():
                self.delete(pod)
            replica_set.publish()
        self.publish()

    def delete(self, pod: Pod) -> None:
        seconds = self.cluster.world.between(*self.service.stops_in)
        pod.follow(stop(self.cluster, pod, seconds, self.service.grace))

    def scale(self, replicas: int) -> None:
        self.replicas = self.sets[-1].replicas = replicas
        self._event("ScalingReplicaSet", f"Scaled replica set {self.sets[-1].name} to {replicas}")
        self.reconcile()

    def roll_out(self) -> None:
        """Release the next version; a rollout that still runs goes on first."""
        if self.rolling is None or not self.rolling.alive:
            self.rolling = self.cluster.world.spawn(self._roll())

    def _roll(self) -> Script:
        """One more at a time, one old less for each new one that is ready (maxSurge 1, maxUnavailable 0)."""
        self.tag = _version_after(self.tag)
        new = self._add_set(self.tag, 0, self.cluster.world.stamp())
        new.publish()
        message = f'ReplicaSet "{new.name}" is progressing.'
        self._conditions.say("Progressing", "True", "ReplicaSetUpdated", message)
        while new.ready < self.replicas or any(old.replicas for old in self.sets[:-1]):
            old = [found for found in self.sets[:-1] if found.replicas]
            total = sum(found.replicas for found in self.sets)
            if new.replicas < self.replicas and total <= self.replicas:
                new.replicas += 1
                self._event("ScalingReplicaSet", f"Scaled up replica set {new.name} to {new.replicas}")
            elif old and sum(found.ready for found in self.sets) > self.replicas:
                old[0].replicas -= 1
                self._event(
                    "ScalingReplicaSet", f"Scaled down replica set {old[0].name} to {old[0].replicas}"
                )
            self.reconcile()
            yield 1.0
        self._conditions.say("Progressing", "True", *self._reached())
        self.publish()
        for forgotten in [found for found in self.sets[:-_HISTORY] if not found.pods]:
            self.sets.remove(forgotten)
            forgotten.remove()

    def _event(self, reason: str, message: str) -> None:
        about = reference("apps/v1", "Deployment", self.namespace, self.name, self.uid)
        self.cluster.events.record(about, reason, message, "deployment-controller")

    def publish(self) -> None:
        obj = self._render()
        if obj != self._shown:
            self.cluster.world.store.put(DEPLOYMENTS, obj)
            self._shown = obj

    def _render(self) -> Object:
        metadata = {
            "name": self.name,
            "namespace": self.namespace,
            "uid": self.uid,
            "generation": self._revision,
            "creationTimestamp": self.created,
            "labels": labels_of(self.service),
            "annotations": {"deployment.kubernetes.io/revision": str(self._revision)},
        }
        spec = {
            "replicas": self.replicas,
            "selector": {"matchLabels": labels_of(self.service)},
            "template": self.sets[-1].bare_template,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "revisionHistoryLimit": _HISTORY,
            "progressDeadlineSeconds": _DEADLINE,
        }
        return {"metadata": metadata, "spec": spec, "status": self._status()}

    def _status(self) -> Object:
        total, ready = sum(len(found.live) for found in self.sets), sum(found.ready for found in self.sets)
        counts = {
            "replicas": total,
            "updatedReplicas": len(self.sets[-1].live),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "unavailableReplicas": max(total - ready, 0),
        }
        available = ready >= self.replicas
        self._conditions.say(
            "Available",
            "True" if available else "False",
            "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable",
            f"Deployment {'has' if available else 'does not have'} minimum availability.",
        )
        shown = {name: count for name, count in counts.items() if count}
        return {"observedGeneration": self._revision, **shown, "conditions": self._conditions.listed()}


_TROUBLES = {
    Trouble.CRASH_LOOP: crash_loop,
    Trouble.OUT_OF_MEMORY: out_of_memory,
    Trouble.FLAPPING: flapping,
}


def _version_after(tag: str) -> str:
    """The next patch release: 5.14.0 is followed by 5.14.1."""
    head, last = tag.rsplit(".", 1)
    return f"{head}.{int(last) + 1}"


def _version_before(tag: str) -> str:
    head, last = tag.rsplit(".", 1)
    return f"{head}.{max(int(last) - 1, 0)}"
