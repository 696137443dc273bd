"""Both servers keep the same promises about frames, peers and their own end."""

import asyncio
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from k8sportal.listening import USER_TIMEOUT_MS, CannotListenError, listen
from k8sportal.serve_limits import message_bytes
from tests.serve.program import Program


@pytest.fixture(params=["daphne", "uvicorn"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Program]:
    yield from small_app(request.param, "127.0.0.1", tmp_path)


def small_app(kind: str, host: str, folder: Path) -> Iterator[Program]:
    variables = {
        "DJANGO_SECRET_KEY": "test",
        "PORTAL_DATA_DIR": str(folder),
    }
    with Program("-m", "tests.serve.small_app", kind, host, "0", variables=variables) as program:
        yield program


def port_of(program: Program) -> int:
    return int(program.wait_for("listening").split()[1])


async def test_a_terminated_server_sends_viewers_away_and_ends_well(server: Program) -> None:
    port = port_of(server)
    async with aiohttp.ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/") as viewer:
        await viewer.send_str("hello")
        assert (await viewer.receive(timeout=10)).data == "hello"
        server.signal(signal.SIGTERM)
        message = await viewer.receive(timeout=10)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == 1012
    assert await asyncio.to_thread(server.wait, 10) == 0
    words = [line.split()[0] for line in server.lines if not line.startswith("{")]
    assert words.index("drained") < words.index("stopped") < words.index("ended")
    assert any(line.startswith("gone ") for line in server.lines)
    assert "Traceback" not in server.output


async def test_it_ends_in_ten_seconds_whatever_hangs(server: Program) -> None:
    """A viewer that ignores its close, a request of which half was sent, a connection that says nothing."""
    port = port_of(server)
    with socket.create_connection(("127.0.0.1", port)) as half, socket.create_connection(("127.0.0.1", port)):
        half.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://127.0.0.1:{port}/stubborn"),
        ):
            await asyncio.to_thread(server.wait_for, "open")
            started = time.monotonic()
            server.signal(signal.SIGTERM)
            assert await asyncio.to_thread(server.wait, 15) == 0
            assert time.monotonic() - started < 10
    assert "stopped" in server.lines
    assert "Traceback" not in server.output
    assert "KeyError" not in server.output


async def test_a_second_signal_ends_it_at_once(server: Program) -> None:
    port = port_of(server)
    async with aiohttp.ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/stubborn"):
        await asyncio.to_thread(server.wait_for, "open")
        server.signal(signal.SIGINT)
        await asyncio.to_thread(server.wait_for, "drained")
        server.signal(signal.SIGINT)
        assert await asyncio.to_thread(server.wait, 1) == 128 + signal.SIGINT
    assert "aborted" in server.lines
    assert "Traceback" not in server.output


async def test_a_frame_that_is_too_large_is_answered_by_its_close_code(server: Program) -> None:
    port = port_of(server)
    async with aiohttp.ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/") as viewer:
        await viewer.send_str("x" * message_bytes())
        assert len((await viewer.receive(timeout=10)).data) == message_bytes()
        await viewer.send_str("x" * (message_bytes() + 1))
        message = await viewer.receive(timeout=10)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == 1009
    await asyncio.to_thread(server.wait_for, "gone")


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
def test_all_addresses_are_ipv4_and_ipv6(kind: str, tmp_path: Path) -> None:
    for program in small_app(kind, "::", tmp_path):
        port = port_of(program)
        for host in ("127.0.0.1", "::1"):
            with socket.create_connection((host, port), timeout=10) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert client.recv(100).startswith(b"HTTP/1.1 200")


def test_the_socket_gives_up_peers_that_are_gone() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        listening.setblocking(True)
        accepted, _ = listening.accept()
        with accepted:
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                held = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
                assert held == USER_TIMEOUT_MS


def test_a_taken_port_and_a_foreign_address_are_told_in_words() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            CannotListenError, match=rf"127\.0\.0\.1:{port}: Address already in use\. Set HOST"
        ):
            listen("127.0.0.1", port)
    with pytest.raises(CannotListenError, match=r"192\.0\.2\.1"):
        listen("192.0.2.1", 0)
    with pytest.raises(CannotListenError, match="no address of this machine"):
        listen("x86_64-conda-linux-gnu.invalid", 0)
