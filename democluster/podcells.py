"""READY, STATUS and RESTARTS of a pod, by the API server's rule (`printPod`, Kubernetes 1.37).

The rule in short: the pod's reason or phase; overruled by the first init container that is not done;
after initialisation, by its containers from the last to the first; and by deletion. Restarts count
those of the stage that the pod is in, together with sidecars (restartable init containers).
"""

from dataclasses import dataclass

from democluster.ages import since
from democluster.kinds import Object

_NONE = "<none>"


@dataclass(frozen=True)
class Summary:
    """What the three columns say; `last_restart` is an RFC 3339 time or ""."""

    ready: int
    total: int
    status: str
    restarts: int
    last_restart: str

    def restarts_cell(self, now: float) -> str:
        if self.restarts and self.last_restart:
            return f"{self.restarts} ({since(self.last_restart, now)} ago)"
        return str(self.restarts)


@dataclass(frozen=True)
class _Stage:
    """What the init containers say: `reason` is set where one of them holds the pod up."""

    reason: str
    ready: int
    restarts: int
    last_restart: str
    sidecar_restarts: int
    sidecar_last: str


def summary(pod: Object) -> Summary:
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    inits = spec.get("initContainers") or []
    sidecars = {c["name"] for c in inits if c.get("restartPolicy") == "Always"}
    stage = _init_stage(status.get("initContainerStatuses") or [], sidecars, len(inits))
    reason, ready = stage.reason or _pod_reason(status), stage.ready
    restarts, last = stage.restarts, stage.last_restart
    if not stage.reason or _condition(status, "Initialized") == "True":
        containers = status.get("containerStatuses") or []
        reason, running = _container_reason(containers, status, reason)
        ready += running
        restarts = stage.sidecar_restarts + sum(c.get("restartCount", 0) for c in containers)
        last = max([stage.sidecar_last, *map(_last_finish, containers)])
    total = len(spec.get("containers") or []) + len(sidecars)
    return Summary(ready, total, _deletion_reason(pod, status, reason), restarts, last)


def _pod_reason(status: Object) -> str:
    for condition in status.get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            return "SchedulingGated"
    return str(status.get("reason") or status.get("phase") or "")


def _init_stage(statuses: list[Object], sidecars: set[str], total: int) -> _Stage:
    """Reads the init containers in order, up to the first that is neither done nor a started sidecar."""
    ready = restarts = sidecar_restarts = 0
    last = sidecar_last = ""
    for index, container in enumerate(statuses):
        sidecar = container["name"] in sidecars
        restarts += container.get("restartCount", 0)
        last = max(last, _last_finish(container))
        if sidecar:
            sidecar_restarts += container.get("restartCount", 0)
            sidecar_last = max(sidecar_last, _last_finish(container))
        if _exit_code(container) == 0:
            continue
        if sidecar and container.get("started"):
            ready += bool(container.get("ready"))
            continue
        reason = f"Init:{_init_reason(container) or f'{index}/{total}'}"
        return _Stage(reason, ready, restarts, last, sidecar_restarts, sidecar_last)
    return _Stage("", ready, restarts, last, sidecar_restarts, sidecar_last)


def _init_reason(container: Object) -> str:
    if _exit_code(container) is not None:
        return _terminated_reason(container["state"]["terminated"])
    waiting = _waiting_reason(container)
    return "" if waiting == "PodInitializing" else waiting


def _container_reason(containers: list[Object], status: Object, reason: str) -> tuple[str, int]:
    """The reason that the containers give (the first one's wins), and how many run and are ready."""
    ready, error = 0, ""
    for container in reversed(containers):
        if waiting := _waiting_reason(container):
            reason = waiting
        elif (exit_code := _exit_code(container)) is not None:
            reason = _terminated_reason(container["state"]["terminated"])
            error = reason if exit_code else error
        elif container.get("ready") and "running" in (container.get("state") or {}):
            ready += 1
    if reason != "Completed":
        return reason, ready
    if ready and _condition(status, "Ready") == "True":
        return "Running", ready
    return error or ("NotReady" if ready else reason), ready


def _deletion_reason(pod: Object, status: Object, reason: str) -> str:
    if not pod["metadata"].get("deletionTimestamp"):
        return reason
    if status.get("reason") == "NodeLost":
        return "Unknown"
    return reason if status.get("phase") in ("Succeeded", "Failed") else "Terminating"


def _waiting_reason(container: Object) -> str:
    return str(((container.get("state") or {}).get("waiting") or {}).get("reason") or "")


def _exit_code(container: Object) -> int | None:
    """None where the container has not ended."""
    terminated = (container.get("state") or {}).get("terminated")
    return None if terminated is None else int(terminated.get("exitCode", 0))


def _terminated_reason(terminated: Object) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _last_finish(container: Object) -> str:
    """When the container's previous run ended; RFC 3339 in UTC, so texts compare as times."""
    terminated = (container.get("lastState") or {}).get("terminated") or {}
    return str(terminated.get("finishedAt") or "")


def _condition(status: Object, kind: str) -> str:
    """The status of the first condition of that type, "" where there is none."""
    found = (c["status"] for c in status.get("conditions") or [] if c["type"] == kind)
    return next(found, "")


def pod_cells(pod: Object, now: float) -> list[object]:
    """The nine cells of a pod's row."""
    spec, status, metadata = pod.get("spec") or {}, pod.get("status") or {}, pod["metadata"]
    seen = summary(pod)
    addresses = status.get("podIPs") or [{}]
    return [
        metadata.get("name", ""),
        f"{seen.ready}/{seen.total}",
        seen.status,
        seen.restarts_cell(now),
        since(metadata.get("creationTimestamp"), now),
        addresses[0].get("ip") or _NONE,
        spec.get("nodeName") or _NONE,
        status.get("nominatedNodeName") or _NONE,
        _gates(spec, status),
    ]


def _gates(spec: Object, status: Object) -> str:
    gates = spec.get("readinessGates") or []
    true = sum(_condition(status, gate["conditionType"]) == "True" for gate in gates)
    return f"{true}/{len(gates)}" if gates else _NONE
