"""A kubelet that only serves logs, behind the real API server, which asks it as it asks any node.

    with Kubelet(control_plane) as kubelet:
        kubelet.register()                     # as a Node of the control plane
        log = kubelet.log(namespace, "web-1", "main")
        log.write("ready")

The API server checks no certificate of a kubelet unless it is told whose.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import ssl
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.cluster.control_plane import ControlPlane

# A handler that waits for lines looks so often whether the kubelet is being stopped.
LOOK_SECONDS = 0.2


class Log:
    """One container's log; `previous` is that of its earlier run, if any. `asked`: how often it was read."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.previous: list[bytes] | None = None
        self.ended = False
        self.asked = 0
        self.changed = threading.Condition()

    def write(self, *texts: str, time: str | None = None) -> None:
        """The container writes lines, now or at an RFC 3339 `time`."""
        with self.changed:
            for text in texts:
                stamp = time or datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "000Z")
                self.lines.append(f"{stamp} {text}\n".encode())
            self.changed.notify_all()

    def write_bytes(self, data: bytes) -> None:
        """Something that is no line of text."""
        with self.changed:
            self.lines.append(data)
            self.changed.notify_all()

    def end(self) -> None:
        """The container ends: so do streams, after the last line."""
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def since(self, time: str | None, tail: str | None) -> int:
        """The index of the first line that is asked for."""
        first = len(self.lines) - int(tail) if tail is not None else 0
        if time is not None:
            wanted = time.rstrip("Z").split(".")[0].encode()
            later = (number for number, line in enumerate(self.lines) if line[:19] >= wanted)
            first = max(first, next(later, len(self.lines)))
        return max(first, 0)


class Kubelet:
    """Serves logs on a free port until the `with` ends. `streams`: how many requests are being answered."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self.node = f"node-{secrets.token_hex(3)}"
        self.streams = 0
        self.sent = 0
        self.refusal: tuple[int, str] | None = None
        self.stopping = False
        self.logs: dict[tuple[str, str, str], Log] = {}
        self.counted = threading.Lock()
        self._control_plane = control_plane
        self._open: set[Any] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        folder = control_plane.folder
        context.load_cert_chain(folder / "server.crt", folder / "server.key")
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self._server.serve_forever, name="kubelet")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stopping = True
        self.break_streams()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def register(self) -> None:
        """Makes a Node whose kubelet this is."""
        port = self._server.server_address[1]
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.node}}
        self._control_plane.apply(node)
        status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        }
        patch = json.dumps({"status": status})
        self._control_plane.kubectl("patch", "node", self.node, "--subresource=status", "-p", patch)

    def log(self, namespace: str, pod: str, container: str) -> Log:
        """The log of a container, made on first use."""
        return self.logs.setdefault((namespace, pod, container), Log())

    def break_streams(self) -> None:
        """Breaks every answer off, as a node does that dies."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(2)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        kubelet = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with kubelet.counted:
                    kubelet.streams += 1
                kubelet._open.add(self.connection)
                try:
                    kubelet._answer(self)
                except OSError:
                    pass
                finally:
                    self.close_connection = True  # nothing is left of an answer, then
                    kubelet._open.discard(self.connection)
                    with kubelet.counted:
                        kubelet.streams -= 1

            def log_message(self, format: str, *args: object) -> None:
                return

        return Handler

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        address = urlsplit(request.path)
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        namespace, pod, container = address.path.removeprefix("/containerLogs/").split("/")
        log = self.logs.get((namespace, pod, container))
        lines = log.previous if log is not None and "previous" in query else log.lines if log else None
        if self.refusal is not None or log is None or lines is None:
            status, text = self.refusal or (
                400,
                f'previous terminated container "{container}" in pod "{pod}" not found',
            )
            self._refuse(request, status, text)
            return
        log.asked += 1
        request.send_response(200)
        request.send_header("Content-Type", "text/plain")
        request.send_header("Transfer-Encoding", "chunked")
        request.send_header("Connection", "close")
        request.end_headers()
        start = 0 if "previous" in query else log.since(query.get("sinceTime"), query.get("tailLines"))
        self._stream(request, log, lines, start, follow=query.get("follow") == "true")
        request.wfile.write(b"0\r\n\r\n")

    def _refuse(self, request: BaseHTTPRequestHandler, status: int, text: str) -> None:
        body = text.encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _stream(
        self, request: BaseHTTPRequestHandler, log: Log, lines: list[bytes], at: int, *, follow: bool
    ) -> None:
        while True:
            with log.changed:
                new, over = lines[at:], not follow or log.ended
                if not new and not over and not self.stopping:
                    log.changed.wait(LOOK_SECONDS)
            if new:
                data = b"".join(new)
                request.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                request.wfile.flush()
                at += len(new)
                self.sent += len(data)
            elif over or self.stopping:
                return
            elif _gone(request):
                raise ConnectionResetError


def _gone(request: BaseHTTPRequestHandler) -> bool:
    """Whether the API server has closed the connection: it sends nothing more before an answer's end."""
    connection = request.connection
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except (ssl.SSLWantReadError, BlockingIOError):
        return False
    finally:
        connection.setblocking(True)
