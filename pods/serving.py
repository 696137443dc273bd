"""Serving: what one socket's task serves, from admission to end, whatever it is.

Rights are looked at before anything is sent, and again whenever they, or the person, change.
"""

from typing import TYPE_CHECKING

from pods.access import Person
from pods.asked import Asked, Refusal
from pods.domain.protocol import CloseCode
from pods.domain.row import ParamValue
from pods.kube.watchlog import WatchRecord
from pods.live.outlet import Outlet

if TYPE_CHECKING:
    from pods.runtime import Runtime

NOT_SIGNED_IN_STATUS = 401


class Refused(Exception):
    """The socket is to be ended with the `error` frame `code` and this close code."""

    def __init__(self, code: str, close_code: CloseCode, params: dict[str, ParamValue] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.close_code = close_code
        self.params = params or {}


class Serving:
    """What `person` asked for, served through `viewer`. `close()` gives everything back."""

    viewer: Outlet

    def __init__(self, runtime: "Runtime", person: Person, asked: Asked, viewer: Outlet) -> None:
        self.person = person
        self.asked = asked
        self.runtime = runtime
        self.viewer = viewer
        self.ended_by: Refused | None = None

    async def run(self) -> None:
        """Serves until cancelled, or all is served. Raises Refused where the viewer is to be sent away."""
        raise NotImplementedError

    def close(self) -> None:
        """Gives back everything. A second close does nothing."""

    def own_streams(self) -> tuple[WatchRecord, ...]:
        """What is read upstream for this viewer alone."""
        return ()

    def acknowledged(self, namespace: str | None, token: str, part: int | None) -> None:
        """The browser has merged everything of `namespace` up to `token`."""
        raise NotImplementedError

    def rights_changed(self, person: Person | None) -> None:
        """The rights or the person changed; None: no longer signed in."""
        if person is None and self.person.user_id is not None:
            self.end(Refused("signed_out", CloseCode.NOT_SIGNED_IN))
        self.person = person or Person.anonymous
        self.viewer.interrupt()

    def end(self, refused: Refused) -> None:
        """Ends the watch as soon as its task runs."""
        self.ended_by = self.ended_by or refused
        self.viewer.give_up()

    def refused_with(self, found: Refusal, namespace: str, was_seen: bool) -> Refused:
        """What was seen a moment ago was taken away, be it forbidden, hidden, or gone from the portal."""
        if was_seen and found.status != NOT_SIGNED_IN_STATUS:
            params: dict[str, ParamValue] = {"namespace": namespace, "cluster": self.asked.called}
            return Refused("rights_taken", CloseCode.FORBIDDEN, params)
        return Refused(found.code, found.close_code, dict(found.params))

    def not_configured(self) -> Refused:
        """The cluster is gone from the portal's configuration."""
        return Refused("not_configured", CloseCode.TRY_AGAIN_LATER, {"cluster": self.asked.cluster})
