"""What is told of one pod beyond its row: its events and its owners, from the real API server."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from pods.clock import SystemClock
from pods.details import EVENTS_STAND_SECONDS, Details
from pods.domain.poddetail import SeenPod
from pods.domain.row import Owner
from pods.kube.cluster import Cluster
from pods.kube.errors import Forbidden
from tests.cluster.control_plane import ControlPlane
from tests.kube.conftest import MakeCluster
from tests.kube.viewer import requests_made
from tests.kube.writer import Writer


@pytest_asyncio.fixture
async def details() -> AsyncIterator[Details]:
    found = Details(SystemClock())
    yield found
    await found.close()


def tell(control_plane: ControlPlane, pod: SeenPod, name: str, **more: Any) -> None:
    """Writes an event about `pod`."""
    about = pod.detail
    involved = {"kind": "Pod", "namespace": about.namespace, "name": about.name, "uid": about.uid}
    event = {"metadata": {"name": name}, "involvedObject": involved, "reason": name.title(), **more}
    control_plane.api("POST", f"/api/v1/namespaces/{about.namespace}/events", event)


async def test_all_events_of_this_very_pod_are_told_the_newest_first(
    cluster: Cluster, details: Details, writer: Writer, control_plane: ControlPlane
) -> None:
    await writer.pod("web")
    former = await details.of(cluster, writer.namespace, "web")
    tell(control_plane, former, "former", type="Warning", lastTimestamp="2026-01-01T05:00:00Z")
    await writer.delete("web")
    await writer.pod("web")
    await writer.pod("other")
    seen = await details.of(cluster, writer.namespace, "web")
    tell(control_plane, seen, "pulled", type="Normal", count=2, lastTimestamp="2026-01-01T01:00:00Z")
    tell(control_plane, seen, "failed", type="Warning", lastTimestamp="2026-01-01T02:00:00Z")
    other = await details.of(cluster, writer.namespace, "other")
    tell(control_plane, other, "others", type="Warning", lastTimestamp="2026-01-01T03:00:00Z")
    events = await details.events(cluster, seen)
    assert [(one.type, one.reason, one.count) for one in events] == [
        ("Warning", "Failed", 1),
        ("Normal", "Pulled", 2),
    ]


async def test_however_many_look_at_once_the_events_are_listed_once_and_soon_anew(
    cluster: Cluster, details: Details, writer: Writer, control_plane: ControlPlane
) -> None:
    await writer.pod("web")
    seen = await details.of(cluster, writer.namespace, "web")
    answers = await asyncio.gather(*(details.events(cluster, seen) for _ in range(200)))
    assert answers == [()] * 200
    assert requests_made(cluster)["list", "200"] == 1
    tell(control_plane, seen, "pulled", type="Normal")
    async with asyncio.timeout(5 * EVENTS_STAND_SECONDS):
        while await details.events(cluster, seen) == ():
            await asyncio.sleep(0.05)
    assert requests_made(cluster)["list", "200"] <= 1 + 5


async def test_without_the_right_to_events_they_are_not_told_and_who_waits_hears_why(
    make_cluster: MakeCluster, control_plane: ControlPlane, details: Details, writer: Writer
) -> None:
    control_plane.grant("only-pods", writer.namespace)
    await writer.pod("web")
    cluster = make_cluster(control_plane.kubeconfig_for("only-pods"))
    seen = await details.of(cluster, writer.namespace, "web")
    asked = [details.events(cluster, seen) for _ in range(3)]
    heard = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in heard] == [Forbidden] * 3
    assert isinstance(heard[0], Forbidden)
    assert (heard[0].reason.params["resource"], heard[0].reason.params["verbs"]) == ("events", "list")


async def test_the_chain_of_owners_goes_to_the_deployment_and_to_the_cronjob(
    cluster: Cluster, details: Details, writer: Writer
) -> None:
    replicaset = await writer.replicaset("named-as-it-likes", "web")
    await writer.pod("of-web", owner=replicaset)
    jobs = f"/apis/batch/v1/namespaces/{writer.namespace}/jobs"
    await writer.pod("of-report", owner=await writer.ask("POST", jobs, job("report-1", "report")))
    await writer.pod("of-nobody")
    chains = {
        name: await details.owners(cluster, await details.of(cluster, writer.namespace, name))
        for name in ("of-web", "of-report", "of-nobody")
    }
    assert chains == {
        "of-web": (Owner("ReplicaSet", "named-as-it-likes"), Owner("Deployment", "web")),
        "of-report": (Owner("Job", "report-1"), Owner("CronJob", "report")),
        "of-nobody": (),
    }


async def test_where_replicasets_may_not_be_read_the_deployment_is_told_from_names(
    make_cluster: MakeCluster, control_plane: ControlPlane, details: Details, writer: Writer
) -> None:
    control_plane.grant("only-pods", writer.namespace)
    replicaset = await writer.replicaset("web-5d4f", "web")
    await writer.pod("of-web", {"pod-template-hash": "5d4f"}, owner=replicaset)
    cluster = make_cluster(control_plane.kubeconfig_for("only-pods"))
    for _ in range(3):
        seen = await details.of(cluster, writer.namespace, "of-web")
        chain = await details.owners(cluster, seen)
        assert chain == (Owner("ReplicaSet", "web-5d4f"), Owner("Deployment", "web"))
    assert requests_made(cluster)["get", "403"] == 1, "a refusal stands for a while as well"


def job(name: str, cronjob: str) -> dict[str, Any]:
    """A suspended Job of a CronJob, which itself need not be there."""
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": cronjob, "controller": True}
    container = {"name": "main", "image": "example"}
    return {
        "metadata": {"name": name, "ownerReferences": [owner | {"uid": str(uuid.uuid4())}]},
        "spec": {
            "suspend": True,
            "template": {"spec": {"containers": [container], "restartPolicy": "Never"}},
        },
    }


@pytest.mark.parametrize("name", ["..", "no/name", ""])
async def test_what_can_be_no_name_is_not_asked_for(cluster: Cluster, details: Details, name: str) -> None:
    with pytest.raises(Exception, match="not_found"):
        await details.of(cluster, "default", name)
    assert requests_made(cluster) == {}
