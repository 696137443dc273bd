"""One pod of the shop: what is known of it, and the object that the API shows."""

from typing import Protocol

from democluster.kinds import PODS, Object
from democluster.shop.containers import CREATING, INITIALIZING, Container
from democluster.shop.podspec import placed
from democluster.shop.world import Process, Script, World

# The order in which the kubelet writes them.
_CONDITIONS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


class Owner(Protocol):
    """The controller of a pod; is told of each change and of the pod's end."""

    def reference(self) -> Object: ...

    def changed(self, pod: "Pod") -> None: ...

    def gone(self, pod: "Pod") -> None: ...


class Pod:
    """A pod and the script that it lives by. Change it, then `publish()`."""

    def __init__(self, world: World, namespace: str, name: str, template: Object, owner: Owner) -> None:
        self.world = world
        self.namespace = namespace
        self.name = name
        self.uid = world.uid()
        self.created = world.stamp()
        self.labels: dict[str, str] = dict(template["metadata"]["labels"])
        self.owner = owner
        self.spec: Object = template["spec"]
        self.inits = [self._container(c) for c in self.spec.get("initContainers", [])]
        self.apps = [self._container(c) for c in self.spec["containers"]]
        self.phase, self.reason, self.message = "Pending", "", ""
        self.node, self.host_ip = "", ""
        # The address that the node has set aside, and the one that the status shows.
        self.address, self.ip = "", ""
        self.started = ""
        self.conditions: dict[str, Object] = {}
        self.gates_open = not self.spec.get("readinessGates")
        self.deletion: Object = {}
        self._process: Process | None = None
        self._access = world.suffix(5)
        self._placed = placed(self.spec, "", self._access)

    def _container(self, spec: Object) -> Container:
        identity = f"containerd://{self.world.hex(64)}"
        return Container(spec["name"], spec["image"], identity, spec.get("restartPolicy") == "Always")

    def follow(self, script: Script, delay: float = 0.0) -> None:
        """From now on live by this script, instead of any before it."""
        self.halt()
        self._process = self.world.spawn(script, delay)

    def halt(self) -> None:
        if self._process is not None:
            self._process.stop()

    def place(self, node: str, host_ip: str) -> None:
        """The scheduler's decision; the kubelet begins to create the containers."""
        self.node, self.host_ip, self.started = node, host_ip, self.world.stamp()
        self._placed = placed(self.spec, node, self._access)
        self.condition("PodScheduled", "True")
        for container in (*self.inits, *self.apps):
            container.wait(INITIALIZING if self.inits else CREATING)

    def condition(self, kind: str, status: str, reason: str = "", message: str = "") -> None:
        """Set a condition; its transition time moves only when its status does."""
        old = self.conditions.get(kind)
        since = old["lastTransitionTime"] if old and old["status"] == status else self.world.stamp()
        found: Object = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since}
        self.conditions[kind] = found | {
            key: text for key, text in (("reason", reason), ("message", message)) if text
        }

    @property
    def ready(self) -> bool:
        return self.conditions.get("Ready", {}).get("status") == "True"

    @property
    def deleting(self) -> bool:
        return bool(self.deletion)

    @property
    def ended(self) -> bool:
        return self.phase in ("Succeeded", "Failed")

    def publish(self) -> None:
        """Work out the conditions that follow from the containers, and write the pod."""
        if self.node and self.reason != "Evicted":
            self._derive()
        self.world.store.put(PODS, self.render())
        self.owner.changed(self)

    def remove(self) -> None:
        """The pod is no more."""
        self.halt()
        self.world.store.delete(PODS, self.namespace, self.name)
        self.owner.gone(self)

    def _derive(self) -> None:
        done = [c for c in self.inits if (c.running if c.sidecar else c.ready)]
        initialized = len(done) == len(self.inits)
        unready = [c.name for c in (*self.inits, *self.apps) if not c.ready]
        self.condition("PodReadyToStartContainers", "True" if self.ip and not self.ended else "False")
        if self.phase == "Succeeded":
            for kind in ("Initialized", "Ready", "ContainersReady"):
                self.condition(kind, "True" if kind == "Initialized" else "False", "PodCompleted")
            return
        waits = ", ".join(c.name for c in self.inits if c not in done)
        self._decide("Initialized", initialized, "ContainersNotInitialized", f"incomplete status: [{waits}]")
        lacking = f"containers with unready status: [{' '.join(unready)}]"
        self._decide("ContainersReady", not unready, "ContainersNotReady", lacking)
        if unready or self.gates_open:
            self._decide("Ready", not unready, "ContainersNotReady", lacking)
        else:
            self._decide("Ready", False, "ReadinessGatesNotReady", "corresponding condition is not true")

    def _decide(self, kind: str, holds: bool, reason: str, message: str) -> None:
        self.condition(kind, "True") if holds else self.condition(kind, "False", reason, message)

    def render(self) -> Object:
        metadata: Object = {
            "name": self.name,
            "namespace": self.namespace,
            "uid": self.uid,
            "generation": 2 if self.deletion else 1,
            "creationTimestamp": self.created,
            **self.deletion,
            "labels": dict(self.labels),
            "annotations": {"shop.example/contact": f"team-{self.namespace}@shop.example"},
            "ownerReferences": [self.owner.reference()],
        }
        return {"metadata": metadata, "spec": self._placed, "status": self._status()}

    def _status(self) -> Object:
        gates = [k for k in self.conditions if k not in _CONDITIONS]
        order = [*gates, *(k for k in _CONDITIONS if k in self.conditions)]
        status: Object = {
            "observedGeneration": 1,
            "phase": self.phase,
            "conditions": [self.conditions[kind] for kind in order],
            "qosClass": "Burstable",
        }
        if self.reason:
            status |= {"reason": self.reason, "message": self.message}
        if self.node:
            status |= {"hostIP": self.host_ip, "hostIPs": [{"ip": self.host_ip}], "startTime": self.started}
        if self.ip:
            status |= {"podIP": self.ip, "podIPs": [{"ip": self.ip}]}
        if self.node and self.reason != "Evicted":
            status["containerStatuses"] = [c.status() for c in self.apps]
            if self.inits:
                status["initContainerStatuses"] = [c.status() for c in self.inits]
        return status
