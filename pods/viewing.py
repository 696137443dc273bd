"""Viewing: one viewer's watch from admission to end, as the body of one task.

Rights are looked at before anything is subscribed, and again whenever they, or the person, change:
then sending stops at once, what may no longer be seen is taken away, and the rest goes on where it was.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from k8sportal import __version__
from pods.access import Person
from pods.asked import Asked, Refusal
from pods.domain.protocol import CloseCode, encode, error_frame
from pods.domain.row import ParamValue
from pods.live.hub import UnknownCluster
from pods.live.viewer import Send, SlowViewer, Viewer
from pods.scoping import Place

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


class Viewing:
    """What `person` asked for, served through `send`. `close()` gives everything back."""

    def __init__(
        self, runtime: "Runtime", send: Send, person: Person, asked: Asked, resume: Sequence[str]
    ) -> None:
        self.person = person
        self.asked = asked
        self.viewer = Viewer(send, runtime.clock, __version__)
        self._runtime = runtime
        self._send = send
        self._resume = resume
        self._end: Refused | None = None
        self._refused: set[str] = set()

    async def run(self) -> None:
        """Serves until cancelled. Raises Refused where the viewer is to be sent away."""
        try:
            while True:
                self.viewer.proceed()
                await self._subscribe()
                await self.viewer.run()
                if self._end is not None:
                    raise self._end
        except SlowViewer as error:
            raise self._end or Refused("slow_viewer", CloseCode.SLOW_VIEWER) from error

    def rights_changed(self, person: Person | None) -> None:
        """The rights or the person changed; None: no longer signed in."""
        if person is None and self.person.user_id is not None:
            self.end(Refused("signed_out", CloseCode.NOT_SIGNED_IN))
        self.person = person or Person.anonymous
        self.viewer.interrupt()

    def end(self, refused: Refused) -> None:
        """Ends the watch as soon as its task runs."""
        self._end = self._end or refused
        self.viewer.give_up()

    def close(self) -> None:
        """Gives back every subscription. A second close does nothing."""
        for label in list(self.viewer.held):
            self.viewer.remove(label)

    async def _subscribe(self) -> None:
        """Brings the subscriptions in line with what may be seen now. Raises Refused."""
        if self._end is not None:
            raise self._end
        refusals = self._denied(await self._runtime.refusals(self.person, self.asked))
        for name, found in refusals.items():
            if name not in self._refused:
                was_seen = name in self.viewer.held
                self.viewer.remove(name)
                await self._tell(name, found, was_seen)
        self._refused = set(refusals)
        allowed = tuple(name for name in self.asked.namespaces if name not in refusals)
        places = await self._runtime.place(self.person, self.asked.cluster, allowed)
        if not places:
            params: dict[str, ParamValue] = {"namespace": "*", "cluster": self.asked.called}
            raise Refused("forbidden", CloseCode.FORBIDDEN, params)
        for label, place in places.items():
            self._hold(label, place)
        self._resume = ()

    def _denied(self, refusals: dict[str, Refusal]) -> dict[str, Refusal]:
        """`refusals` of single namespaces. Raises Refused where that is all that was asked for."""
        if len(refusals) == len(self.asked.namespaces):
            first = refusals[self.asked.namespaces[0]]
            raise self._refused_with(first, self.asked.namespaces[0], was_seen=bool(self.viewer.held))
        return refusals

    def _hold(self, label: str, place: Place) -> None:
        """Subscribes `label` at `place`, unless it is served from there already."""
        held = self.viewer.held.get(label)
        if held is not None and (held.key, held.rule) == place and not held.subscription.feed.ended:
            return
        hub, asked = self._runtime.hub, self.asked
        try:
            fresh = hub.subscribe(place.key, label, asked.filter, place.rule, self.viewer, self._resume)
        except UnknownCluster as error:
            params: dict[str, ParamValue] = {"cluster": asked.cluster}
            raise Refused("not_configured", CloseCode.TRY_AGAIN_LATER, params) from error
        self.viewer.add(fresh)

    async def _tell(self, namespace: str, found: Refusal, was_seen: bool) -> None:
        refused = self._refused_with(found, namespace, was_seen)
        frame = error_frame(refused.code, refused.params, final=False, namespace=namespace)
        await self._send(encode(frame).decode())

    def _refused_with(self, found: Refusal, namespace: str, was_seen: bool) -> Refused:
        """What was seen a moment ago was taken away, be it forbidden, hidden, or gone from the portal."""
        if was_seen and found.status != NOT_SIGNED_IN_STATUS:
            params: dict[str, ParamValue] = {"namespace": namespace, "cluster": self.asked.called}
            return Refused("rights_taken", CloseCode.FORBIDDEN, params)
        return Refused(found.code, found.close_code, dict(found.params))
