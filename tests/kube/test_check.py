"""What an administrator is told about a connection: what works, and the first thing that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pods.kube.check import check_connection
from pods.kube.source import KubeconfigSource, ServerSource
from tests.cluster.certificates import write_certificates
from tests.cluster.control_plane import ControlPlane
from tests.cluster.processes import free_port
from tests.kube.server import Server, always

SECRET = "s3cr3t-token"


@pytest.fixture
def source(control_plane: ControlPlane, tmp_path: Path) -> ServerSource:
    token = tmp_path / "token"
    token.write_text(control_plane.token())
    return ServerSource(
        control_plane.url, ca_file=str(control_plane.folder / "ca.crt"), token_file=str(token)
    )


async def findings(source: ServerSource | KubeconfigSource) -> list[tuple[str, bool]]:
    found = await check_connection(source)
    assert all(SECRET not in finding.sentence and "{" not in finding.sentence for finding in found)
    print(*(finding.sentence for finding in found), sep="\n")
    return [(finding.code, finding.ok) for finding in found]


async def test_all_is_well(source: ServerSource) -> None:
    assert await findings(source) == [("answers", True), ("namespaces", True), ("pods_everywhere", True)]


async def test_nothing_listens_there(source: ServerSource) -> None:
    wrong = ServerSource(f"https://127.0.0.1:{free_port()}", source.ca_file, token_file=source.token_file)
    assert await findings(wrong) == [("unreachable", False)]


async def test_its_certificate_is_of_another_authority(source: ServerSource, tmp_path: Path) -> None:
    write_certificates(tmp_path)
    wrong = ServerSource(source.server, str(tmp_path / "ca.crt"), token_file=source.token_file)
    assert await findings(wrong) == [("certificate", False)]


async def test_its_token_is_not_accepted(source: ServerSource) -> None:
    Path(source.token_file).write_text(SECRET)
    assert await findings(source) == [("unauthorized", False)]


async def test_its_account_may_see_nothing(control_plane: ControlPlane) -> None:
    kubeconfig = KubeconfigSource(str(control_plane.kubeconfig_for("nobody")), "test")
    assert await findings(kubeconfig) == [
        ("answers", True),
        ("namespaces_not_listed", True),
        ("pods_by_namespace", True),
    ]


async def test_something_else_listens_there() -> None:
    async with Server(always(200, f"<html>{SECRET}</html>")) as server:
        assert await findings(ServerSource(server.url)) == [("bad_answer", False)]
    async with Server(always(502, SECRET)) as server:
        assert await findings(ServerSource(server.url)) == [("server_error", False)]


async def test_its_token_file_is_missing(source: ServerSource, tmp_path: Path) -> None:
    wrong = ServerSource(source.server, source.ca_file, token_file=str(tmp_path / "absent"))
    (finding,) = await check_connection(wrong)
    assert finding.sentence == "The cluster's credentials cannot be used: absent does not exist."
