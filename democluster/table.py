"""Tables (`meta.k8s.io/v1`): what kubectl prints, computed by the server.

Columns have the names, types, formats and priorities of Kubernetes 1.37; priority 1 is `-o wide`.
"""

from collections.abc import Callable

from democluster import cells
from democluster.kinds import (
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    NAMESPACES,
    PODS,
    REPLICASETS,
    STATEFULSETS,
    Kind,
    Object,
)
from democluster.podcells import pod_cells

Cells = Callable[[Object, float], list[object]]


def _columns(text: str) -> list[Object]:
    """Columns from words `Name[:type[:format]]`, `_` for a space; those after `|` are for wide output."""
    columns: list[Object] = []
    for priority, part in enumerate(text.split("|")):
        for word in part.split():
            name, kind, form = (*word.split(":"), "", "")[:3]
            column = {"name": name.replace("_", " "), "type": kind or "string", "format": form}
            columns.append(
                {**column, "description": f"{column['name']} as kubectl prints it.", "priority": priority}
            )
    return columns


_WORKLOAD = "Containers Images"
_TABLES: dict[Kind, tuple[list[Object], Cells]] = {
    PODS: (
        _columns("Name:string:name Ready Status Restarts Age | IP Node Nominated_Node Readiness_Gates"),
        pod_cells,
    ),
    NAMESPACES: (_columns("Name:string:name Status Age"), cells.namespace_cells),
    DEPLOYMENTS: (
        _columns(f"Name:string:name Ready Up-to-date Available Age | {_WORKLOAD} Selector"),
        cells.deployment_cells,
    ),
    REPLICASETS: (
        _columns(
            f"Name:string:name Desired:integer Current:integer Ready:integer Age | {_WORKLOAD} Selector"
        ),
        cells.replicaset_cells,
    ),
    STATEFULSETS: (_columns(f"Name:string:name Ready Age | {_WORKLOAD}"), cells.statefulset_cells),
    DAEMONSETS: (
        _columns(
            "Name:string:name Desired:integer Current:integer Ready:integer Up-to-date:integer"
            f" Available:integer Node_Selector Age | {_WORKLOAD} Selector"
        ),
        cells.daemonset_cells,
    ),
    JOBS: (
        _columns(f"Name:string:name Status Completions Duration Age | {_WORKLOAD} Selector"),
        cells.job_cells,
    ),
    CRONJOBS: (
        _columns(
            "Name:string:name Schedule Timezone Suspend:boolean Active:integer Last_Schedule Age"
            f" | {_WORKLOAD} Selector"
        ),
        cells.cronjob_cells,
    ),
    EVENTS: ([], cells.event_cells),
}
# Wide columns of events stand between the others, so they are marked one by one.
_EVENT_COLUMNS = _columns(
    "Last_Seen Type Reason Object Subobject Source Message First_Seen Count Name:string:name"
)
_TABLES[EVENTS][0].extend(
    {**column, "priority": int(column["name"] in ("Subobject", "Source", "First Seen", "Count", "Name"))}
    for column in _EVENT_COLUMNS
)

_COMPLETED = {
    "Succeeded": "The pod has completed successfully.",
    "Failed": "The pod failed.",
}


def columns(kind: Kind) -> list[Object]:
    return _TABLES[kind][0]


def row(kind: Kind, obj: Object, carried: Object | None, now: float) -> Object:
    """An object's row; `carried` is the object as the row shows it (None: not at all)."""
    found: Object = {"cells": _TABLES[kind][1](obj, now)}
    phase = (obj.get("status") or {}).get("phase") if kind is PODS else None
    if phase in _COMPLETED:
        condition = {"type": "Completed", "status": "True", "reason": phase, "message": _COMPLETED[phase]}
        found["conditions"] = [condition]
    found["object"] = carried
    return found
