"""The Table rows of the kinds other than pods, by the API server's rules (Kubernetes 1.37)."""

from democluster.ages import human, since, unix
from democluster.kinds import Object

_NONE = "<none>"


def namespace_cells(obj: Object, now: float) -> list[object]:
    return [_name(obj), obj["status"].get("phase", ""), _age(obj, now)]


def deployment_cells(obj: Object, now: float) -> list[object]:
    spec, status = obj["spec"], obj["status"]
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}"
    counts = [status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    selector = _selector(spec.get("selector"))
    return [
        _name(obj),
        ready,
        *counts,
        _age(obj, now),
        *_containers(spec),
        "" if selector == _NONE else selector,
    ]


def replicaset_cells(obj: Object, now: float) -> list[object]:
    spec, status = obj["spec"], obj["status"]
    counts = [spec.get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [_name(obj), *counts, _age(obj, now), *_containers(spec), _selector(spec.get("selector"))]


def statefulset_cells(obj: Object, now: float) -> list[object]:
    spec, status = obj["spec"], obj["status"]
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}"
    return [_name(obj), ready, _age(obj, now), *_containers(spec)]


def daemonset_cells(obj: Object, now: float) -> list[object]:
    spec, status = obj["spec"], obj["status"]
    names = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled")
    counts = [status.get(name, 0) for name in (*names, "numberAvailable")]
    nodes = {"matchLabels": spec["template"]["spec"].get("nodeSelector")}
    cells = [_name(obj), *counts, _selector(nodes), _age(obj, now), *_containers(spec)]
    return [*cells, _selector(spec.get("selector"))]


def job_cells(obj: Object, now: float) -> list[object]:
    spec, status = obj["spec"], obj["status"]
    return [
        _name(obj),
        _job_status(obj),
        _completions(spec, status),
        _job_duration(status, now),
        _age(obj, now),
        *_containers(spec),
        _selector(spec.get("selector")),
    ]


def cronjob_cells(obj: Object, now: float) -> list[object]:
    spec, status = obj["spec"], obj["status"]
    last = status.get("lastScheduleTime")
    suspend = spec.get("suspend")
    template = spec["jobTemplate"]["spec"]
    return [
        _name(obj),
        spec.get("schedule", ""),
        spec.get("timeZone") or _NONE,
        "<unset>" if suspend is None else str(suspend).capitalize(),
        len(status.get("active") or []),
        since(last, now) if last else _NONE,
        _age(obj, now),
        *_containers(template),
        _selector(template.get("selector")),
    ]


def event_cells(obj: Object, now: float) -> list[object]:
    target = obj.get("involvedObject") or {}
    kind = str(target.get("kind", "")).lower()
    first = since(obj.get("firstTimestamp") or obj.get("eventTime"), now)
    last = since(obj["lastTimestamp"], now) if obj.get("lastTimestamp") else first
    return [
        last,
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{kind}/{target['name']}" if target.get("name") else kind,
        target.get("fieldPath", ""),
        _event_source(obj),
        str(obj.get("message", "")).strip(),
        first,
        obj.get("count") or 1,
        _name(obj),
    ]


def _event_source(obj: Object) -> str:
    source = obj.get("source") or {}
    component = source.get("component") or obj.get("reportingComponent") or ""
    instance = source.get("host") or obj.get("reportingInstance") or ""
    return f"{component}, {instance}" if instance else component


def _name(obj: Object) -> str:
    return str(obj["metadata"].get("name", ""))


def _age(obj: Object, now: float) -> str:
    return since(obj["metadata"].get("creationTimestamp"), now)


def _containers(spec: Object) -> list[object]:
    containers = spec["template"]["spec"].get("containers") or []
    return [",".join(c["name"] for c in containers), ",".join(c["image"] for c in containers)]


def _selector(selector: Object | None) -> str:
    labels = (selector or {}).get("matchLabels") or {}
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels)) or _NONE


def _job_status(obj: Object) -> str:
    true = {c["type"] for c in obj["status"].get("conditions") or [] if c["status"] == "True"}
    for kind in ("Complete", "Failed"):
        if kind in true:
            return kind
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    found = (kind for kind in ("Suspended", "FailureTarget", "SuccessCriteriaMet") if kind in true)
    return next(found, "Running")


def _completions(spec: Object, status: Object) -> str:
    done = status.get("succeeded", 0)
    if spec.get("completions") is not None:
        return f"{done}/{spec['completions']}"
    parallelism = spec.get("parallelism") or 0
    return f"{done}/1 of {parallelism}" if parallelism > 1 else f"{done}/1"


def _job_duration(status: Object, now: float) -> str:
    if not status.get("startTime"):
        return ""
    end = unix(status["completionTime"]) if status.get("completionTime") else now
    return human(end - unix(status["startTime"]))
