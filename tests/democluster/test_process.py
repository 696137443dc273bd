"""The process: one line when ready, a clean end by signal or with its parent."""

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process

import aiohttp
import pytest


async def start(*arguments: str, stdin: int | None = None) -> tuple[Process, str]:
    """A demo cluster on a free port, and its URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "democluster", "--port", "0", *arguments, stdin=stdin, stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        line = (await process.stdout.readline()).decode()
    assert line.startswith("demo cluster on http://127.0.0.1:")
    return process, line.split()[-1]


async def end_of(process: Process) -> tuple[int | None, bytes]:
    """The exit status and what was written to standard error."""
    async with asyncio.timeout(10):
        _, errors = await process.communicate()
    return process.returncode, errors


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly_while_it_is_watched(name: signal.Signals) -> None:
    process, url = await start()
    try:
        async with aiohttp.ClientSession(url) as session:
            async with session.get("/api/v1/pods", params={"watch": "1"}) as response:
                assert await response.content.readline()
                process.send_signal(name)
                async with asyncio.timeout(10):
                    while await response.content.readline():
                        pass
        assert await end_of(process) == (0, b"")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_ends_with_its_parent() -> None:
    process, _ = await start("--exit-with-stdin", stdin=PIPE)
    assert process.stdin is not None
    process.stdin.close()
    assert await end_of(process) == (0, b"")


async def test_a_parent_without_a_pipe_is_told_so() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "democluster", "--exit-with-stdin", stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    status, errors = await end_of(process)
    assert status == 2
    assert errors.endswith(b"--exit-with-stdin needs a pipe, a socket or a terminal as standard input\n")


async def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "democluster", "--port", port, stdout=PIPE, stderr=PIPE
        )
        status, errors = await end_of(process)
    assert status == 1
    assert errors.decode().startswith(f"democluster: cannot listen on 127.0.0.1:{port}: ")
    assert errors.count(b"\n") == 1


async def test_the_shop_lives() -> None:
    process, url = await start("--speed", "20")
    try:
        async with aiohttp.ClientSession(url) as session:
            async with session.get("/api/v1/namespaces/shop/pods", params={"limit": "1"}) as response:
                version = (await response.json())["metadata"]["resourceVersion"]
            query = {"watch": "1", "resourceVersion": version}
            async with session.get("/api/v1/namespaces/shop/pods", params=query) as response:
                async with asyncio.timeout(10):
                    assert await response.content.readline()
    finally:
        process.terminate()
        assert (await end_of(process))[0] == 0
