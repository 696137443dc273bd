"""A real nginx before one or more portals, on loopback, that a test may reload and kill.

port = free_port()
with Nginx(port, portal_site(port, [portal.port])) as nginx:
    nginx.url("/pods/"), nginx.ws("/ws/pods/?…"), nginx.reload(), nginx.kill(), nginx.start()
"""

import contextlib
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.cluster.processes import ProgramGroup
from tools.debian import find_installed

SITE = Path(__file__).resolve().parent.parent / "deploy" / "proxies" / "nginx.conf"
WAIT_SECONDS = 20.0
NAME = "nginx"

_FRAME = """
daemon off;
{user}
worker_processes 2;
worker_rlimit_nofile 16384;
pid nginx.pid;
error_log stderr notice;
events {{ worker_connections 8192; }}
http {{
    access_log access.log;
    client_body_temp_path bodies;
    proxy_temp_path proxied;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
{http}
}}
"""


def portal_site(
    port: int,
    portals: Sequence[int],
    changes: dict[str, str] | None = None,
    tls: tuple[Path, Path] | None = None,
) -> str:
    """deploy/proxies/nginx.conf with these ports, under plain HTTP unless `tls` gives certificate and key.

    `changes` are texts of that file and what stands for them; one that is not there fails the test.
    """
    served = "".join(f"    server 127.0.0.1:{each} max_fails=0;\n" for each in portals)
    certificate = "    ssl_certificate /etc/nginx/tls/portal.crt;\n"
    key = "    ssl_certificate_key /etc/nginx/tls/portal.key;\n"
    here = {
        "    server 127.0.0.1:8000 max_fails=0;\n": served,
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port}{' ssl http2' if tls else ''};",
        certificate: f"    ssl_certificate {tls[0]};\n" if tls else "",
        key: f"    ssl_certificate_key {tls[1]};\n" if tls else "",
    }
    site = SITE.read_text()
    for text, instead in {**here, **(changes or {})}.items():
        assert site.count(text) == 1, f"{SITE.name} holds this not once: {text!r}"
        site = site.replace(text, instead)
    return site


class Nginx:
    """One nginx that serves `site`, what stands in http { }, and listens on 127.0.0.1:`port`.

    It keeps its port however often it is killed and started. `secure`: the port speaks TLS.
    """

    def __init__(self, port: int, site: str, secure: bool = False) -> None:
        self.port = port
        self.secure = secure
        self._site = site
        self._folder = tempfile.TemporaryDirectory(prefix="k8sportal-nginx-")
        self.folder = Path(self._folder.name)
        self._programs = ProgramGroup(self.folder)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def url(self, path: str = "/") -> str:
        """An HTTP address here."""
        return f"http{'s' if self.secure else ''}://127.0.0.1:{self.port}{path}"

    def ws(self, path: str) -> str:
        """A WebSocket address here."""
        return f"ws{'s' if self.secure else ''}://127.0.0.1:{self.port}{path}"

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        program = find_installed(NAME)
        assert program, "No nginx: tests that use it ask for the fixture `nginx_program`."
        self._write()
        self._programs.start(NAME, [str(program), "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr"])
        self._wait_until(lambda: bool(self._taking()) and self._listens(), "nginx takes connections")

    def reload(self, site: str | None = None) -> None:
        """As `nginx -s reload`; returns when new workers serve `site`.

        The old ones go on with the connections that they have, and take no new ones.
        """
        self._site = self._site if site is None else site
        self._write()
        before = self._taking()
        self._programs.signal(NAME, signal.SIGHUP)

        def taken_over() -> bool:
            now = self._taking()
            return bool(now) and not now & before

        self._wait_until(taken_over, "new workers have taken over")

    def kill(self) -> None:
        """As a crash would: master and workers are gone, every connection is broken."""
        workers = self._workers()
        self._programs.kill(NAME)
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        self._wait_until(lambda: not self._listens(), "nobody listens")

    def requests(self) -> list[str]:
        """Its access log: a line for each request, and for each WebSocket, that has ended."""
        return (self.folder / "access.log").read_text().splitlines()

    def _write(self) -> None:
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(_FRAME.format(user=user, http=self._site))

    def _workers(self) -> set[int]:
        master = self._programs.pid(NAME)
        return {int(each) for each in Path(f"/proc/{master}/task/{master}/children").read_text().split()}

    def _taking(self) -> set[int]:
        """The workers that take connections: nginx writes into a worker's title when it takes no more."""
        return {worker for worker in self._workers() if _title(worker) == "nginx: worker process"}

    def _listens(self) -> bool:
        with socket.socket() as trial:
            return trial.connect_ex(("127.0.0.1", self.port)) == 0

    def _wait_until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            self._programs.check_running()
            assert time.monotonic() < deadline, f"Not in time: {what}.\n{self._programs.log_tail(NAME)}"
            time.sleep(0.02)

    def _end(self) -> None:
        self._programs.stop()
        self._folder.cleanup()


def _title(process: int) -> str:
    """What a process calls itself; "" where it is gone."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().rstrip(b"\0").decode()
    except OSError:
        return ""
