"""Fleet: what a process has in common with the other processes of its installation, through Redis."""

import asyncio
import secrets
from collections.abc import Callable

from pods.clock import Clock
from pods.domain.scope import Scope
from pods.live.broker import Broker, Layer
from pods.live.lease import Lease
from pods.live.link import Link
from pods.live.messages import fleet_name


class Fleet:
    """The link to Redis, the broker over it, and the leases. `open` before `run`; `close` after it.

    `make_layer` gives a channel layer all of whose names begin with what it is given.
    """

    broker: Broker
    _name: str

    def __init__(self, link: Link, make_layer: Callable[[str], Layer], instance: str, clock: Clock) -> None:
        self.link = link
        self.is_open = False
        self._make_layer = make_layer
        self._instance = instance
        self._clock = clock

    def open(self, installation: str) -> None:
        """Now it is known which installation this is: names begin with that, or with the given instance."""
        self._name = fleet_name(self._instance or installation)
        prefix = f"{self._name}."
        self.broker = Broker(self._make_layer(prefix), prefix, installation, self._clock)
        self.is_open = True

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.link.run(), name="redis link")
            tasks.create_task(self.broker.run(), name="broker")

    async def close(self) -> None:
        """Ends the connections, also where it never was opened."""
        if self.is_open:
            await self.broker.close()
        await self.link.close()

    def lease(self, scope: Scope) -> Lease:
        """A contender for `scope`, distinct from every other."""
        return Lease(self.link.client, self._name, scope, secrets.token_hex(8), self._clock)
