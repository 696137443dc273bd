"""One container of a pod: its state, its restarts, and its `containerStatus`."""

from dataclasses import dataclass, field

from democluster.kinds import Object

CREATING = "ContainerCreating"
INITIALIZING = "PodInitializing"


@dataclass
class Container:
    """What the kubelet knows of a container. Times are RFC 3339.

    Sidecars are init containers that stay; `ready` of a plain init container means that it is done.
    """

    name: str
    image: str
    container_id: str
    sidecar: bool = False
    restarts: int = 0
    ready: bool = False
    state: Object = field(default_factory=dict)
    last: Object = field(default_factory=dict)

    def wait(self, reason: str, message: str = "") -> None:
        self.ready = False
        waiting = {"reason": reason, "message": message} if message else {"reason": reason}
        self.state = {"waiting": waiting}

    def run(self, at: str) -> None:
        """Start; after an end that is a restart."""
        if "terminated" in self.state:
            self.last = self.state
        self.restarts += bool(self.last)
        self.ready = False
        self.state = {"running": {"startedAt": at}}

    def end(self, at: str, exit_code: int, reason: str) -> None:
        """End with an exit code, as `Completed`, `Error` or `OOMKilled`."""
        started = self.state.get("running", {}).get("startedAt", at)
        self.ready = False
        self.state = {
            "terminated": {
                "exitCode": exit_code,
                "reason": reason,
                "startedAt": started,
                "finishedAt": at,
                "containerID": self.container_id,
            }
        }

    def back_off(self, message: str) -> None:
        """Wait for the next start: the end is the last state from now on."""
        self.last = self.state
        self.wait("CrashLoopBackOff", message)

    @property
    def running(self) -> bool:
        return "running" in self.state

    def status(self) -> Object:
        created = "waiting" not in self.state or bool(self.last)
        found: Object = {
            "name": self.name,
            "state": self.state,
            "lastState": self.last,
            "ready": self.ready,
            "restartCount": self.restarts,
            "image": self.image,
            "imageID": f"{self.image.rsplit(':', 1)[0]}@sha256:{self.container_id[-64:]}" if created else "",
            "started": self.running,
        }
        if created:
            found["containerID"] = self.container_id
        return found
