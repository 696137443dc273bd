"""Viewer: the watch of one socket, as one task: frames out as they come and as acknowledgements allow.

The task is started by the consumer's `connect()` and cancelled and awaited by its `disconnect()`;
whoever makes a Viewer closes it, in a `finally`. It ends by itself only for a viewer that does not
keep up (SlowViewer).
"""

import asyncio
from collections.abc import Awaitable, Callable

from pods import metrics
from pods.clock import Clock, rfc3339
from pods.domain.protocol import encode, feed_frame
from pods.live.hub import Held
from pods.live.outbox import Outbox
from pods.live.subscription import Subscription

# Browsers are promised one at least every 5 s.
HEARTBEAT_SECONDS = 4.5
# A peer that has made no room for a frame in so long reads nothing. The kernel finds that out by itself
# (TCP_USER_TIMEOUT), but not of one that goes on sending: each of its packets starts the kernel's timer anew.
TAKE_SECONDS = 15.0
# A turn of the loop goes to others after so many frames, however much there is to send.
FRAMES_PER_TURN = 8

Send = Callable[[str], Awaitable[None]]


class SlowViewer(Exception):
    """Nothing was acknowledged for outbox.SLOW_SECONDS while something waited, or no frame was taken for
    TAKE_SECONDS."""


class Viewer:
    """Sends each subscription's feed state and frames through `send`; `version` with the first state."""

    def __init__(self, send: Send, clock: Clock, version: str = "") -> None:
        self.frames = 0
        self.bytes = 0
        self.sent_at: float | None = None
        self.outbox = Outbox()
        self._send = send
        self._clock = clock
        self._version = version
        self._held: dict[str, Held] = {}
        self._woken = asyncio.Event()
        self._heartbeat_at = 0.0
        self._interrupted = False
        self._sending: asyncio.Timeout | None = None

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

    def wake(self) -> None:
        """There may be something to send."""
        self._woken.set()

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

    def interrupt(self) -> None:
        """Makes `run` return before it sends anything more; also a `run` that is yet to come."""
        self._interrupted = True
        self.wake()

    def give_up(self) -> None:
        """Ends `run`, and does not wait for a peer that does not read (then it raises SlowViewer)."""
        self.interrupt()
        if self._sending is not None:
            self._sending.reschedule(asyncio.get_running_loop().time())

    def proceed(self) -> None:
        """Forgets the interruption: its cause is going to be looked at."""
        self._interrupted = False

    async def run(self) -> None:
        """Sends until interrupted, cancelled, or served by a feed that has ended. Raises SlowViewer."""
        while not self._interrupted and not any(h.subscription.feed.ended for h in self._held.values()):
            self._woken.clear()
            await self._send_states()
            waits = await self._send_frames()
            if waits and self.outbox.waiting(self._clock.monotonic()):
                raise SlowViewer
            await self._sleep()

    def close(self) -> None:
        """Gives back every subscription. A second close does nothing."""
        for label in list(self._held):
            self.remove(label)

    async def _sleep(self) -> None:
        """Until woken, or until the next heartbeat."""
        delay = max(self._heartbeat_at - self._clock.monotonic(), 0.0)
        timer = asyncio.get_running_loop().call_later(delay, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()

    async def _send_states(self) -> None:
        """A feed frame for each subscription whose state changed, and for all when the heartbeat is due."""
        now = self._clock.monotonic()
        due = now >= self._heartbeat_at
        if due:
            self._heartbeat_at = now + HEARTBEAT_SECONDS
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
            rfc3339(self._clock.now()),
            subscription.sent_token(),
            version,
        )
        data = encode(frame)
        await self._write(data.decode(), len(data))

    async def _send_frames(self) -> bool:
        """Sends what there is room for, in turn; gives whether something waits for room."""
        sent = 0
        busy = list(self._held.values())
        while busy:
            for held in list(busy):
                if self._interrupted:
                    return False
                if not self.outbox.has_room:
                    return any(held.subscription.has_more() for held in self._held.values())
                subscription = held.subscription
                frame = subscription.next_frame()
                if frame is None:
                    busy.remove(held)
                    continue
                self.outbox.sent(subscription.label, frame, self._clock.monotonic())
                await self._write(frame.text, frame.size)
                if frame.part is None:
                    metrics.EVENT_TO_SEND.observe(self._clock.monotonic() - subscription.feed.arrived_at)
                sent += 1
                if sent % FRAMES_PER_TURN == 0:
                    await asyncio.sleep(0)
        self.outbox.flowing()
        return False

    async def _write(self, text: str, size: int) -> None:
        """Sends a frame, which waits for the peer to read those before it. Raises SlowViewer."""
        try:
            async with asyncio.timeout(TAKE_SECONDS) as self._sending:
                await self._send(text)
        except TimeoutError as error:
            raise SlowViewer from error
        finally:
            self._sending = None
        self.sent_at = self._clock.monotonic()
        self.frames += 1
        self.bytes += size
        metrics.FRAMES_SENT.inc()
