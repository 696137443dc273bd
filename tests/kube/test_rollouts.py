"""Rollouts from a real API server: what is judged of each is what `kubectl rollout status` prints of it."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import msgspec
import pytest

from pods.domain.viewfilter import ViewFilter
from tests.cluster.control_plane import ControlPlane, KubectlError
from tests.contract.shapes import Rollout
from tests.domain.rollout_cases import CASES, Case, manifest
from tests.kube.conftest import MakeCluster
from tests.kube.viewer import Viewer, open_watches, viewing
from tests.kube.writer import Writer, pod_manifest
from tests.watched import WATCHED

PLURALS = {
    "Deployment": "deployments",
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
    "Job": "jobs",
}
# What controllers and simulated nodes do takes seconds, on a busy machine many.
CONTROLLED_SECONDS = 120.0
CONTAINER = {"name": "main", "image": "registry.example/app:1"}


def collection(namespace: str, kind: str) -> str:
    group = "batch" if kind == "Job" else "apps"
    return f"/apis/{group}/v1/namespaces/{namespace}/{PLURALS[kind]}"


def workload(
    kind: str, name: str, spec: dict[str, Any], labels: dict[str, str] | None = None
) -> dict[str, Any]:
    """One that an API server takes."""
    labels = {"app": name, **(labels or {})}
    pod: dict[str, Any] = {"containers": [CONTAINER]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    if kind == "Job":
        pod["restartPolicy"] = "Never"
        return {"metadata": {"name": name}, "spec": {"template": template, **spec}}
    selector = {"matchLabels": {"app": name}}
    named = {"serviceName": name} if kind == "StatefulSet" else {}
    return {"metadata": {"name": name}, "spec": {"template": template, "selector": selector, **named, **spec}}


async def write(writer: Writer, case: Case) -> None:
    """The object of a case with the status that its controller would have written."""
    spec = {key: value for key, value in manifest(case)["spec"].items() if key != "template"}
    path = collection(writer.namespace, case.kind)
    made = await writer.ask("POST", path, workload(case.kind, case.name, spec))
    status = dict(case.status)
    if "observedGeneration" in status:
        is_seen = case.generation <= status["observedGeneration"]
        status["observedGeneration"] = made["metadata"]["generation"] if is_seen else 0
    await writer.ask("PATCH", f"{path}/{case.name}/status", {"status": status})


def verdict(cluster: ControlPlane, namespace: str, kind: str, name: str) -> str:
    """What kubectl says of a workload now."""
    asked = ("rollout", "status", f"{kind.lower()}/{name}", "--watch=false", "--namespace", namespace)
    try:
        said = cluster.kubectl(*asked)
    except KubectlError as error:
        said = str(error)
    verdicts = {"exceeded its progress deadline": "fails", "successfully rolled out": "done"}
    verdicts |= {"roll out complete:": "done", "[Ww]aiting for": "waits"}
    (found,) = (verdict for words, verdict in verdicts.items() if re.search(words, said))
    return found


async def test_every_case_is_judged_as_kubectl_judges_it(
    control_plane: ControlPlane, make_cluster: MakeCluster, writer: Writer
) -> None:
    """Deployments, StatefulSets and DaemonSets; the API server refuses a Job's status that makes no sense."""
    cases = [case for case in CASES if case.kubectl is not None]
    async with viewing(make_cluster(control_plane.kubeconfig), writer.namespace) as viewer:
        for case in cases:
            await write(writer, case)
        wanted = {case.name: case.state for case in cases}
        await viewer.sees(lambda: {name: viewer.state_of(name) for name in wanted} == wanted, "all of them")
        for case in cases:
            rollout = viewer.rollout(case.name)
            assert rollout is not None
            msgspec.convert(rollout, Rollout)
            code = rollout["why"] and rollout["why"]["code"]
            assert code in (case.why, f"{case.why}_seconds"), "with the deadline that the server fills in"
    found = {
        case.name: await asyncio.to_thread(verdict, control_plane, writer.namespace, case.kind, case.name)
        for case in cases
    }
    assert found == {case.name: case.kubectl for case in cases}


async def test_a_workload_comes_changes_and_goes_and_a_filter_takes_it_or_not(
    control_plane: ControlPlane, make_cluster: MakeCluster, writer: Writer
) -> None:
    cluster = make_cluster(control_plane.kubeconfig)
    path = collection(writer.namespace, "Deployment")
    async with (
        viewing(cluster, writer.namespace) as viewer,
        viewing(cluster, writer.namespace, ViewFilter.parse("web")) as of_web,
        viewing(cluster, writer.namespace, ViewFilter.parse("", "tier=back")) as of_tier,
    ):
        await writer.ask("POST", path, workload("Deployment", "web", {"replicas": 0}))
        await writer.ask("POST", path, workload("Deployment", "api", {"replicas": 2}, {"tier": "back"}))
        await viewer.sees(lambda: viewer.state_of("web") == viewer.state_of("api") == "progressing", "both")
        await of_web.sees(lambda: of_web.state_of("web") is not None, "the Deployment asked for")
        await of_tier.sees(lambda: of_tier.state_of("api") is not None, "the one whose pods would be shown")
        assert (len(of_web.rollouts), len(of_tier.rollouts)) == (1, 1)
        await writer.ask("PATCH", f"{path}/api", {"spec": {"replicas": 5}})
        await viewer.sees(lambda: _desired(viewer, "api") == 5, "the new number")
        template = {"spec": {"template": {"metadata": {"labels": {"tier": "front"}}}}}
        await writer.ask("PATCH", f"{path}/api", template)
        await of_tier.sees(lambda: not of_tier.rollouts, "gone from the filter")
        await writer.ask("DELETE", f"{path}/web")
        await viewer.sees(lambda: viewer.rollout("web") is None, "gone")
        await of_web.sees(lambda: not of_web.rollouts, "gone there as well")
        assert viewer.removed == [], "no pod was said to be gone"


def _desired(viewer: Viewer, name: str) -> int | None:
    found = viewer.rollout(name)
    return found["desired"] if found is not None else None


async def test_without_the_rights_there_are_no_rollouts_and_the_feed_is_live(
    control_plane: ControlPlane, make_cluster: MakeCluster, writer: Writer
) -> None:
    control_plane.grant("no-rollouts", writer.namespace)
    path = collection(writer.namespace, "Deployment")
    await writer.ask("POST", path, workload("Deployment", "web", {}))
    cluster = make_cluster(control_plane.kubeconfig_for("no-rollouts"))
    async with viewing(cluster, writer.namespace) as viewer:
        await viewer.sees(lambda: len(_refused(viewer)) == 4, "all four are refused")
        await writer.pod("web")
        await viewer.agrees(writer.truth)
        assert (viewer.state.state, viewer.state.reason) == ("live", None)
        assert viewer.rollouts == {}
        assert [open_watches(cluster, each) for each in WATCHED] == [1, 1, 1, 0, 0, 0, 0]


def _refused(viewer: Viewer) -> set[str]:
    (running,) = viewer.hub.running()
    statuses = running.source.statuses()  # type: ignore[attr-defined]
    return {name for name, status in statuses.items() if status.reason and status.reason.code == "forbidden"}


async def test_an_owner_whose_pods_are_not_there_is(
    control_plane: ControlPlane, make_cluster: MakeCluster, writer: Writer
) -> None:
    """Pods and rollouts come together: the row names its owner, and the rollout is of that name."""
    deployment = await writer.ask(
        "POST", collection(writer.namespace, "Deployment"), workload("Deployment", "web", {"replicas": 3})
    )
    labels = {"app": "web", "pod-template-hash": "abc"}
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": True}
    body = workload("Deployment", "web", {"replicas": 2})
    body["metadata"] = {
        "name": "web-abc",
        "annotations": {"deployment.kubernetes.io/revision": "4"},
        "ownerReferences": [{**owner, "uid": deployment["metadata"]["uid"]}],
    }
    async with viewing(make_cluster(control_plane.kubeconfig), writer.namespace) as viewer:
        await viewer.sees(lambda: viewer.state_of("web") is not None, "the rollout without a pod")
        replicaset = await writer.ask("POST", writer.replicasets, body)
        await viewer.sees(lambda: bool(viewer.rollout("web")["revisions"]), "its ReplicaSet")  # type: ignore[index]
        await writer.ask("POST", writer.pods, pod_manifest("web-abc-1", labels, {**replicaset, **_IS_SET}))
        await viewer.sees(lambda: viewer.owner("web-abc-1") == ("Deployment", "web"), "its pod's owner")
        found = viewer.rollout("web")
        assert found is not None
        assert found["revisions"] == [
            {"name": "web-abc", "revision": 4, "desired": 2, "ready": 0, "current": True}
        ]


_IS_SET = {"apiVersion": "apps/v1", "kind": "ReplicaSet"}


@pytest.fixture
async def controlled(full_control_plane: ControlPlane, namespace: str) -> Any:
    """Writes to a namespace whose controllers and nodes are at work."""
    async with full_control_plane.admin_session() as session:
        yield Writer(session, namespace)


async def test_real_rollouts_go_on_get_stuck_pause_and_fail(
    full_control_plane: ControlPlane, make_cluster: MakeCluster, controlled: Writer
) -> None:
    namespace = controlled.namespace
    deployments = collection(namespace, "Deployment")
    quota = {"metadata": {"name": "none"}, "spec": {"hard": {"requests.example.com/gpu": "0"}}}
    await controlled.ask("POST", f"/api/v1/namespaces/{namespace}/resourcequotas", quota)
    late = {"replicas": 2, "progressDeadlineSeconds": 2}
    never = workload("Deployment", "never", late, {"behaviour": "never-ready"})
    starved = workload("Deployment", "starved", late)
    gpu = {"example.com/gpu": "1"}
    starved["spec"]["template"]["spec"]["containers"] = [{**CONTAINER, "resources": {"limits": gpu}}]
    async with viewing(make_cluster(full_control_plane.kubeconfig), namespace) as viewer:
        for kind, body in (
            ("Deployment", workload("Deployment", "web", {"replicas": 3})),
            ("Deployment", never),
            ("Deployment", starved),
            ("Deployment", workload("Deployment", "held", {"paused": True})),
            ("StatefulSet", workload("StatefulSet", "db", {"replicas": 2})),
            ("DaemonSet", workload("DaemonSet", "agent", {})),
            ("Job", workload("Job", "late", {"activeDeadlineSeconds": 1})),
        ):
            await controlled.ask("POST", collection(namespace, kind), body)
        states = {"web": "done", "db": "done", "agent": "done", "held": "paused", "late": "stuck"}
        states |= {"never": "stuck", "starved": "stuck"}
        await viewer.sees(
            lambda: {name: viewer.state_of(name) for name in states} == states, "all", CONTROLLED_SECONDS
        )
        whys = {name: (viewer.rollout(name) or {})["why"] for name in states}
        assert {name: why["code"] for name, why in whys.items() if why} == {
            "never": "rollout_deadline_seconds",
            "starved": "quota",
            "late": "job_deadline_seconds",
        }
        assert not [row for row in viewer.rows.values() if row["name"].startswith("starved")]
        kinds = {"db": "StatefulSet", "agent": "DaemonSet"}
        verdicts = {"done": "done", "stuck": "fails"}
        for name in ("web", "db", "agent", "never", "starved"):
            kind = kinds.get(name, "Deployment")
            said = await asyncio.to_thread(verdict, full_control_plane, namespace, kind, name)
            assert said == verdicts[states[name]], name
        await _rolls_out_a_new_image(viewer, controlled, f"{deployments}/web")


async def _rolls_out_a_new_image(viewer: Viewer, writer: Writer, path: str) -> None:
    """The old and the new ReplicaSet, seen on the way, and the new one alone in the end."""
    first = viewer.rollout("web")
    assert first is not None
    template = {
        "spec": {"template": {"spec": {"containers": [{**CONTAINER, "image": "registry.example/app:2"}]}}}
    }
    await writer.ask("PATCH", path, template)
    seen: list[dict[str, Any]] = []

    def is_through() -> bool:
        found = viewer.rollout("web")
        assert found is not None
        seen.append(found)
        return bool(found["state"] == "done" and found["revisions"][0]["revision"] == 2)

    await viewer.sees(is_through, "the new image", CONTROLLED_SECONDS)
    last = seen[-1]
    (revision,) = last["revisions"]
    assert (revision["desired"], revision["ready"], revision["current"]) == (3, 3, True)
    assert last["since"] >= first["since"]
    on_the_way = [one for one in seen if one["state"] == "progressing" and len(one["revisions"]) == 2]
    assert on_the_way, "old and new"
    newest, before = on_the_way[0]["revisions"]
    assert (newest["revision"], before["revision"]) == (2, 1)
    assert before["name"] == first["revisions"][0]["name"]
    assert {one["since"] for one in on_the_way} == {on_the_way[0]["since"]} != {None}
