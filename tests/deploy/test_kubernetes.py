"""deploy/kubernetes against a real API server: every object, the rights, and a portal that has just those."""

import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from k8sportal.serve import CLOSE_SECONDS, DRAIN_SECONDS, STOP_SECONDS
from tests.cluster.control_plane import ControlPlane, KubectlError
from tests.cluster.http import ApiError
from tests.consumers.browser import Browser
from tests.deploy.manifests import (
    ACCOUNT,
    FOLDER,
    INSTALLATIONS,
    NAMESPACE,
    Object,
    apply_strictly,
    for_a_list_of_namespaces,
    objects,
    pods_of,
    rendered,
)
from tests.deploy.rights import Account, Right, requests_of
from tests.portal import ADMIN_PASSWORD, PortalProcess
from tools.documentation import settings

LIVE_SECONDS = 30.0
PODS = {(verb, "", resource) for verb in ("list", "watch") for resource in ("pods", "events")}
ONE_POD = {("get", "", "pods"), ("get", "", "pods/log"), ("get", "batch", "jobs")}
REPLICASETS = {(verb, "apps", "replicasets") for verb in ("get", "list", "watch")}
ROLLOUTS = {
    (verb, group, resource)
    for verb in ("list", "watch")
    for group, resource in (
        ("apps", "deployments"),
        ("apps", "statefulsets"),
        ("apps", "daemonsets"),
        ("batch", "jobs"),
    )
}
NAMESPACES = {("list", "", "namespaces")}
# Asked for where a pod comes before its ReplicaSet is known: not at each run.
AT_TIMES = {("get", "apps", "replicasets")}


@pytest.mark.parametrize("name", INSTALLATIONS)
def test_every_object_is_taken_by_strict_validation_without_a_warning(
    audited_control_plane: ControlPlane, name: str
) -> None:
    text = rendered(audited_control_plane, FOLDER / name)
    applied = apply_strictly(audited_control_plane, text)
    assert len(applied) == len(objects(text)) >= 9


def test_strict_validation_finds_a_misspelt_field(audited_control_plane: ControlPlane) -> None:
    text = rendered(audited_control_plane, FOLDER / "small").replace("readinessProbe:", "readynessProbe:")
    with pytest.raises(KubectlError, match="readynessProbe"):
        apply_strictly(audited_control_plane, text)


@pytest.mark.parametrize("name", INSTALLATIONS)
def test_restricted_pod_security_admits_every_pod(audited_control_plane: ControlPlane, name: str) -> None:
    text = rendered(audited_control_plane, FOLDER / name)
    apply_strictly(audited_control_plane, text)
    pods = pods_of(objects(text))
    assert pods.keys() == ({"Deployment"} if name == "small" else {"Deployment", "Job"})
    path = f"/api/v1/namespaces/{NAMESPACE}/pods?dryRun=All"
    for pod in pods.values():
        audited_control_plane.api("POST", path, pod)
        for container in pod["spec"]["containers"]:
            container["securityContext"]["allowPrivilegeEscalation"] = True
        with pytest.raises(ApiError, match="PodSecurity"):
            audited_control_plane.api("POST", path, pod)


@pytest.mark.parametrize("name", INSTALLATIONS)
def test_a_portal_is_given_the_time_that_its_end_takes(
    audited_control_plane: ControlPlane, name: str
) -> None:
    pod = pods_of(objects(rendered(audited_control_plane, FOLDER / name)))["Deployment"]["spec"]
    sleep, seconds = pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    assert sleep == "sleep"
    ending = DRAIN_SECONDS + CLOSE_SECONDS + STOP_SECONDS
    assert pod["terminationGracePeriodSeconds"] >= int(seconds) + 2 * ending


@pytest.mark.parametrize("name", INSTALLATIONS)
def test_every_setting_there_is_one(audited_control_plane: ControlPlane, name: str) -> None:
    """A misspelt name would be ignored."""
    items = objects(rendered(audited_control_plane, FOLDER / name))
    names = {key for item in items if item["kind"] == "ConfigMap" for key in item["data"]}
    for pod in pods_of(items).values():
        for container in [*pod["spec"]["containers"], *pod["spec"].get("initContainers", ())]:
            names |= {re.sub("_FILE$", "", entry["name"]) for entry in container["env"]}
    assert {"DJANGO_SECRET_KEY", "PORTAL_PUBLIC_URL"} <= names <= settings()


def owned(namespace: str, name: str, owner: Object) -> Object:
    """A pod of a ReplicaSet or Job, without the label from which a Deployment could be guessed."""
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True, **owner}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "ownerReferences": [owner]},
        "spec": {"containers": [{"name": "main", "image": "example"}]},
    }


def furnish(cluster: ControlPlane, namespace: str) -> None:
    """A pod of a Deployment, and one whose ReplicaSet is in no list: it is asked for by its name."""
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": True}
    labels = {"app": "web"}
    replicaset = {
        "metadata": {"name": "web-1", "ownerReferences": [{**deployment, "uid": secrets.token_hex(8)}]},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "main", "image": "example"}]},
            },
        },
    }
    path = f"/apis/apps/v1/namespaces/{namespace}/replicasets"
    made = cluster.api("POST", path, replicaset).json()["metadata"]
    cluster.apply(
        owned(namespace, "known", {"name": "web-1", "uid": made["uid"]}),
        owned(namespace, "orphan", {"name": "gone-1", "uid": secrets.token_hex(8)}),
        owned(namespace, "reporting", report(cluster, namespace)),
    )


def report(cluster: ControlPlane, namespace: str) -> Object:
    """A Job that makes no pods by itself, as the owner of one."""
    template = {"containers": [{"name": "main", "image": "example"}], "restartPolicy": "Never"}
    job = {"metadata": {"name": "report"}, "spec": {"suspend": True, "template": {"spec": template}}}
    made = cluster.api("POST", f"/apis/batch/v1/namespaces/{namespace}/jobs", job).json()["metadata"]
    return {"apiVersion": "batch/v1", "kind": "Job", "name": "report", "uid": made["uid"]}


@pytest.fixture
def rooms(audited_control_plane: ControlPlane) -> list[str]:
    """Three namespaces with pods."""
    names = [f"room-{secrets.token_hex(4)}" for _ in range(3)]
    for name in names:
        audited_control_plane.create_namespace(name)
        furnish(audited_control_plane, name)
    return names


def asked(portal: PortalProcess, namespace: str, cluster: str = "test") -> dict[str, Any]:
    """What the portal says of a namespace now; `feed` is "none" while it has no answer."""
    try:
        answer: dict[str, Any] = json.loads(
            portal.get(f"/api/v1/pods?cluster={cluster}&namespace={namespace}")
        )
    except OSError:
        return {"feed": {"state": "none", "reason_code": None}, "pods": []}
    return answer


def refusal(portal: PortalProcess, namespace: str) -> str:
    """What the portal says where it has no rows to give."""
    with pytest.raises(HTTPError) as raised:
        portal.get(f"/api/v1/pods?cluster=test&namespace={namespace}", timeout=30)
    with raised.value as error:
        return error.read().decode()


def sees(portal: PortalProcess, namespace: str, cluster: str = "test") -> None:
    """Waits until a namespace is live with nothing missing, and both pods have the owners they have."""

    def is_whole() -> bool:
        answer = asked(portal, namespace, cluster)
        rows = {(row["namespace"], row["name"]): row["owner"] for row in answer["pods"]}
        there = {name for name, _ in rows}
        return (
            answer["feed"]["state"] == "live"
            and answer["feed"]["reason_code"] is None
            and bool(there)
            and all(rows.get((name, "known")) == {"kind": "Deployment", "name": "web"} for name in there)
            and all((name, "orphan") in rows for name in there)
        )

    portal.wait_until(is_whole, 5 * LIVE_SECONDS, f"{namespace} is live and whole")


def looks_into(portal: PortalProcess, namespace: str) -> None:
    """Somebody looks at two pods, and at the log of one: it has none, for no node runs it."""
    admin = Browser(portal).sign_in("admin", ADMIN_PASSWORD)
    detail = admin.get(f"/api/v1/pods/test/{namespace}/known").json()
    assert [one["name"] for one in detail["pod"]["containers"]] == ["main"]
    assert (detail["logs"], detail["events"]) == (True, [])
    assert admin.get(f"/api/v1/pods/test/{namespace}/reporting").json()["owners"] == [
        {"kind": "Job", "name": "report"}
    ]
    address = portal.ws(f"/ws/logs/?cluster=test&namespace={namespace}&pod=known")
    with connect(address, additional_headers={"Cookie": admin.cookie}, proxy=None) as socket:
        told = {json.loads(socket.recv(LIVE_SECONDS))["reason_code"] for _ in range(2)}
    assert told == {"log_opening", "log_not_scheduled"}


def used_once_asked(
    portal: PortalProcess, account: Account, log: Callable[[], Path], expected: set[Right]
) -> set[Right]:
    """What the account has used, once it has used what is expected; the ReplicaSets come after the pods."""
    expected = expected - AT_TIMES
    portal.wait_until(
        lambda: requests_of(account, log(), allowed=True) >= expected, LIVE_SECONDS, f"{expected} is used"
    )
    return requests_of(account, log(), allowed=True) | AT_TIMES


def test_for_the_whole_cluster_it_may_do_what_it_does_and_nothing_more(
    audited_control_plane: ControlPlane, audit_log: Path, rooms: list[str], tmp_path: Path
) -> None:
    apply_strictly(audited_control_plane, rendered(audited_control_plane, FOLDER / "small"))
    account = Account(audited_control_plane, NAMESPACE, ACCOUNT)
    environment = {"PORTAL_WIDE_SCOPE_AT": "2"}
    with PortalProcess(account.kubeconfig(tmp_path, NAMESPACE), "uvicorn", environment) as portal:
        sees(portal, rooms[0])
        sees(portal, "*")
        looks_into(portal, rooms[0])
        expected = PODS | ONE_POD | REPLICASETS | ROLLOUTS | NAMESPACES
        used = used_once_asked(portal, account, lambda: audit_log, expected)
    assert account.may(rooms[0]) == account.may("kube-system") == used == expected
    assert requests_of(account, audit_log, allowed=False) == set()


def test_for_a_list_of_namespaces_it_may_do_what_it_does_there_and_nothing_elsewhere(
    audited_control_plane: ControlPlane, audit_log: Path, rooms: list[str], tmp_path: Path
) -> None:
    cluster, (own, other, foreign) = audited_control_plane, rooms
    cluster.kubectl("delete", "clusterrolebinding,clusterrole", ACCOUNT, "--ignore-not-found")
    text = for_a_list_of_namespaces(cluster, tmp_path, own, other)
    applied = apply_strictly(cluster, text)
    assert [name for name in applied if "clusterrolebinding" in name] == []
    account = Account(cluster, NAMESPACE, ACCOUNT)
    before = len(audit_log.read_text())
    log = tmp_path / "since.log"

    def since() -> Path:
        log.write_text(audit_log.read_text()[before:])
        return log

    with PortalProcess(account.kubeconfig(tmp_path, own), "uvicorn") as portal:
        portal.manage("namespace_add", "test", other)
        portal.manage("namespace_add", "test", foreign)
        sees(portal, own)
        sees(portal, other)
        looks_into(portal, own)
        assert "not_ready" in refusal(portal, foreign)
        expected = PODS | ONE_POD | REPLICASETS | ROLLOUTS
        used = used_once_asked(portal, account, since, expected)
    assert account.may(own) == account.may(other) == used == expected
    assert account.may(foreign) == account.may("kube-system") == set()
    refused = requests_of(account, since(), allowed=False)
    assert ("list", "", "pods") in refused
    assert refused <= PODS | REPLICASETS | ROLLOUTS | NAMESPACES, (
        "it asks for nothing that no installation gives"
    )


def test_in_a_pod_it_takes_up_the_mounted_token_and_a_renewed_one(
    audited_control_plane: ControlPlane, rooms: list[str], tmp_path: Path
) -> None:
    cluster = audited_control_plane
    apply_strictly(cluster, rendered(cluster, FOLDER / "small"))
    account = Account(cluster, NAMESPACE, ACCOUNT)
    account.mount(tmp_path)
    address = urlsplit(cluster.url)
    environment = {
        "POD_ACCOUNT": str(tmp_path),
        "KUBERNETES_SERVICE_HOST": str(address.hostname),
        "KUBERNETES_SERVICE_PORT": str(address.port),
        "PORTAL_DEMO": "",
    }
    with PortalProcess(None, "uvicorn", environment, "tests.deploy.in_pod") as portal:
        sees(portal, rooms[0], "in-cluster")
        cluster.kubectl("delete", "serviceaccount", ACCOUNT, "--namespace", NAMESPACE)
        apply_strictly(cluster, rendered(cluster, FOLDER / "small"))
        renewed = Account(cluster, NAMESPACE, ACCOUNT)
        portal.wait_until(account.is_refused, 2 * LIVE_SECONDS, "the token is of an account that was")
        assert asked(portal, rooms[1], "in-cluster")["feed"]["state"] != "live"
        renewed.mount(tmp_path)
        sees(portal, rooms[1], "in-cluster")
