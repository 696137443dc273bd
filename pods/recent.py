"""Answers that stand for a short while: one question for all who ask meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pods.tasks import end_tasks

if TYPE_CHECKING:
    from pods.clock import Clock

T = TypeVar("T")

# So many answers are held, the newest, where nothing else is said.
MOST = 1000


class Recent(Generic[T]):
    """Answers that came in the last `seconds`, by key; who asks while one is under way waits for it.

    A failure is given to those who wait for it, and not kept. Bounded: the oldest of `most` answers goes.
    """

    def __init__(self, clock: "Clock", seconds: float, name: str, most: int = MOST) -> None:
        self._most = most
        self._clock = clock
        self._seconds = seconds
        self._name = name
        self._held: dict[Hashable, tuple[float, asyncio.Task[T]]] = {}
        self._tasks: set[asyncio.Task[T]] = set()

    async def of(self, key: Hashable, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The answer to `key`, by `ask` where none is held. Raises what `ask` does."""
        now = self._clock.monotonic()
        since, task = self._held.get(key, (float("-inf"), None))
        if task is None or (task not in self._tasks and now >= since + self._seconds):
            self._held.pop(key, None)  # what is asked anew is the newest
            self._let_go(now)
            task = asyncio.create_task(ask(), name=self._name)
            self._held[key] = now, task
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._heard(key, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Ends what is under way."""
        await end_tasks(list(self._tasks))  # type: ignore[arg-type]  # whatever they would have given
        self._held.clear()

    def _let_go(self, now: float) -> None:
        """Forgets what is too old, from the oldest on: what is still under way holds up none behind it."""
        for key, (since, task) in list(self._held.items()):
            full = len(self._held) >= self._most
            if not full and now < since + self._seconds:
                return
            if full or task not in self._tasks:
                del self._held[key]

    def _heard(self, key: Hashable, task: asyncio.Task[T]) -> None:
        self._tasks.discard(task)
        failed = task.cancelled() or task.exception() is not None  # whoever still waits has it
        if self._held.get(key, (0.0, None))[1] is task:
            del self._held[key]
            if not failed:  # it stands from now on, and not from when it was asked for: that may be long ago
                self._held[key] = self._clock.monotonic(), task
