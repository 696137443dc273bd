"""What Compose runs beside the portal: keys, the host's kubeconfig, the way to the host's loopback."""

import asyncio
import json
import os
import stat
from pathlib import Path

import pytest
import yaml

from deploy.compose import hosts_kubeconfig, keys, loopback
from tests.cluster.processes import free_port


def kubeconfig(server: str, **cluster: str) -> dict[str, object]:
    return {
        "clusters": [{"name": "kind", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "kind", "user": {"token": "top-secret"}}],
        "contexts": [{"name": "kind", "context": {"cluster": "kind", "user": "kind"}}],
    }


def test_keys_differ_everywhere_and_are_made_once(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
        keys.main(folder)
    first, second = ({path.name: path.read_text() for path in folder.iterdir()} for folder in folders)
    assert first.keys() == {"secret_key", "admin_password", "database_password", "database_url"}
    assert all(first[name] != second[name] for name in first)
    assert first["database_password"] in first["database_url"]
    keys.main(folders[0])
    assert {path.name: path.read_text() for path in folders[0].iterdir()} == first


def test_keys_are_for_the_portal_alone_but_the_databases_own(tmp_path: Path) -> None:
    keys.main(tmp_path)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes.pop("database_password") == 0o644
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize(
    ("server", "changed", "ways"),
    [
        ("https://127.0.0.1:36125", "https://loopback:36125", {"36125": "127.0.0.1"}),
        ("https://localhost:6443/x", "https://loopback:6443/x", {"6443": "localhost"}),
        ("https://[::1]", "https://loopback:443", {"443": "::1"}),
        ("https://10.0.0.1:6443", "https://10.0.0.1:6443", {}),
        ("https://api.example", "https://api.example", {}),
    ],
)
def test_servers_on_the_loopback_are_led_through_the_relay(
    server: str, changed: str, ways: dict[str, str]
) -> None:
    content = kubeconfig(server)
    assert hosts_kubeconfig.lead_through_relay(content) == ways
    cluster = content["clusters"][0]["cluster"]  # type: ignore[index]
    assert cluster["server"] == changed
    assert cluster.get("tls-server-name") == next(iter(ways.values()), None)


def test_a_name_for_certificates_that_is_set_already_stays() -> None:
    content = kubeconfig("https://127.0.0.1:6443", **{"tls-server-name": "kubernetes"})
    hosts_kubeconfig.lead_through_relay(content)
    assert content["clusters"][0]["cluster"]["tls-server-name"] == "kubernetes"  # type: ignore[index]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away; in CI it is root")
def test_the_copy_is_for_the_portals_user_alone(tmp_path: Path) -> None:
    source, folder = tmp_path / "config", tmp_path / "copy"
    folder.mkdir()
    source.write_text(yaml.safe_dump(kubeconfig("https://127.0.0.1:6443")))
    source.chmod(0o600)
    for _ in range(2):  # each start copies again
        assert hosts_kubeconfig.main(source, folder) == 0
    for path in (folder, folder / "config", folder / "loopback.json"):
        status = path.stat()
        assert (stat.S_IMODE(status.st_mode) & 0o077, status.st_uid) == (0, hosts_kubeconfig.OWNER)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- just\n- a list\n", "The file is not a kubeconfig."),
        ("a: [", "The kubeconfig cannot be read: ParserError."),
    ],
)
def test_what_is_no_kubeconfig_is_said_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (tmp_path / "config").write_text(text)
    assert hosts_kubeconfig.main(tmp_path / "config", tmp_path) == 1
    assert said in capsys.readouterr().err


def test_files_that_a_container_does_not_have_are_named() -> None:
    content = kubeconfig("https://10.0.0.1", **{"certificate-authority": "/home/me/ca.crt"})
    assert hosts_kubeconfig.files_named(content) == ["cluster kind: certificate-authority"]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends back what it was sent, once that has ended."""
    writer.write(await reader.read())
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def test_bytes_pass_both_relays_and_so_does_their_end(tmp_path: Path) -> None:
    port = free_port()
    server = await asyncio.start_server(echo, "127.0.0.1", port)
    (tmp_path / "loopback.json").write_text(json.dumps({str(port): "127.0.0.1"}))
    relay = asyncio.create_task(loopback.main("host", tmp_path), name="host's side")
    try:
        async with server, asyncio.timeout(20):
            entrance = tmp_path / f"{port}.sock"
            while not entrance.exists():
                await asyncio.sleep(0.01)
            reader, writer = await asyncio.open_unix_connection(entrance)
            sent = os.urandom(1_000_000)
            writer.write(sent)
            writer.write_eof()
            assert await reader.read() == sent
            writer.close()
            await writer.wait_closed()
            # A list that changed ends it: Docker starts it anew.
            (tmp_path / "loopback.json").write_text("{}")
            await relay
    finally:
        relay.cancel()
        await asyncio.wait([relay])
