"""Telling: what the holder of a scope tells the others, of its feed, its state, and of all it has."""

import asyncio
import contextlib
from itertools import count
from typing import Any

from pods.clock import Clock
from pods.domain.scope import Scope
from pods.live.broker import Broker
from pods.live.following import heir_at
from pods.live.informer import PodInformer
from pods.live.lease import Lease
from pods.live.messages import FORM, MAX_BYTES, Ask, Batch, Beat, Handover, Part, encode, pieces
from pods.live.store import Changes

BEAT_SECONDS = 1.0
# Who asks for a picture meanwhile gets the same one.
GATHER_SECONDS = 0.02
# What those get who have asked for a picture when the holder leaves; it is asked for again of the next one.
LAST_ANSWER_SECONDS = 1.0


class Teller:
    """Speaks for `informer` for as long as `lease` is held, and says nothing otherwise."""

    def __init__(
        self, scope: Scope, broker: Broker, lease: Lease, informer: PodInformer, clock: Clock
    ) -> None:
        self.lineage = 0
        self._scope = scope
        self._broker = broker
        self._lease = lease
        self._informer = informer
        self._clock = clock
        self._beat_at = float("-inf")
        self._told: tuple[object, ...] = ()
        self._asks: dict[str, str] = {}
        self._answering: asyncio.Task[None] | None = None

    def numbered(self, changes: Changes) -> None:
        """The feed has a new number. One that is too long for a message is only said to be there."""
        if not self._lease.held:
            return
        feed = self._informer.feed
        batch = Batch(
            **self._head(),
            upserted=[feed.records[uid] for uid in changes if uid in feed.records],
            removed={uid: namespace for uid, namespace in changes.items() if not feed.holds(uid)},
            rollouts=[feed.rollouts[uid] for uid in changes if uid in feed.rollouts],
        )
        if len(changes) * 100 > MAX_BYTES or len(encode(batch)) > MAX_BYTES:
            self.beat()
        else:
            self._broker.publish(batch)

    def beat_if_due(self) -> None:
        """Says where the holder is: once a second, and when it has become better or worse.

        Who asked for a picture before there was one is answered as soon as there is.
        """
        self._answer_if_listed()
        told = self._informer.feed.told
        now = (self._informer.listed, told.state, told.reason, self._informer.feed.epoch)
        if now != self._told or self._clock.monotonic() >= self._beat_at:
            self._told = now
            self.beat()

    def beat(self) -> None:
        """Says so now."""
        if not self._lease.held:
            return
        self._beat_at = self._clock.monotonic() + BEAT_SECONDS
        state = self._informer.feed.told
        since = state.since.timestamp() if state.since is not None else None
        about: dict[str, Any] = {"state": state.state, "since": since, "reason": state.reason}
        self._broker.publish(Beat(**self._head(), synced=self._informer.listed, **about))

    def ask(self, picture: str, fence: int) -> None:
        """As one who does not hold: whoever does is asked for a picture."""
        installation = self._broker.installation
        self._broker.publish(
            Ask(form=FORM, installation=installation, scope=self._scope, fence=fence, picture=picture)
        )

    def asked(self, ask: Ask, process: str) -> None:
        """Somebody wants a picture: a task gives it, in parts, to all who ask meanwhile, once there is one.

        Of each process the last question counts.
        """
        if not self._lease.held:
            return
        self._asks = {picture: other for picture, other in self._asks.items() if other != process}
        self._asks[ask.picture] = process
        self._answer_if_listed()

    def _answer_if_listed(self) -> None:
        if not self._asks or not self._informer.listed:
            return
        if self._answering is None or self._answering.done():
            self._answering = asyncio.create_task(self._answer(), name=f"picture of {self._scope.namespace}")

    async def hand_over(self) -> None:
        """The last word: nothing is numbered after it. Gives the lease back first, to who has all numbers.

        Before it come the pictures that were asked for: who came a moment ago may be all who go on.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_ANSWER_SECONDS):
                await self._answer_rest()
        await self.close()
        head = self._head()
        if not self._informer.listed:
            head |= {"epoch": 0, "offset": 0}
        await self._broker.room()
        await self._lease.release(heir_at(self._informer.feed.position) if self._informer.listed else "")
        self._broker.publish(Handover(**head))
        await self._broker.room()

    async def close(self) -> None:
        """Ends what is being answered."""
        if self._answering is not None:
            self._answering.cancel()
            await asyncio.wait([self._answering])

    async def _answer_rest(self) -> None:
        self._answer_if_listed()
        if self._answering is not None:
            await asyncio.wait([self._answering])

    async def _answer(self) -> None:
        await self._clock.sleep(GATHER_SECONDS)
        while self._asks and self._lease.held:
            asks, self._asks = self._asks, {}
            await self._send_picture(asks)

    async def _send_picture(self, asks: dict[str, str]) -> None:
        feed, store = self._informer.feed, self._informer.store
        feed.settle()
        past = feed.past()
        head = {**self._head(), "floor": past.floor, "version": self._informer.version}
        rollouts = list(store.rollouts.records.values())
        cut = pieces(list(store.records.values()), past.numbers, rollouts)
        piece, following = next(cut), next(cut, None)
        for number in count(1):
            for picture, process in asks.items():
                part = Part(
                    **head,
                    lineage=self.lineage,
                    picture=picture,
                    number=number,
                    last=following is None,
                    **piece._asdict(),
                )
                self._broker.publish(part, process)
            await self._broker.room()
            if following is None:
                return
            piece, following = following, next(cut, None)

    def _head(self) -> dict[str, Any]:
        epoch, offset = self._informer.feed.position
        return {
            "form": FORM,
            "installation": self._broker.installation,
            "scope": self._scope,
            "fence": self._lease.fence,
            "epoch": epoch,
            "offset": offset,
        }
