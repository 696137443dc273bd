"""The broker goes on, whatever the layer's libraries raise."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from pods.domain.scope import Scope
from pods.live.broker import DEADLINE_SECONDS, RETRY_SECONDS, Broker
from pods.live.messages import FORM, Ask, Message
from tests.live.network import FakeLayer, Redis
from tests.live.test_convergence import run
from tests.live.virtual import LoopClock

SCOPE = Scope("kind", "pods", "shop")


class Breaking(FakeLayer):
    """One call fails at first, as redis-py does where a connection breaks under it: with any error."""

    def __init__(self, redis: Redis, broken: str) -> None:
        super().__init__(redis)
        self.calls: Counter[str] = Counter()
        self._broken = broken

    async def group_add(self, group: str, channel: str) -> None:
        self._check("group_add")
        await super().group_add(group, channel)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self._check("group_send")
        await super().group_send(group, message)

    async def receive(self, channel: str) -> Any:
        self._check("receive")
        return await super().receive(channel)

    def _check(self, name: str) -> None:
        self.calls[name] += 1
        if name == self._broken and self.calls[name] == 1:
            raise AttributeError("'NoneType' object has no attribute 'writelines'")


ASK = Ask(form=FORM, installation="ours", scope=SCOPE, fence=1, picture="one")


@pytest.mark.parametrize("broken", ["group_add", "group_send", "receive"])
def test_a_connection_that_breaks_under_a_call_costs_a_moment(broken: str) -> None:
    async def pass_on() -> None:
        clock = LoopClock()
        redis = Redis(clock)
        layers = [Breaking(redis, broken), Breaking(redis, broken)]
        brokers = [Broker(layer, "here.", "ours", clock) for layer in layers]
        heard: list[Message] = []
        brokers[1].join(SCOPE, lambda message, process: heard.append(message))
        tasks = [asyncio.create_task(broker.run(), name="broker") for broker in brokers]
        try:
            async with asyncio.timeout(30):
                while not heard:
                    brokers[0].publish(ASK)
                    await asyncio.sleep(1)
            assert not any(task.done() for task in tasks)
            assert sum(layer.calls[broken] for layer in layers) > 1
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    run(pass_on())


def test_room_is_there_when_redis_has_taken_all_or_it_was_dropped() -> None:
    async def publish() -> None:
        clock = LoopClock()
        redis = Redis(clock)
        layer = FakeLayer(redis)
        broker = Broker(layer, "here.", "ours", clock)
        task = asyncio.create_task(broker.run(), name="broker")
        try:
            await asyncio.wait_for(broker.room(), 1)
            layer.thawed.clear()
            for _ in range(3):
                broker.publish(ASK)
            waiting = asyncio.create_task(broker.room(), name="waits for room")
            await asyncio.sleep(DEADLINE_SECONDS / 2)
            assert not waiting.done(), "the first one is still on its way"
            layer.thawed.set()
            await asyncio.wait_for(waiting, 1)
            redis.down = True
            broker.publish(ASK)
            await asyncio.wait_for(broker.room(), RETRY_SECONDS / 2)
        finally:
            task.cancel()
            await asyncio.wait([task])

    run(publish())
