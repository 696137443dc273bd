"""The control plane does what other tests rely on: rights, counts of watches, faults, an end."""

import asyncio
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane, KubectlError
from tests.cluster.http import ApiError

ROOT = Path(__file__).resolve().parent.parent.parent

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {"containers": [{"name": "web", "image": "web:1"}], "terminationGracePeriodSeconds": 1},
}


def pods_of(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods"


def status_of(control_plane: ControlPlane, user: str, path: str) -> int:
    try:
        return control_plane.api("GET", path, user=user).status
    except ApiError as error:
        return error.status


@pytest.mark.parametrize(
    ("user", "pods", "watch", "replicasets", "namespaces"),
    [
        ("one-namespace", 200, 200, 200, 403),
        ("only-pods", 200, 200, 403, 403),
        ("no-replicasets", 200, 200, 403, 200),
        ("list-only", 200, 403, 200, 403),
        ("nobody", 403, 403, 403, 403),
    ],
)
def test_a_user_has_the_rights_of_its_name(
    control_plane, namespace, user, pods, watch, replicasets, namespaces
):
    control_plane.grant(user, namespace)
    control_plane.wait_until(
        lambda: status_of(control_plane, user, pods_of(namespace)) == pods, f"the rights of {user}"
    )
    watching = f"{pods_of(namespace)}?watch=1&timeoutSeconds=1"
    assert status_of(control_plane, user, watching) == watch
    replica_sets = f"/apis/apps/v1/namespaces/{namespace}/replicasets"
    assert status_of(control_plane, user, replica_sets) == replicasets
    assert status_of(control_plane, user, "/api/v1/namespaces") == namespaces


async def test_the_api_servers_own_count_of_watches_rises_and_falls(control_plane, namespace):
    before = control_plane.longrunning_watches("pods", "namespace")
    async with control_plane.admin_session() as session:
        async with session.get(pods_of(namespace), params={"watch": "1"}) as response:
            assert response.status == 200
            assert control_plane.longrunning_watches("pods", "namespace") == before + 1
    async with asyncio.timeout(5):
        while control_plane.longrunning_watches("pods", "namespace") != before:
            await asyncio.sleep(0.05)


def test_kubectl_says_what_is_wrong(control_plane):
    with pytest.raises(KubectlError, match="NotFound"):
        control_plane.kubectl("get", "pod", "absent")


def test_any_pod_state_can_be_patched_into_the_status(control_plane, namespace):
    control_plane.api("POST", pods_of(namespace), POD)
    control_plane.api("PATCH", f"{pods_of(namespace)}/web/status", {"status": {"phase": "Failed"}})
    assert " Failed " in control_plane.kubectl("get", "pods", "-n", namespace)


def test_simulated_nodes_run_what_a_deployment_asks_for(full_control_plane, namespace):
    full_control_plane.kubectl(
        "create", "deployment", "web", "--image=web:1", "--replicas=2", "-n", namespace
    )
    full_control_plane.kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=30s")
    assert full_control_plane.kubectl("get", "pods", "-n", namespace).count("Running") == 2
    assert "ready to serve" in full_control_plane.kubectl("logs", "deployment/web", "-n", namespace)


@pytest.mark.cluster
async def test_an_outage_a_freeze_and_expired_versions_can_be_had():
    async with ControlPlane() as cluster:
        cluster.create_namespace("test")
        version = cluster.api("GET", pods_of("test")).json()["metadata"]["resourceVersion"]

        cluster.pause()
        async with cluster.admin_session() as session:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await session.get(pods_of("test"))
        cluster.resume()
        assert cluster.api("GET", pods_of("test")).status == 200

        cluster.api("POST", pods_of("test"), POD)
        cluster.compact()
        cluster.kill_apiserver()
        with pytest.raises(OSError):
            cluster.api("GET", pods_of("test"))
        await asyncio.to_thread(cluster.start_apiserver)
        with pytest.raises(ApiError) as expired:
            cluster.api("GET", f"{pods_of('test')}?resourceVersion={version}&resourceVersionMatch=Exact")
        assert expired.value.status == 410


@pytest.mark.cluster
def test_no_program_outlives_a_killed_starter():
    source = """
        import os, signal
        from tests.cluster.control_plane import ControlPlane
        cluster = ControlPlane().start()
        print(cluster._group._guard.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    group = int(done.stdout)
    subprocess.run(["/bin/sh", "-c", f"while pgrep -g {group}; do sleep 0.1; done"], timeout=5, check=True)
