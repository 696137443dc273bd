"""Credential plugins: run with a deadline, without a terminal, pipes drained, and again before expiry."""

from __future__ import annotations

import asyncio
import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pods.kube import exec_plugin
from pods.kube.errors import CredentialsError
from pods.kube.objects import list_namespaces
from tests.cluster.control_plane import ControlPlane
from tests.kube.conftest import MakeCluster
from tests.kube.kubeconfigs import credential, kubeconfig, plugin
from tests.kube.viewer import viewing
from tests.kube.writer import Writer

SECRET = "s3cr3t-of-the-plugin"


async def test_a_plugins_token_is_used(
    make_cluster: MakeCluster, control_plane: ControlPlane, tmp_path: Path
) -> None:
    """Beside the kubeconfig, with arguments and environment, no terminal, and told about the cluster."""
    script = f"""
        cat
        printf '%s\\n' "$1" "$COLOUR" "$KUBERNETES_EXEC_INFO" > {tmp_path}/seen
        {credential(token=control_plane.token())}
    """
    environment = [{"name": "COLOUR", "value": "green"}]
    user = plugin(tmp_path, script, args=["get-token"], env=environment, provideClusterInfo=True)
    cluster = make_cluster(kubeconfig(tmp_path, control_plane, user))
    assert "default" in await list_namespaces(cluster)
    argument, colour, info = (tmp_path / "seen").read_text().splitlines()
    assert (argument, colour) == ("get-token", "green")
    spec = json.loads(info)["spec"]
    assert spec["interactive"] is False
    assert spec["cluster"]["server"] == control_plane.url


async def test_a_plugin_gets_the_environment_less_the_portals_own(
    make_cluster: MakeCluster, control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its secrets are nothing to a plugin; what cloud tools look for stays."""
    for name in ("DJANGO_SECRET_KEY", "PORTAL_ADMIN_PASSWORD", "DATABASE_URL", "REDIS_URL"):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("AWS_PROFILE", "team")
    script = f"env > {tmp_path}/seen\n{credential(token=control_plane.token())}"
    cluster = make_cluster(kubeconfig(tmp_path, control_plane, plugin(tmp_path, script)))
    assert "default" in await list_namespaces(cluster)
    seen = (tmp_path / "seen").read_text()
    assert "AWS_PROFILE=team\n" in seen
    assert SECRET not in seen


async def test_who_stops_waiting_for_a_plugin_ends_it_for_nobody_else(
    make_cluster: MakeCluster, control_plane: ControlPlane, tmp_path: Path
) -> None:
    """A viewer leaves while its credentials load: the plugin runs on, once, for those who stay."""
    script = f"""
        echo run >> {tmp_path}/runs
        while [ ! -e {tmp_path}/go ]; do sleep 0.05; done
        {credential(token=control_plane.token())}
    """
    cluster = make_cluster(kubeconfig(tmp_path, control_plane, plugin(tmp_path, script)))
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        leaving, staying = (tasks.create_task(list_namespaces(cluster), name=name) for name in ("one", "two"))
        while not (tmp_path / "runs").exists():
            await asyncio.sleep(0.02)
        leaving.cancel()
        await asyncio.wait([leaving])
        (tmp_path / "go").touch()
        assert "default" in await staying
    assert leaving.cancelled()
    assert (tmp_path / "runs").read_text() == "run\n"


async def test_a_plugin_that_floods_stderr_is_not_a_deadlock(
    make_cluster: MakeCluster, control_plane: ControlPlane, tmp_path: Path
) -> None:
    script = f"head -c 300000 /dev/zero >&2\n{credential(token=control_plane.token())}"
    cluster = make_cluster(kubeconfig(tmp_path, control_plane, plugin(tmp_path, script)))
    async with asyncio.timeout(5):
        assert "default" in await list_namespaces(cluster)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (f"echo {SECRET} >&2; exit 3", "plugin_failed"),
        (f"echo {SECRET}", "plugin_answer"),
        (f'echo \'{{"kind": "ExecCredential", "status": {{"note": "{SECRET}"}}}}\'', "plugin_answer"),
        (f'echo \'{{"kind": "ExecCredential", "token": "{SECRET}"}}\'', "plugin_answer"),
        ("true", "plugin_answer"),
        ("cat /dev/zero", "plugin_answer"),
        (f"kill -9 $$; echo {SECRET}", "plugin_failed"),
    ],
)
async def test_what_a_plugin_does_wrong_is_named_without_what_it_said(
    make_cluster: MakeCluster,
    control_plane: ControlPlane,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    script: str,
    code: str,
) -> None:
    cluster = make_cluster(kubeconfig(tmp_path, control_plane, plugin(tmp_path, script)))
    with pytest.raises(CredentialsError) as refused:
        await list_namespaces(cluster)
    reason = refused.value.reason
    assert reason.code == code
    assert "credential plugin plugin" in reason.sentence
    assert SECRET not in reason.sentence + caplog.text


async def test_a_plugin_that_is_not_installed_is_named(
    make_cluster: MakeCluster, control_plane: ControlPlane, tmp_path: Path
) -> None:
    user = plugin(tmp_path, "") | {"exec": {"apiVersion": "v1", "command": "no-such-plugin"}}
    with pytest.raises(CredentialsError) as refused:
        await list_namespaces(make_cluster(kubeconfig(tmp_path, control_plane, user)))
    assert refused.value.reason.sentence == (
        "The credential plugin no-such-plugin is not installed on the portal's host."
    )


async def test_a_plugin_that_hangs_is_ended_with_all_its_children(
    make_cluster: MakeCluster, control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert exec_plugin.TIMEOUT_SECONDS == 15
    monkeypatch.setattr(exec_plugin.run_plugin, "__defaults__", (0.5,))
    script = f"sleep 60 & echo $! > {tmp_path}/child; wait"
    cluster = make_cluster(kubeconfig(tmp_path, control_plane, plugin(tmp_path, script)))
    started = time.monotonic()
    with pytest.raises(CredentialsError) as refused:
        await list_namespaces(cluster)
    assert time.monotonic() - started < 3
    assert refused.value.reason.code == "plugin_timed_out"
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 3
    while _runs(child):
        assert time.monotonic() < deadline, "the plugin's child still runs"
        await asyncio.sleep(0.02)


async def test_a_credential_is_renewed_before_it_expires(
    make_cluster: MakeCluster, control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pods.kube.cluster.RELOAD_SECONDS", 0.2)
    soon, later = _in_seconds(50), _in_seconds(3600)
    script = f"""
        echo run >> {tmp_path}/runs
        if [ $(wc -l < {tmp_path}/runs) = 1 ]
        then {credential(token=control_plane.token(), expirationTimestamp=soon)}
        else {credential(token=control_plane.token(), expirationTimestamp=later)}
        fi
    """
    cluster = make_cluster(kubeconfig(tmp_path, control_plane, plugin(tmp_path, script)))
    for _ in range(4):
        assert "default" in await list_namespaces(cluster)
        await asyncio.sleep(0.25)
    assert (tmp_path / "runs").read_text() == "run\nrun\n"


async def test_a_plugin_that_hangs_at_its_renewal_leaves_what_is_watched_live(
    make_cluster: MakeCluster,
    control_plane: ControlPlane,
    writer: Writer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The open watch needs no new token, and the probe must not wait for one."""
    monkeypatch.setattr("pods.kube.cluster.RELOAD_SECONDS", 0.2)
    script = f"""
        [ -e {tmp_path}/ran ] && sleep 60
        touch {tmp_path}/ran
        {credential(token=control_plane.token(), expirationTimestamp=_in_seconds(30))}
    """
    cluster = make_cluster(kubeconfig(tmp_path, control_plane, plugin(tmp_path, script)))
    async with viewing(cluster, writer.namespace) as viewer:
        await asyncio.sleep(0.3)
        waiting = asyncio.create_task(list_namespaces(cluster), name="a request that waits for a token")
        try:
            deadline = time.monotonic() + 6.0
            while time.monotonic() < deadline:
                assert viewer.state.state == "live", viewer.state
                await asyncio.sleep(0.1)
            assert not waiting.done()
            await writer.pod("web")
            await viewer.agrees(writer.truth)
        finally:
            waiting.cancel()
            await asyncio.wait([waiting])


def _in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return b"State:\tZ" not in Path(f"/proc/{pid}/status").read_bytes()
