"""Why a pod is not well, against states and events of a real API server: docs/reasons.md, case by case."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import msgspec

from pods.domain.row import Why
from pods.kube.cluster import Cluster
from tests.cluster.control_plane import ControlPlane
from tests.domain.builders import T1, T3, condition, container, running
from tests.domain.test_reasons_document import as_documented, documented
from tests.domain.why_cases import CASES
from tests.domain.why_states import IMAGE, STARTED, Case, Warned, state
from tests.kube.conftest import MakeCluster
from tests.kube.viewer import Viewer, all_watches, open_watches, viewing
from tests.kube.writer import Manifest, Writer

WRITES_AT_ONCE = 8
ALL_SHOWN_SECONDS = 60.0
UNHEALTHY = Warned("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", "web", T3)


async def warn(writer: Writer, pod: Manifest, warned: Warned, **more: Any) -> Manifest:
    """Writes an event about `pod`, as a kubelet does."""
    about: Manifest = {"apiVersion": "v1", "kind": "Pod", "namespace": writer.namespace}
    about |= {key: pod["metadata"][key] for key in ("name", "uid")}
    if warned.container:
        about["fieldPath"] = f"spec.containers{{{warned.container}}}"
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{about['name']}.{secrets.token_hex(8)}"},
        "involvedObject": about,
        "reason": warned.reason,
        "message": warned.message,
        "type": "Warning",
        "firstTimestamp": T1,
        "lastTimestamp": warned.at,
        "count": 3,
        "source": {"component": "kubelet"},
    }
    return await writer.ask("POST", f"/api/v1/namespaces/{writer.namespace}/events", {**event, **more})


async def make(writer: Writer, case: Case, name: str) -> None:
    """Brings a pod into the state of `case`."""
    spec: Manifest = {
        "nodeName": "node-1",
        "containers": [{"name": "web", "image": IMAGE}],
        "terminationGracePeriodSeconds": 30,
        **case.spec,
    }
    metadata: Manifest = {"name": name, "finalizers": list(case.finalizers)}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    pod = await writer.ask("POST", writer.pods, body)
    await writer.status(name, case.pod_status)
    if case.warned is not None:
        await warn(writer, pod, case.warned)
    if case.deleted:
        await writer.ask("DELETE", f"{writer.pods}/{name}")


def why(viewer: Viewer, name: str) -> Why | None:
    """What this viewer was told of a pod."""
    viewer.take()
    (row,) = (row for row in viewer.rows.values() if row["name"] == name)
    return msgspec.convert(row["why"], Why | None)


def code(viewer: Viewer, name: str) -> str:
    found = why(viewer, name)
    return found.code if found is not None else ""


async def test_every_case_is_told_as_documented(cluster: Cluster, writer: Writer) -> None:
    names = {f"case-{number:02d}": case for number, case in enumerate(CASES)}
    gate = asyncio.Semaphore(WRITES_AT_ONCE)

    async def write(name: str, case: Case) -> None:
        async with gate:
            await make(writer, case, name)

    async with viewing(cluster, writer.namespace) as viewer:
        await all_watches(viewer, cluster)
        async with asyncio.TaskGroup() as tasks:
            for name, case in names.items():
                tasks.create_task(write(name, case), name=f"write {name}")
        expected = documented()

        def wrong() -> dict[str, Any]:
            told = {name: why(viewer, name) for name in names if name in viewer.names()}
            found = {name: as_documented(one) for name, one in told.items() if one is not None}
            return {
                case.name: found.get(name)
                for name, case in names.items()
                if found.get(name) != expected[case.name]
            }

        try:
            await viewer.sees(lambda: not wrong(), "what the document says", ALL_SHOWN_SECONDS)
        except AssertionError:
            assert wrong() == {}
            raise
        cells = {row["name"]: (row["ready"], row["status"]) for row in viewer.rows.values()}
        assert cells == {name: (case.ready, case.status) for name, case in names.items()}
        assert open_watches(cluster, "events") == 1
    # The same from a list, in which all that is old comes at once.
    async with viewing(cluster, writer.namespace) as viewer:
        await viewer.sees(lambda: not wrong(), "what the document says", ALL_SHOWN_SECONDS)


async def test_a_warning_is_told_while_it_is_true(cluster: Cluster, writer: Writer) -> None:
    """It comes, its words change, the pod becomes ready, and unready again for another reason."""
    pod = await writer.ask("POST", writer.pods, _pod("web"))
    await writer.status("web", STARTED)
    async with viewing(cluster, writer.namespace) as viewer:
        await all_watches(viewer, cluster)
        assert code(viewer, "web") == "readiness"
        await warn(writer, pod, UNHEALTHY)
        await viewer.sees(lambda: code(viewer, "web") == "readiness_probe", "the probe")
        ready = container(running(T1), ready=True)
        await writer.status("web", state(ready, phase="Running", conditions=[condition("Ready", "True")]))
        await viewer.sees(lambda: why(viewer, "web") is None, "a pod that is well")
        lost = condition("Ready", "False", "ContainersNotReady", "2026-01-01T00:30:00Z")
        await writer.status("web", state(container(running(T1)), phase="Running", conditions=[lost]))
        await viewer.sees(lambda: code(viewer, "web") == "readiness_lost", "not for the old reason")
        # As newer components write events: without the old times.
        series = {"count": 2, "lastObservedTime": "2026-01-01T00:40:00.123456Z"}
        new = {
            "lastTimestamp": None,
            "firstTimestamp": None,
            "eventTime": "2026-01-01T00:10:00.000001Z",
            "series": series,
            "action": "Probing",
            "reportingComponent": "example.com/kubelet",
            "reportingInstance": "node-1",
            "source": {},
            "count": None,
        }
        await warn(writer, pod, UNHEALTHY, **new)
        await viewer.sees(lambda: code(viewer, "web") == "readiness_probe_lost", "the probe")


async def test_the_server_sends_nothing_but_warnings_about_pods(cluster: Cluster, writer: Writer) -> None:
    pod = await writer.ask("POST", writer.pods, _pod("web"))
    await writer.status("web", STARTED)
    async with viewing(cluster, writer.namespace) as viewer:
        await all_watches(viewer, cluster)
        await warn(writer, pod, UNHEALTHY._replace(reason="Started", message="Started web"), type="Normal")
        service = {"kind": "Service", "namespace": writer.namespace, "name": "web", "uid": "u"}
        await warn(writer, pod, UNHEALTHY._replace(reason="Odd"), involvedObject=service)
        await warn(writer, pod, UNHEALTHY)
        await viewer.sees(lambda: code(viewer, "web") == "readiness_probe", "the probe")
        (watch,) = (watch for watch in cluster.watches if watch.resource == "events")
        assert watch.events == 1


async def test_without_the_right_to_events_rows_say_less_and_the_feed_is_live(
    make_cluster: MakeCluster, control_plane: ControlPlane, writer: Writer
) -> None:
    control_plane.grant("no-events", writer.namespace)
    pod = await writer.ask("POST", writer.pods, _pod("web"))
    await writer.status("web", STARTED)
    await warn(writer, pod, UNHEALTHY)
    cluster = make_cluster(control_plane.kubeconfig_for("no-events"))
    async with viewing(cluster, writer.namespace) as viewer:
        await viewer.sees(lambda: open_watches(cluster, "replicasets") == 1, "the watch of ReplicaSets")
        await viewer.sees(lambda: bool(_refused(viewer)), "events are refused")
        assert (viewer.state.state, viewer.state.reason) == ("live", None)
        assert code(viewer, "web") == "readiness"
        assert open_watches(cluster, "events") == 0


def _refused(viewer: Viewer) -> bool:
    (running_,) = viewer.hub.running()
    reason = running_.source.statuses()["events"].reason  # type: ignore[attr-defined]
    return reason is not None and reason.code == "forbidden"


def _pod(name: str) -> Manifest:
    spec = {"nodeName": "node-1", "containers": [{"name": "web", "image": IMAGE}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
