"""Every way to hold credentials works, changes are taken up, and what is wrong is named without secrets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pods.kube import credentials
from pods.kube.cluster import Cluster
from pods.kube.errors import CertificateRefused, CredentialsError, KubeError, Unauthorized
from pods.kube.objects import list_namespaces
from pods.kube.source import InClusterSource, KubeconfigSource, ServerSource
from tests.cluster.certificates import write_certificates
from tests.cluster.control_plane import ControlPlane
from tests.kube.client_certificate import write_client
from tests.kube.conftest import MakeCluster
from tests.kube.kubeconfigs import kubeconfig
from tests.kube.server import ConnectProxy
from tests.kube.viewer import viewing
from tests.kube.writer import Writer

SECRET = "s3cr3t-token-that-nobody-may-see"


async def works(cluster: Cluster) -> bool:
    return "default" in await list_namespaces(cluster)


async def refusal(cluster: Cluster) -> KubeError:
    with pytest.raises(KubeError) as refused:
        await list_namespaces(cluster)
    return refused.value


@pytest.fixture
def token_file(control_plane: ControlPlane, tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{control_plane.token()}\n")
    return path


@pytest.fixture
def server_source(control_plane: ControlPlane, tmp_path: Path, token_file: Path) -> ServerSource:
    authority = tmp_path / "ca.crt"
    authority.write_bytes((control_plane.folder / "ca.crt").read_bytes())
    return ServerSource(control_plane.url, ca_file=str(authority), token_file=str(token_file))


async def test_a_token_file_may_end_with_a_newline(
    make_cluster: MakeCluster,
    control_plane: ControlPlane,
    tmp_path: Path,
    token_file: Path,
    server_source: ServerSource,
) -> None:
    assert await works(make_cluster(server_source))
    user = {"tokenFile": token_file.name}
    assert await works(make_cluster(kubeconfig(tmp_path, control_plane, user)))
    assert await works(
        make_cluster(kubeconfig(tmp_path, control_plane, {"token": f"{control_plane.token()}\n"}))
    )


@pytest.mark.parametrize("content", ["", "\n"])
async def test_an_empty_token_file_is_named(
    make_cluster: MakeCluster,
    control_plane: ControlPlane,
    tmp_path: Path,
    token_file: Path,
    server_source: ServerSource,
    content: str,
) -> None:
    """Else the request would go out without a token, and somebody else's rights would be blamed."""
    token_file.write_text(content)
    for source in (server_source, kubeconfig(tmp_path, control_plane, {"tokenFile": str(token_file)})):
        reason = (await refusal(make_cluster(source))).reason
        assert reason.code == "credentials"
        assert "empty" in str(reason.params["detail"])


async def test_a_token_that_was_replaced_is_read_again_after_a_401(
    make_cluster: MakeCluster,
    control_plane: ControlPlane,
    token_file: Path,
    server_source: ServerSource,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pods.kube.cluster.RELOAD_SECONDS", 0.1)
    token_file.write_text("no-longer-valid\n")
    cluster = make_cluster(server_source)
    assert isinstance(await refusal(cluster), Unauthorized)
    token_file.write_text(control_plane.token())
    await asyncio.sleep(0.15)
    assert await works(cluster)


async def test_a_viewer_survives_a_token_that_is_replaced_late(
    make_cluster: MakeCluster,
    control_plane: ControlPlane,
    writer: Writer,
    token_file: Path,
    server_source: ServerSource,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pods.kube.cluster.RELOAD_SECONDS", 0.1)
    await writer.pod("web")
    token_file.write_text("no-longer-valid")
    async with viewing(make_cluster(server_source), writer.namespace, synced=False) as viewer:
        await viewer.sees(lambda: viewer.state.reason is not None, "a reason")
        await viewer.sees(
            lambda: viewer.state.reason is not None and viewer.state.reason.code == "unauthorized", "a 401"
        )
        token_file.write_text(control_plane.token())
        await viewer.agrees(writer.truth)


async def test_an_authority_that_changes_is_taken_up_and_breaks_no_open_watch(
    make_cluster: MakeCluster,
    control_plane: ControlPlane,
    writer: Writer,
    tmp_path: Path,
    server_source: ServerSource,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pods.kube.cluster.REREAD_SECONDS", 0.1)
    cluster = make_cluster(server_source)
    right = Path(server_source.ca_file).read_bytes()
    other = tmp_path / "other"
    other.mkdir()
    write_certificates(other)
    async with viewing(cluster, writer.namespace) as viewer:
        Path(server_source.ca_file).write_bytes((other / "ca.crt").read_bytes())
        await asyncio.sleep(0.15)
        assert isinstance(await refusal(cluster), CertificateRefused)
        await writer.pod("web")
        await viewer.agrees(writer.truth)
        Path(server_source.ca_file).write_bytes(right)
        await asyncio.sleep(0.15)
        assert await works(cluster)
        await viewer.sees(lambda: viewer.state.state == "live", "live")


@pytest.mark.parametrize("content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nMII\n"])
async def test_an_authority_that_is_no_certificate_is_named(
    make_cluster: MakeCluster, writer: Writer, server_source: ServerSource, content: str
) -> None:
    Path(server_source.ca_file).write_text(content)
    async with viewing(make_cluster(server_source), writer.namespace, synced=False) as viewer:
        await viewer.sees(
            lambda: viewer.state.reason is not None and viewer.state.reason.code == "credentials",
            "its reason",
            3,
        )
        assert viewer.state.reason is not None
        assert "CA" in str(viewer.state.reason.params["detail"])


async def test_client_certificates_authenticate(
    make_cluster: MakeCluster, breakable_control_plane: ControlPlane, client_authority: Path, tmp_path: Path
) -> None:
    """From files beside the kubeconfig, and from its own data; no token is needed."""
    certificate, key = write_client(client_authority, tmp_path, "somebody", "system:masters")
    user = {"client-certificate": certificate.name, "client-key": key.name}
    assert await works(make_cluster(kubeconfig(tmp_path, breakable_control_plane, user)))
    stranger, key = write_client(client_authority, tmp_path, "stranger", "nobody")
    user = {"client-certificate": stranger.name, "client-key": key.name}
    refused = await refusal(make_cluster(kubeconfig(tmp_path, breakable_control_plane, user)))
    assert refused.reason.code == "forbidden"


async def test_one_of_several_contexts_is_taken_whatever_its_name(
    make_cluster: MakeCluster, control_plane: ControlPlane, tmp_path: Path
) -> None:
    """EKS calls its contexts by ARN; two files may be joined as in KUBECONFIG."""
    name = "arn:aws:eks:eu-west-1:123456789012:cluster/shop/blue"
    folder = tmp_path / "other"
    folder.mkdir()
    first = kubeconfig(folder, control_plane, {"token": "of-another"}, context="another")
    second = kubeconfig(tmp_path, control_plane, {"token": control_plane.token()}, context=name)
    content = json.loads(Path(second.paths).read_text())
    content["users"][0]["name"] = content["contexts"][0]["context"]["user"] = "admin/blue"
    Path(second.paths).write_text(json.dumps(content))
    joined = f"{first.paths}:{second.paths}"
    assert await works(make_cluster(KubeconfigSource(joined, name)))
    assert isinstance(await refusal(make_cluster(KubeconfigSource(joined, "another"))), Unauthorized)
    reason = (await refusal(make_cluster(KubeconfigSource(joined, "absent")))).reason
    assert reason.params["detail"] == "the kubeconfig file has no “absent” among its contexts"


async def test_a_context_without_a_user_is_anonymous(
    make_cluster: MakeCluster, control_plane: ControlPlane, tmp_path: Path
) -> None:
    refused = await refusal(make_cluster(kubeconfig(tmp_path, control_plane, None)))
    assert refused.reason.code == "forbidden"


async def test_the_service_account_of_the_portals_own_pod_works(
    make_cluster: MakeCluster, control_plane: ControlPlane, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = urlsplit(control_plane.url)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(address.hostname))
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(address.port))
    monkeypatch.setattr(credentials, "SERVICE_TOKEN_FILENAME", str(token_file))
    monkeypatch.setattr(credentials, "SERVICE_CERT_FILENAME", str(control_plane.folder / "ca.crt"))
    assert await works(make_cluster(InClusterSource()))
    token_file.write_text("")
    reason = (await refusal(make_cluster(InClusterSource()))).reason
    assert "empty" in str(reason.params["detail"])
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")
    assert (await refusal(make_cluster(InClusterSource()))).reason.code == "credentials"


async def test_a_proxy_that_the_kubeconfig_names_is_used(
    make_cluster: MakeCluster, control_plane: ControlPlane, tmp_path: Path
) -> None:
    async with ConnectProxy() as proxy:
        source = kubeconfig(
            tmp_path, control_plane, {"token": control_plane.token()}, {"proxy-url": proxy.url}
        )
        cluster = make_cluster(source)
        assert await works(cluster)
        await cluster.close()
    assert proxy.targets == [urlsplit(control_plane.url).netloc]


def _no_user_key(content: dict[str, Any]) -> object:
    """A common mistake: the token one level too high."""
    return content | {"users": [{"name": "admin", "token": SECRET}]}


def _no_name(content: dict[str, Any]) -> object:
    return content | {"users": [*content["users"], {"user": {"token": SECRET}}]}


def _empty_exec(content: dict[str, Any]) -> object:
    return content | {"users": [{"name": "admin", "user": {"token": SECRET, "exec": None}}]}


def _bad_key(content: dict[str, Any]) -> object:
    user = {"client-certificate-data": "bm8gY2VydGlmaWNhdGU=", "client-key-data": "czNjcjN0"}
    return content | {"users": [{"name": "admin", "user": user}]}


def _two_line_token(content: dict[str, Any]) -> object:
    return content | {"users": [{"name": "admin", "user": {"token": f"{SECRET}\nX-Injected: yes"}}]}


def _missing_key_file(content: dict[str, Any]) -> object:
    user = {"client-certificate": "/etc/absent/tls.crt", "client-key": "/etc/absent/tls.key", "token": SECRET}
    return content | {"users": [{"name": "admin", "user": user}]}


@pytest.mark.parametrize(
    "broken",
    [
        _no_user_key,
        _no_name,
        _empty_exec,
        _bad_key,
        _two_line_token,
        _missing_key_file,
        lambda content: [SECRET],
        lambda content: SECRET,
        lambda content: None,
        lambda content: content | {"users": SECRET},
        lambda content: content | {"clusters": [{"name": "test"}]},
        lambda content: f"}}{{ {SECRET}: [",
    ],
)
async def test_what_is_wrong_in_a_kubeconfig_is_named_without_what_stands_in_it(
    make_cluster: MakeCluster,
    control_plane: ControlPlane,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    broken: Callable[[dict[str, Any]], object],
) -> None:
    source = kubeconfig(tmp_path, control_plane, {"token": SECRET})
    content = json.loads(Path(source.paths).read_text())
    content["contexts"][0]["context"]["user"] = content["users"][0]["name"] = "admin"
    wrong = broken(content)
    raw = isinstance(wrong, str) and wrong.startswith("}")
    Path(source.paths).write_text(str(wrong) if raw else json.dumps(wrong))
    caplog.set_level("DEBUG")
    refused = await refusal(make_cluster(source))
    assert isinstance(refused, CredentialsError), refused
    said = refused.reason.sentence + str(refused) + repr(refused.__cause__) + caplog.text
    assert SECRET not in said
    assert str(tmp_path) not in refused.reason.sentence
    print(refused.reason.sentence)
