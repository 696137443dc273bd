"""The log of one container, as the API server streams it from the node's kubelet.

Of a pod that no node runs yet it answers 204.

Paths, parameters and what refusals mean: k8s.io/api/core/v1 PodLogOptions, and pkg/registry/core/pod
(`LogLocation`) and pkg/kubelet (`GetKubeletContainerLogs`) for the sentences, which are no API: what is not
recognized is told as what it is, an error of the API server.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import NamedTuple

import aiohttp

from pods.domain.reasons import Reason
from pods.domain.scope import is_namespace_name, is_object_name
from pods.kube.client import Query, connection_error
from pods.kube.cluster import Cluster
from pods.kube.errors import ApiError, KubeError, NoContent, NotFound, StreamRestarted
from pods.kube.watchlog import WatchRecord

RESOURCE = "pods/log"
# The API server asks the kubelet before it answers, which may be slow or gone.
HEADERS_SECONDS = 15.0
# The transport gathers half a megabyte, and so many short lines are more than one turn of the loop's work.
CHUNK_BYTES = 32 * 1024

# What the API server says, and the code for it; groups are the parameters.
_SAID = (
    (re.compile(r'container "?(?P<container>[^" ]+)"? in pod .* is waiting to start'), "log_waiting"),
    (re.compile(r'container "?(?P<container>[^" ]+)"? in pod .* is terminated'), "log_terminated"),
    (re.compile(r'previous terminated container "?(?P<container>[^" ]+)"? in pod'), "log_no_previous"),
    (re.compile(r'container "?(?P<container>[^" ]+)"? is not valid for pod'), "log_no_container"),
    (re.compile(r"a container name must be specified for pod"), "log_which_container"),
    (re.compile(r"dial tcp|connection refused|no route to host|i/o timeout"), "log_no_node"),
)


class LogTarget(NamedTuple):
    """Which log: of a container ("": the only one), or of its `previous` run."""

    namespace: str
    pod: str
    container: str = ""
    previous: bool = False


class PodLog:
    """One container's log at one cluster. `stream` is what is told of the stream that is being read."""

    def __init__(self, cluster: Cluster, target: LogTarget) -> None:
        self.cluster = cluster
        self.target = target
        self.stream: WatchRecord | None = None

    async def chunks(self, tail: int | None, since: str | None) -> AsyncGenerator[bytes, None]:
        """The log's bytes with a time before each line, followed until it ends; the first chunk is empty.

        `tail` is the number of lines to begin with (None: all), `since` an RFC 3339 time. Raises KubeError.
        Leaving the generator (close it) ends the stream at the server; not going on reads no further.
        """
        record = WatchRecord(self.cluster.name, RESOURCE, self.target.namespace, self.cluster.clock, own=True)
        self.stream = record
        try:
            with self.cluster.holds(record):
                async with aclosing(self._chunks(record, tail, since)) as chunks:
                    async for chunk in chunks:
                        yield chunk
        except BaseException as error:
            record.ended(error)
            raise
        else:
            record.ended(None)
        finally:
            self.stream = None

    async def _chunks(
        self, record: WatchRecord, tail: int | None, since: str | None
    ) -> AsyncGenerator[bytes, None]:
        try:
            async with self.cluster.get(
                self._path(),
                self._query(tail, since),
                "*/*",
                verb="log",
                seconds=HEADERS_SECONDS,
                forbidden=self._forbidden(),
            ) as response:
                opened_at = self.cluster.clock.monotonic()
                record.opened(None)
                yield b""
                while chunk := await self._chunk(response, opened_at):
                    record.took(1, "")
                    yield chunk
        except ApiError as error:
            raise _told(error) from error

    async def _chunk(self, response: aiohttp.ClientResponse, opened_at: float) -> bytes:
        """The next bytes; a log may be silent for as long as it likes, and the probe tells a dead line."""
        try:
            chunk: bytes = await response.content.read(CHUNK_BYTES)
        except (aiohttp.ClientError, OSError) as error:
            self._raise_if_cut(opened_at)
            raise connection_error(error) from error
        if not chunk:
            self._raise_if_cut(opened_at)
        return chunk

    def _raise_if_cut(self, opened_at: float) -> None:
        if self.cluster.cut_at >= opened_at:
            raise StreamRestarted(Reason("reconnecting"))

    def _path(self) -> str:
        if not (is_namespace_name(self.target.namespace) and is_object_name(self.target.pod)):
            raise NotFound(Reason("log_no_pod"))
        return f"/api/v1/namespaces/{self.target.namespace}/pods/{self.target.pod}/log"

    def _query(self, tail: int | None, since: str | None) -> Query:
        query: Query = [("timestamps", "true")]
        if self.target.previous:
            query.append(("previous", "true"))
        else:
            query.append(("follow", "true"))
        if self.target.container:
            query.append(("container", self.target.container))
        if tail is not None:
            query.append(("tailLines", str(tail)))
        if since is not None:
            query.append(("sinceTime", since))
        return query

    def _forbidden(self) -> Reason:
        namespace = self.target.namespace
        about = {"verb": "get", "verbs": "get", "resource": RESOURCE, "group": "", "namespace": namespace}
        return Reason("forbidden", {**about, "where": f"namespace {namespace}"})


def _told(error: ApiError) -> KubeError:
    """`error` with the reason that its sentence stands for."""
    if isinstance(error, NotFound):
        return NotFound(Reason("log_no_pod"))
    if isinstance(error, NoContent):
        return NoContent(Reason("log_not_scheduled"))
    for pattern, code in _SAID:
        if (found := pattern.search(error.said)) is not None:
            told = type(error)(Reason(code, dict(found.groupdict())))
            told.status = error.status
            told.retry_after = error.retry_after
            return told
    return error
