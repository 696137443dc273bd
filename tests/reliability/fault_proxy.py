"""FaultProxy: an HttpProxy behind a TcpProxy in a process of its own, told what to do by lines of JSON.

What it costs is so nobody else's: neither the portal's, nor the test's event loop's.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from tests.cluster.processes import free_port
from tests.kube.proxy import TcpProxy
from tests.reliability.faults import Asked, Fault
from tests.reliability.proxy import HttpProxy

ROOT = Path(__file__).resolve().parent.parent.parent
STOP_SECONDS = 5.0


class FaultProxy:
    """The proxy's process, before the API server at `target`. `url` is its address.

    A `blind` one does not see HTTP: it costs little, and can only refuse, break and swallow.
    """

    def __init__(self, target: str, folder: Path, blind: bool = False) -> None:
        self._arguments = [target, str(folder), str(free_port()), "blind" if blind else "sees"]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.fault_proxy", *self._arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self.url = self._ask("url")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def apply(self, fault: Fault, name: str = "fault") -> None:
        """Strikes requests from now on, and what is open at once."""
        self._ask("apply", name, fault)

    def clear(self, name: str = "fault") -> None:
        """Ends a fault of that name."""
        self._ask("clear", name)

    def cut(self) -> None:
        """Breaks every connection, and refuses new ones until `restore`."""
        self._ask("cut")

    def restore(self) -> None:
        """Takes connections again."""
        self._ask("restore")

    def break_connections(self) -> None:
        """Breaks every connection; new ones are taken."""
        self._ask("break_connections")

    def swallow(self) -> None:
        """From now on bytes vanish; connections are taken and stay open."""
        self._ask("swallow")

    def heal(self) -> None:
        """Ends `swallow` for new connections."""
        self._ask("heal")

    def asked(self) -> list[Asked]:
        """The requests since this was asked last. Their times are monotonic seconds of this machine."""
        return msgspec.convert(self._ask("asked"), list[Asked])

    def _ask(self, command: str, *arguments: object) -> Any:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode([command, *arguments]) + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, f"the proxy ended at {command}"
        return msgspec.json.decode(line)


class _Control:
    """Does what the lines say, one after the other."""

    def __init__(self, http: HttpProxy, tcp: TcpProxy) -> None:
        self._http = http
        self._tcp = tcp
        self._told: dict[str, Callable[..., Awaitable[Any]]] = {
            "url": self._url,
            "apply": self._apply,
            "clear": self._clear,
            "asked": self._asked,
            "cut": tcp.cut,
            "restore": tcp.restore,
            "break_connections": tcp.break_connections,
            "swallow": self._swallow,
            "heal": self._heal,
        }

    async def do(self, line: bytes) -> bytes:
        """One line; the answer to it."""
        command, *arguments = msgspec.json.decode(line)
        return msgspec.json.encode(await self._told[command](*arguments))

    async def _url(self) -> str:
        return self._tcp.url

    async def _apply(self, name: str, fault: Any) -> None:
        self._http.apply(name, msgspec.convert(fault, Fault))

    async def _clear(self, name: str) -> None:
        self._http.clear(name)

    async def _asked(self) -> list[Asked]:
        asked, self._http.asked = self._http.asked, []
        return asked

    async def _swallow(self) -> None:
        self._tcp.swallow()

    async def _heal(self) -> None:
        self._tcp.heal()


async def main(target: str, folder: Path, port: int, blind: bool) -> None:
    """Serves until its standard input ends."""
    async with HttpProxy(target, folder) as http:
        await _serve(http, TcpProxy(urlsplit(target).port or 443 if blind else http.port, port))


async def _serve(http: HttpProxy, proxy: TcpProxy) -> None:
    async with proxy as tcp:
        control = _Control(http, tcp)
        while line := await asyncio.to_thread(sys.stdin.buffer.readline):
            sys.stdout.buffer.write(await control.do(line) + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "blind"))
