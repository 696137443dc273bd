"""Viewers at every portal of a fleet."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from tests.consumers.viewer import Viewer
from tests.replicas.fleet import Fleet

LIVE_SECONDS = 30.0


@asynccontextmanager
async def watching(
    fleet: Fleet, namespace: str, each: int = 1, seconds: float = LIVE_SECONDS
) -> AsyncIterator[list[Viewer]]:
    """So many viewers at each portal, in the portals' order; all live, with one watch between them."""
    async with AsyncExitStack() as stack:
        viewers = [
            await stack.enter_async_context(fleet.view(number, namespace))
            for number in range(len(fleet.portals))
            for _ in range(each)
        ]
        for viewer in viewers:
            await viewer.live(namespace, seconds=seconds)
        await fleet.settle(namespace)
        yield viewers
