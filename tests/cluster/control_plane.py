"""A Kubernetes control plane on free loopback ports, for tests and for `make cluster`.

The small form is etcd and kube-apiserver, ready in 2 to 4 seconds: any pod state can be had by patching
the `status` subresource. The full form adds the controller-manager, the scheduler and nodes simulated by
kwok, so that Deployments roll out and pods come and go. Admission of service accounts is off in both:
without the controller-manager there are none.

    with ControlPlane() as cluster:                 # or: async with
        cluster.create_namespace("shop")
        cluster.apply(pod)
        print(cluster.kubectl("get", "pods", "-n", "shop"))
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from tests.cluster import people, programs
from tests.cluster.apimetrics import open_watches
from tests.cluster.build import ensure
from tests.cluster.certificates import write_certificates
from tests.cluster.http import ApiAnswer, JsonClient
from tests.cluster.processes import ProgramGroup, free_port

READY_DEADLINE_SECONDS = 60.0
KUBECTL_DEADLINE_SECONDS = 60.0


class KubectlError(Exception):
    """kubectl ended with a status other than 0; the message is its standard error."""


class ControlPlane:
    """One control plane. `start()` blocks until it is ready; `stop()` leaves nothing behind.

    `nodes` is the number of simulated nodes; 0 is the small form. `users` are names beyond those of
    `people.RIGHTS` that can have a kubeconfig. `apiserver_arguments` are added to the API server's.
    """

    def __init__(
        self,
        *,
        nodes: int = 0,
        users: Iterable[str] = (),
        apiserver_arguments: Iterable[str] = (),
    ) -> None:
        self.nodes = nodes
        self.apiserver_arguments = tuple(apiserver_arguments)
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.etcd_port = free_port()
        self._tokens = people.TokenFile((*people.RIGHTS, *users))
        self._folder: Path | None = None
        self._group: ProgramGroup | None = None
        self._paths: dict[str, Path] = {}

    # Life

    def start(self) -> Self:
        """Builds what is missing, starts all programs and waits until the API server is ready."""
        self._paths = ensure(programs.FULL if self.nodes else programs.SMALL)
        self._folder = Path(tempfile.mkdtemp(prefix="k8sportal-cluster-"))
        try:
            self._prepare(self._folder)
            self._group = ProgramGroup(self._folder)
            self._group.start("etcd", programs.etcd(self._paths["etcd"], self._folder, self.etcd_port))
            self.start_apiserver()
            if self.nodes:
                self._start_rest()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends every program and removes all files. May be called twice."""
        group, self._group = self._group, None
        folder, self._folder = self._folder, None
        try:
            if group:
                group.stop()
        finally:
            if folder:
                shutil.rmtree(folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        starting = asyncio.ensure_future(asyncio.to_thread(self.start))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            await asyncio.wait([starting])  # a thread cannot be cancelled; what it started must end
            self.stop()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    # Faults

    def pause(self) -> None:
        """Freezes the API server: its sockets stay open and answer nothing."""
        self._running.signal("kube-apiserver", signal.SIGSTOP)

    def resume(self) -> None:
        """Ends `pause()`."""
        self._running.signal("kube-apiserver", signal.SIGCONT)

    def kill_apiserver(self) -> None:
        """Ends the API server at once; connections to it are reset."""
        self._running.kill("kube-apiserver")

    def start_apiserver(self) -> None:
        """Starts the API server on its port and waits until it is ready."""
        command = programs.apiserver(
            self._paths["kube-apiserver"], self.folder, self.port, self.etcd_port, self.apiserver_arguments
        )
        self._running.start("kube-apiserver", command)
        self.wait_until(self._is_ready, "the API server is ready", READY_DEADLINE_SECONDS)

    def compact(self) -> None:
        """Forgets old versions in etcd, so that the API server must answer 410 once its cache is gone too.

        The API server's own watch cache still serves recent versions: `kill_apiserver()` and
        `start_apiserver()` after this make every older version expired.
        """
        etcd = JsonClient(f"http://127.0.0.1:{self.etcd_port}")
        answer = etcd.request("POST", "/v3/kv/range", {"key": "AA=="})
        etcd.request("POST", "/v3/kv/compaction", {"revision": answer.json()["header"]["revision"]})

    # Access

    @property
    def folder(self) -> Path:
        """Where this control plane keeps certificates, kubeconfigs and logs while it runs."""
        if self._folder is None:
            raise RuntimeError("The control plane is not running.")
        return self._folder

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.kubeconfig_for(people.ADMIN)

    def kubeconfig_for(
        self, user: str, *, namespace: str = "default", context: str = "test", server: str | None = None
    ) -> Path:
        """A kubeconfig with one context for `user`, its certificate authority inside.

        `server` is another address of the same API server, such as a proxy's.
        """
        path = self.folder / f"{user}-{namespace}-{len(list(self.folder.glob('*.kubeconfig')))}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(
            json.dumps(
                programs.kubeconfig(
                    self.folder, server or self.url, self.token(user), user, context, namespace
                )
            )
        )
        return path

    def token(self, user: str = people.ADMIN) -> str:
        """The user's bearer token."""
        return self._tokens.tokens[user]

    def grant(self, user: str, namespace: str = "default") -> None:
        """Gives a user of `people.RIGHTS` its rights (those inside a namespace: in this one)."""
        if objects := people.role_objects(user, namespace):
            self.apply(*objects)

    @property
    def kubectl_path(self) -> Path:
        """The kubectl that belongs to this control plane's version."""
        return self._paths["kubectl"]

    def kubectl(self, *arguments: str, input: str | None = None) -> str:
        """Runs kubectl as the administrator and returns what it prints. Raises KubectlError."""
        done = subprocess.run(
            [str(self.kubectl_path), f"--cache-dir={self.folder}/kubectl-cache", *arguments],
            input=input or "",
            capture_output=True,
            text=True,
            timeout=KUBECTL_DEADLINE_SECONDS,
            env={**os.environ, "KUBECONFIG": str(self.folder / "admin.kubeconfig")},
        )
        if done.returncode:
            raise KubectlError(done.stderr.strip())
        return done.stdout

    def apply(self, *objects: dict[str, Any]) -> str:
        """`kubectl apply` of these objects."""
        document = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        return self.kubectl("apply", "-f", "-", input=json.dumps(document))

    def create_namespace(self, name: str) -> str:
        """Creates a namespace and returns its name."""
        self.api("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        return name

    def api(self, method: str, path: str, body: Any = None, *, user: str = people.ADMIN) -> ApiAnswer:
        """One request to the API server, JSON in and out. Raises ApiError for a status of 400 or more."""
        return JsonClient(self.url, self.token(user), self.folder / "ca.crt").request(method, path, body)

    def admin_session(self) -> aiohttp.ClientSession:
        """An aiohttp session with the API server's address and the administrator's token, for many writes.

        Use as `async with cluster.admin_session() as session: await session.post("/api/v1/…", json=…)`.
        """
        context = programs.tls_context(self.folder / "ca.crt")
        return aiohttp.ClientSession(
            self.url,
            headers={"Authorization": f"Bearer {self.token()}"},
            connector=aiohttp.TCPConnector(ssl=context, limit=50),
            timeout=aiohttp.ClientTimeout(total=60),
        )

    # What the API server says of itself

    def metrics(self) -> str:
        """The API server's `/metrics`, Prometheus text."""
        return self.api("GET", "/metrics").body.decode()

    def longrunning_watches(self, resource: str = "pods", scope: str | None = None) -> int:
        """How many watches of `resource` the API server has open, by its own count.

        `scope` is `namespace` (watches of one namespace, whichever it is), `cluster`, or None for all.
        In the full form the controllers' own watches are among those of scope `cluster`.
        """
        return open_watches(self.metrics(), resource, scope)

    # Waiting

    def wait_until(self, condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
        """Waits until `condition()` is true. Raises TimeoutError naming `what`, ProgramError on a crash."""
        deadline = time.monotonic() + seconds
        while not condition():
            self._running.check_running()
            if time.monotonic() > deadline:
                raise TimeoutError(f"Not within {seconds:.0f} s: {what}.")
            time.sleep(0.1)

    # Inside

    @property
    def _running(self) -> ProgramGroup:
        if self._group is None:
            raise RuntimeError("The control plane is not running.")
        return self._group

    def _prepare(self, folder: Path) -> None:
        write_certificates(folder)
        tokens = folder / "tokens.csv"
        tokens.touch(mode=0o600)
        tokens.write_text(self._tokens.text())
        self.kubeconfig_for(people.ADMIN).rename(folder / "admin.kubeconfig")

    def _is_ready(self) -> bool:
        try:
            return self.api("GET", "/readyz").status == 200
        except OSError:
            return False

    def _start_rest(self) -> None:
        for name, command in programs.rest(self._paths, self.folder).items():
            self._running.start(name, command)
        self.apply(*(programs.node(number) for number in range(self.nodes)))
        self.wait_until(self._nodes_are_ready, "all simulated nodes are ready", READY_DEADLINE_SECONDS)

    def _nodes_are_ready(self) -> bool:
        nodes = self.api("GET", "/api/v1/nodes").json()["items"]
        return len(nodes) == self.nodes and all(
            any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", ()))
            and not node["spec"].get("taints")
            for node in nodes
        )
