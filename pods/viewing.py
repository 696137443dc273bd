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
from pods.live.outlet import Send, SlowViewer
from pods.live.viewer import Viewer
from pods.scoping import Place
from pods.serving import Refused, Serving

if TYPE_CHECKING:
    from pods.runtime import Runtime


class Viewing(Serving):
    """The pods of some namespaces. `close()` gives every subscription back."""

    viewer: Viewer

    def __init__(
        self, runtime: "Runtime", send: Send, person: Person, asked: Asked, resume: Sequence[str]
    ) -> None:
        super().__init__(runtime, person, asked, Viewer(send, runtime.clock, __version__))
        self._send = send
        self._resume = resume
        self._refused: set[str] = set()

    async def run(self) -> None:
        """Serves until cancelled. Raises Refused where the viewer is to be sent away."""
        try:
            while True:
                self.viewer.proceed()
                await self._subscribe()
                await self.viewer.run()
                if self.ended_by is not None:
                    raise self.ended_by
        except SlowViewer as error:
            raise self.ended_by or Refused("slow_viewer", CloseCode.SLOW_VIEWER) from error

    def close(self) -> None:
        """Gives back every subscription. A second close does nothing."""
        self.viewer.close()

    def acknowledged(self, namespace: str | None, token: str, part: int | None) -> None:
        """The browser has merged everything of `namespace` up to `token`."""
        self.viewer.acknowledged(namespace, token, part)

    async def _subscribe(self) -> None:
        """Brings the subscriptions in line with what may be seen now. Raises Refused."""
        if self.ended_by is not None:
            raise self.ended_by
        refusals = self._denied(await self.runtime.refusals(self.person, self.asked))
        for name, found in refusals.items():
            if name not in self._refused:
                was_seen = name in self.viewer.held
                self.viewer.remove(name)
                await self._tell(name, found, was_seen)
        self._refused = set(refusals)
        allowed = tuple(name for name in self.asked.namespaces if name not in refusals)
        places = await self.runtime.place(self.person, self.asked.cluster, allowed)
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
            raise self.refused_with(first, self.asked.namespaces[0], was_seen=bool(self.viewer.held))
        return refusals

    def _hold(self, label: str, place: Place) -> None:
        """Subscribes `label` at `place`, unless it is served from there already."""
        held = self.viewer.held.get(label)
        if held is not None and (held.key, held.rule) == place and not held.subscription.feed.ended:
            return
        hub, asked = self.runtime.hub, self.asked
        try:
            fresh = hub.subscribe(place.key, label, asked.filter, place.rule, self.viewer, self._resume)
        except UnknownCluster as error:
            raise self.not_configured() from error
        self.viewer.add(fresh)

    async def _tell(self, namespace: str, found: Refusal, was_seen: bool) -> None:
        refused = self.refused_with(found, namespace, was_seen)
        frame = error_frame(refused.code, refused.params, final=False, namespace=namespace)
        await self._send(encode(frame).decode())
