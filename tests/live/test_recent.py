"""Answers that stand for a while: which of them are held, and which are let go."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest_asyncio

from pods.recent import Recent
from tests.live.virtual import LoopClock, settle

STANDS_SECONDS = 10.0
MOST = 4


class Answer:
    """What is asked for."""


@pytest_asyncio.fixture
async def recent() -> AsyncIterator[Recent[Answer]]:
    found: Recent[Answer] = Recent(LoopClock(), STANDS_SECONDS, "answers", MOST)
    yield found
    await found.close()


class Asked:
    """The questions, in their order, and the answers that are still held by somebody."""

    def __init__(self, recent: Recent[Answer]) -> None:
        self.keys: list[str] = []
        self._recent = recent
        self._answers: weakref.WeakValueDictionary[str, Answer] = weakref.WeakValueDictionary()

    async def of(self, *keys: str) -> None:
        for key in keys:
            await self._recent.of(key, self._ask(key))

    def _ask(self, key: str) -> Callable[[], Coroutine[Any, Any, Answer]]:
        async def ask() -> Answer:
            self.keys.append(key)
            self._answers[key] = answer = Answer()
            return answer

        return ask

    async def held(self) -> set[str]:
        await settle()
        gc.collect()
        return set(self._answers)


@asynccontextmanager
async def a_slow_one(recent: Recent[Answer]) -> AsyncIterator[None]:
    """It is asked for first, and answered at the end."""
    over = asyncio.Event()

    async def slow() -> Answer:
        await over.wait()
        return Answer()

    waiting = asyncio.create_task(recent.of("slow", slow), name="slow")
    await settle()
    yield
    over.set()
    assert isinstance(await waiting, Answer)


async def test_an_answer_that_was_asked_anew_is_the_newest(recent: Recent[Answer]) -> None:
    asked = Asked(recent)
    async with a_slow_one(recent):
        await asked.of("a")
        await asyncio.sleep(STANDS_SECONDS / 2)
        await asked.of("b")
        await asyncio.sleep(STANDS_SECONDS / 2)
        await asked.of("a", "c", "d", "e")
        assert await asked.held() == {"a", "c", "d", "e"}, "the oldest have gone"
        await asked.of("a")
        assert asked.keys == ["a", "b", "a", "c", "d", "e"]


async def test_what_is_too_old_goes_also_behind_a_slow_one(recent: Recent[Answer]) -> None:
    asked = Asked(recent)
    async with a_slow_one(recent):
        await asked.of("a")
        await asyncio.sleep(STANDS_SECONDS)
        await asked.of("b")
        assert await asked.held() == {"b"}
