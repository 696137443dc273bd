"""The kinds that the demo cluster serves, and where they live in the API."""

from dataclasses import dataclass
from typing import Any

# An object as it travels: decoded JSON. Objects in the store are never changed in place.
Object = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind: its API group ("" for core), names, and the empty body and annotations a bookmark carries.

    `fields` maps the field selectors that the API server supports to paths in the object.
    """

    group: str
    plural: str
    name: str
    short: tuple[str, ...]
    namespaced: bool
    empty: Object
    fields: dict[str, str]
    annotations: tuple[tuple[str, str], ...] = ()

    @property
    def api_version(self) -> str:
        return f"{self.group}/v1" if self.group else "v1"

    @property
    def root(self) -> str:
        """The path under which the group's resources are served."""
        return f"/apis/{self.group}/v1" if self.group else "/api/v1"


def _fields(*paths: str) -> dict[str, str]:
    return {path: path for path in ("metadata.name", "metadata.namespace", *paths)}


_TEMPLATE: Object = {"metadata": {}, "spec": {"containers": None}}

NAMESPACES = Kind(
    "", "namespaces", "Namespace", ("ns",), False, {"spec": {}, "status": {}}, _fields("status.phase")
)
PODS = Kind(
    "",
    "pods",
    "Pod",
    ("po",),
    True,
    {"spec": {"containers": None}, "status": {}},
    _fields("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "status.phase", "status.podIP"),
)
EVENTS = Kind(
    "",
    "events",
    "Event",
    ("ev",),
    True,
    {
        "involvedObject": {},
        "source": {},
        "firstTimestamp": None,
        "lastTimestamp": None,
        "eventTime": None,
        "reportingComponent": "",
        "reportingInstance": "",
    },
    _fields(
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "type",
    ),
)
DEPLOYMENTS = Kind(
    "apps",
    "deployments",
    "Deployment",
    ("deploy",),
    True,
    {"spec": {"replicas": 0, "selector": None, "template": _TEMPLATE, "strategy": {}}, "status": {}},
    _fields(),
)
REPLICASETS = Kind(
    "apps",
    "replicasets",
    "ReplicaSet",
    ("rs",),
    True,
    {"spec": {"replicas": 0, "selector": None, "template": _TEMPLATE}, "status": {"replicas": 0}},
    _fields("status.replicas"),
)
STATEFULSETS = Kind(
    "apps",
    "statefulsets",
    "StatefulSet",
    ("sts",),
    True,
    {
        "spec": {
            "replicas": 0,
            "selector": None,
            "template": _TEMPLATE,
            "serviceName": "",
            "updateStrategy": {},
        },
        "status": {"replicas": 0, "availableReplicas": 0},
    },
    _fields(),
)
DAEMONSETS = Kind(
    "apps",
    "daemonsets",
    "DaemonSet",
    ("ds",),
    True,
    {
        "spec": {"selector": None, "template": _TEMPLATE, "updateStrategy": {}},
        "status": {
            "currentNumberScheduled": 0,
            "numberMisscheduled": 0,
            "desiredNumberScheduled": 0,
            "numberReady": 0,
        },
    },
    _fields(),
    (("deprecated.daemonset.template.generation", "0"),),
)
JOBS = Kind(
    "batch",
    "jobs",
    "Job",
    (),
    True,
    {"spec": {"template": _TEMPLATE}, "status": {}},
    _fields("status.successful"),
)
CRONJOBS = Kind(
    "batch",
    "cronjobs",
    "CronJob",
    ("cj",),
    True,
    {
        "spec": {"schedule": "", "jobTemplate": {"metadata": {}, "spec": {"template": _TEMPLATE}}},
        "status": {},
    },
    _fields(),
)

KINDS = (NAMESPACES, PODS, EVENTS, DEPLOYMENTS, REPLICASETS, STATEFULSETS, DAEMONSETS, JOBS, CRONJOBS)
