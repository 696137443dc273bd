"""Viewer: the watch of one socket, as one task: frames out as they come and as acknowledgements allow.

The task is started by the consumer's `connect()` and cancelled and awaited by its `disconnect()`;
whoever makes a Viewer closes it, in a `finally`. It ends by itself only for a viewer that does not
keep up (SlowViewer).
"""

import asyncio

from pods import metrics
from pods.clock import Clock, rfc3339
from pods.domain.protocol import encode, feed_frame
from pods.live.hub import Held
from pods.live.outlet import FRAMES_PER_TURN, Outlet, Send, SlowViewer
from pods.live.subscription import Subscription


class Viewer(Outlet):
    """Sends each subscription's feed state and frames through `send`; `version` with the first state."""

    def __init__(self, send: Send, clock: Clock, version: str = "") -> None:
        super().__init__(send, clock)
        self._version = version
        self._held: dict[str, Held] = {}

    @property
    def held(self) -> dict[str, Held]:
        """The subscriptions by label."""
        return self._held

    def add(self, held: Held) -> None:
        """Takes over a subscription; the viewer closes it."""
        self.remove(held.subscription.label)
        self._held[held.subscription.label] = held
        held.count()
        self.wake()

    def remove(self, label: str) -> None:
        """Ends the subscription of `label`, if there is one."""
        held = self._held.pop(label, None)
        if held is not None:
            held.close()
            self.outbox.forget(label)

    def acknowledged(self, label: str | None, token: str, part: int | None) -> None:
        """The browser has merged everything of `label` up to `token`. Unknown and forged ones are ignored."""
        if label is None and len(self._held) == 1:
            label = next(iter(self._held))
        held = self._held.get(label or "")
        if held is None:
            return
        offset = held.subscription.view.offset_of(token)
        if offset is not None and offset <= held.subscription.feed.offset:
            self.outbox.acknowledged(held.subscription.label, offset, part)
            self.wake()

    async def run(self) -> None:
        """Sends until interrupted, cancelled, or served by a feed that has ended. Raises SlowViewer."""
        while not self.interrupted and not any(h.subscription.feed.ended for h in self._held.values()):
            self.heed()
            await self._send_states()
            waits = await self._send_frames()
            if waits and self.outbox.waiting(self.clock.monotonic()):
                raise SlowViewer
            await self.sleep()

    def close(self) -> None:
        """Gives back every subscription. A second close does nothing."""
        for label in list(self._held):
            self.remove(label)

    async def _send_states(self) -> None:
        """A feed frame for each subscription whose state changed, and for all when the heartbeat is due."""
        due = self.heartbeat_due()
        for held in list(self._held.values()):
            subscription = held.subscription
            if due or not subscription.feed.told.same_as(subscription.told):
                await self._send_state(subscription)

    async def _send_state(self, subscription: Subscription) -> None:
        version = self._version if subscription.told is None else ""
        state = subscription.told = subscription.feed.told
        frame = feed_frame(
            subscription.label,
            state.state,
            rfc3339(state.since) if state.since else None,
            state.reason,
            rfc3339(self.clock.now()),
            subscription.sent_token(),
            version,
        )
        data = encode(frame)
        await self.write(data.decode(), len(data))

    async def _send_frames(self) -> bool:
        """Sends what there is room for, in turn; gives whether something waits for room."""
        sent = 0
        busy = list(self._held.values())
        while busy:
            for held in list(busy):
                if self.interrupted:
                    return False
                if not self.outbox.has_room:
                    return any(held.subscription.has_more() for held in self._held.values())
                subscription = held.subscription
                frame = subscription.next_frame()
                if frame is None:
                    busy.remove(held)
                    continue
                self.outbox.sent(subscription.label, frame, self.clock.monotonic())
                await self.write(frame.text, frame.size)
                if frame.part is None:
                    metrics.EVENT_TO_SEND.observe(self.clock.monotonic() - subscription.feed.arrived_at)
                sent += 1
                if sent % FRAMES_PER_TURN == 0:
                    await asyncio.sleep(0)
        self.outbox.flowing()
        return False
