"""A browser with its viewer, as one task."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pods.domain.scope import Scope
from pods.domain.viewfilter import ViewFilter
from pods.live.hub import Hub
from pods.live.viewer import Viewer
from tests.live.browser import Browser
from tests.live.virtual import LoopClock


@dataclass
class Desk:
    """A browser with its viewer. It acknowledges when the test says so."""

    hub: Hub
    clock: LoopClock
    browser: Browser = field(default_factory=Browser)
    times: list[float] = field(default_factory=list)
    before_send: Callable[[dict[str, Any]], None] = lambda frame: None

    def __post_init__(self) -> None:
        self.viewer = Viewer(self._send, self.clock)
        self.task: asyncio.Task[None] | None = None

    def open(self, *namespaces: str, resume: tuple[str, ...] = ()) -> None:
        for name in namespaces:
            scope = Scope("kind", "pods", name)
            self.viewer.add(self.hub.subscribe(scope, name, ViewFilter(), None, self.viewer, resume))

    def start(self) -> "asyncio.Task[None]":
        self.task = asyncio.create_task(self.viewer.run(), name="viewer")
        return self.task

    def acknowledge(self) -> None:
        for label, (token, part) in self.browser.tokens.items():
            self.viewer.acknowledged(label, token, part)

    async def end(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])
        self.viewer.close()

    async def _send(self, text: str) -> None:
        self.before_send(json.loads(text))
        self.times.append(self.clock.monotonic())
        await self.browser.receive(text)
