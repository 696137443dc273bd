"""LogServing: one reader's log from admission to end, as the body of one task.

A log is read by nobody but its reader: nothing of it is shared, and nothing of it is kept.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.http import QueryDict
from django.utils.translation import gettext as _

from pods.access import Person
from pods.asked import Asked, refusals
from pods.domain.apitime import RFC_3339
from pods.domain.protocol import CloseCode
from pods.domain.scope import ALL_NAMESPACES, is_namespace_name, is_object_name
from pods.kube.podlog import LogTarget, PodLog
from pods.kube.watchlog import WatchRecord
from pods.live.logtail import LogTail
from pods.live.logviewer import LogViewer
from pods.live.outlet import Send, SlowViewer
from pods.serving import Refused, Serving
from pods.viewparams import BadParams

if TYPE_CHECKING:
    from pods.runtime import Runtime

TAIL_LINES = 500
MAX_TAIL_LINES = 10_000

_RFC_3339 = re.compile(RFC_3339, re.ASCII)


@dataclass(frozen=True)
class LogAsked(Asked):
    """A log that was asked for: of one pod in one namespace, its last `tail` lines and what follows.

    A reader that comes again says `since` when it has lines: only later ones are sent.
    """

    target: LogTarget
    tail: int
    since: str | None
    verb: ClassVar[str] = "logs"

    @property
    def what(self) -> str:
        """The pod and the container, for operators."""
        return f"log of {self.target.pod}" + (f"/{self.target.container}" if self.target.container else "")


def read_log_params(asked: Asked, query: QueryDict) -> LogAsked:
    """What `asked` (a view of one namespace) and the further parameters of an address ask for.

    Raises BadParams.
    """
    if len(asked.namespaces) != 1 or asked.namespaces[0] == ALL_NAMESPACES:
        raise BadParams(_("A log is read in one namespace."))
    pod, container = query.get("pod", ""), query.get("container", "")
    if not is_object_name(pod):
        raise BadParams(_("“%(name)s” cannot be the name of a pod.") % {"name": pod})
    if container and not is_namespace_name(container):  # both are RFC 1123 labels
        raise BadParams(_("“%(name)s” cannot be the name of a container.") % {"name": container})
    tail = query.get("tail", str(TAIL_LINES))
    if not (tail.isascii() and tail.isdecimal() and len(tail) < 9 and int(tail) <= MAX_TAIL_LINES):
        raise BadParams(_("tail is a number of lines, at most %(limit)s.") % {"limit": MAX_TAIL_LINES})
    target = LogTarget(asked.namespaces[0], pod, container, query.get("previous") == "1")
    return LogAsked(
        cluster=asked.cluster,
        called=asked.called,
        namespaces=asked.namespaces,
        filter=asked.filter,
        target=target,
        tail=int(tail),
        since=_time(query.get("since", "")),
    )


def _time(text: str) -> str | None:
    if text and _RFC_3339.fullmatch(text) is None:
        raise BadParams(_("since is a time such as 2026-01-31T12:00:00Z."))
    return text or None


class LogServing(Serving):
    """The log of one container. Its reading ends with `run`."""

    viewer: LogViewer
    asked: LogAsked

    def __init__(self, runtime: "Runtime", send: Send, person: Person, asked: LogAsked) -> None:
        super().__init__(runtime, person, asked, LogViewer(send, runtime.clock))
        self._log: PodLog | None = None

    async def run(self) -> None:
        """Serves until the log has ended. Raises Refused where the reader is to be sent away."""
        try:
            await self._check_rights()
            cluster = self.runtime.clusters.get(self.asked.cluster)
            if cluster is None:
                raise self.not_configured()
            self._log = PodLog(cluster, self.asked.target)
            await self.viewer.run(
                LogTail(self._log, self.asked.tail, self.asked.since, self.runtime.clock, self.viewer.wake)
            )
        except SlowViewer as error:
            raise self.ended_by or Refused("slow_viewer", CloseCode.SLOW_VIEWER) from error
        if self.ended_by is not None:
            raise self.ended_by

    def own_streams(self) -> tuple[WatchRecord, ...]:
        """The stream of the log, while there is one."""
        return () if self._log is None or self._log.stream is None else (self._log.stream,)

    def acknowledged(self, namespace: str | None, token: str, part: int | None) -> None:
        """The browser has the lines up to `token`."""
        self.viewer.acknowledged(token)

    def rights_changed(self, person: Person | None) -> None:
        """Ends at once where the log may no longer be read; else the reading is not disturbed."""
        super().rights_changed(person)
        if self._log is not None:  # else they are being looked at, and looked at again
            self._judge()
        if self.ended_by is None:
            self.viewer.proceed()

    def _judge(self) -> None:
        info = self.runtime.access.cluster(self.asked.cluster)
        if info is not None and info.source is None:
            self.end(self.not_configured())
        for namespace, found in refusals(self.runtime.access, self.person, self.asked).items():
            self.end(self.refused_with(found, namespace, was_seen=True))

    async def _check_rights(self) -> None:
        person = None
        while person != self.person:  # who may have become another meanwhile
            person = self.person
            found = await self.runtime.refusals(person, self.asked)
            if self.ended_by is not None:
                raise self.ended_by
            for namespace, refusal in found.items():
                raise self.refused_with(refusal, namespace, was_seen=False)
