"""The oracle: whatever happened, after a calm each viewer shows what the API server prints.

From a seed come random changes of pods, random faults between portal and API server, and viewers that leave
and come back. What differs then is printed with the seed and what was done; the same seed does it again.

    python -m tests.reliability.oracle --seeds 100
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from urllib.parse import quote

import aiohttp
import msgspec
import pytest

from tests.cluster.control_plane import ControlPlane
from tests.kube.writer import Manifest, Writer, running
from tests.reliability.script import FAULTS, NAMESPACES, SEATS, Step, script
from tests.reliability.seat import LOOKS, Look, Seat
from tests.reliability.stage import MISSED_SECONDS, Theatre, staged
from tests.reliability.watching import Cells, older_shown, tables

FIRST_SECONDS = 30.0
# A scope may have to wait out a backoff of 30 s, and lists then.
CALM_SECONDS = 90.0
# Long enough for a connection to be refused, too short for anybody else to notice much.
CUT_SECONDS = 0.3


class Mismatch(AssertionError):
    """A viewer shows something else than the API server does."""


class Run:
    """One seed, in namespaces of its own."""

    def __init__(self, stage: Theatre, seed: int, session: aiohttp.ClientSession) -> None:
        self.seed = seed
        self.done: list[str] = []
        self.wrong: str | None = None
        self._stage = stage
        self._session = session
        mark = f"oracle-{seed}-{secrets.token_hex(2)}"
        self._names = {letter: f"{mark}-{letter}" for letter in NAMESPACES}
        self._writers = {letter: Writer(session, name) for letter, name in self._names.items()}
        self._replicasets: dict[tuple[str, str], Manifest] = {}
        self._seats = [self._seat(look) for look in LOOKS]

    async def begin(self) -> None:
        """Namespaces, and everybody there."""
        await self._set_up()
        deadline = time.monotonic() + FIRST_SECONDS
        await asyncio.gather(*(seat.arrive(deadline) for seat in self._seats))

    async def act(self) -> None:
        """Every step. Faults end with the last one."""
        try:
            for step in self._script():
                self.done.append(msgspec.json.encode(step).decode())
                await self._do(step)
        finally:
            self._clear()

    async def calm(self) -> None:
        """Nothing happens any more: everyone is back, live, and right. Raises Mismatch."""
        deadline = time.monotonic() + CALM_SECONDS
        for seat in self._seats:
            await seat.join()
        for seat in self._seats:
            await self._expect(seat, deadline)

    async def end(self) -> None:
        """Nobody looks any more."""
        for seat in self._seats:
            await seat.leave()

    def _script(self) -> list[Step]:
        return script(self.seed)

    def _seat(self, look: Look) -> Seat:
        return Seat(self._stage, look, self._names)

    async def _set_up(self) -> None:
        for letter, name in self._names.items():
            await asyncio.to_thread(self._stage.control_plane.create_namespace, name)
            for deployment in ("web", "api"):
                made = await self._writers[letter].replicaset(f"{deployment}-5d4f", deployment)
                self._replicasets[letter, deployment] = made
        await asyncio.sleep(MISSED_SECONDS)

    async def _do(self, step: Step) -> None:
        writer, seat = self._writers[step.namespace], self._seats[step.which % SEATS]
        if step.kind == "pod":
            await self._create(step)
        elif step.kind == "again":
            await writer.delete(step.name)
            await self._create(step)
        elif step.kind == "delete":
            await writer.delete(step.name)
        elif step.kind == "status":
            await writer.status(step.name, _status(step))
        elif step.kind == "tier":
            await writer.patch(step.name, {"metadata": {"labels": {"tier": step.tier}}})
        elif step.kind == "wait":
            await asyncio.sleep(step.seconds)
        elif step.kind == "leave":
            await seat.leave()
        elif step.kind == "join":
            await seat.join()
        else:
            await self._trouble(step)

    async def _trouble(self, step: Step) -> None:
        if step.kind == "fault":
            fault = FAULTS[step.which % len(FAULTS)]
            namespaces = (self._names[step.namespace],) if step.which % 3 else tuple(self._names.values())
            for context, proxy in self._stage.proxies.items():
                proxy.apply(msgspec.structs.replace(fault, namespaces=namespaces), self._fault(context))
        elif step.kind == "clear":
            self._clear()
        elif step.kind == "break":
            for proxy in self._stage.proxies.values():
                proxy.break_connections()
        else:
            proxy = self._stage.proxies["test"]
            proxy.cut()
            try:
                await asyncio.sleep(CUT_SECONDS)
            finally:
                proxy.restore()

    async def _create(self, step: Step) -> None:
        labels = {"tier": step.tier} | ({"app": step.deployment} if step.deployment else {})
        owner = self._replicasets.get((step.namespace, step.deployment))
        await self._writers[step.namespace].pod(step.name, labels, owner)

    def _fault(self, context: str) -> str:
        return f"oracle {self._names['a']} {context}"

    def _clear(self) -> None:
        for context, proxy in self._stage.proxies.items():
            proxy.clear(self._fault(context))

    async def _expect(self, seat: Seat, deadline: float) -> None:
        query = f"?labelSelector={quote(seat.look.truth)}" if seat.look.truth else ""
        found = await tables(self._session, query)
        truth: dict[str, Cells] = {}
        for name in seat.namespaces:
            truth |= found.get(name, {})
        while (shown := seat.shown()) != truth or not seat.is_live():
            if time.monotonic() > deadline or not await seat.stays():
                raise Mismatch(f"{seat} shows {shown}, and the API server {truth}; states {seat.states()}")
            await seat.news()
        older = [each for viewer in seat.viewers for each in older_shown(viewer)]
        if older:
            raise Mismatch(f"{seat} showed an older pod after a newer one: {older}")


# Makes the run of one seed, which asks the API server through that session.
MakeRun = Callable[[int, aiohttp.ClientSession], Run]


def _status(step: Step) -> Manifest:
    status = running(step.count)
    if step.crashes:
        status["containerStatuses"][0] |= {
            "ready": False,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        }
    return status


async def consult(
    control_plane: ControlPlane, make: MakeRun, seeds: range, at_once: int
) -> AsyncIterator[tuple[int, str | None]]:
    """Each seed with what is wrong and everything that was done, or None.

    So many at once share each other's outages, and then one calm.
    """
    async with control_plane.admin_session() as session:
        for first in range(0, len(seeds), at_once):
            runs = [make(seed, session) for seed in seeds[first : first + at_once]]
            try:
                for phase in (Run.begin, Run.act, Run.calm):
                    await asyncio.gather(*(_guarded(run, phase) for run in runs))
            finally:
                await asyncio.gather(*(run.end() for run in runs))
            for run in runs:
                yield run.seed, run.wrong


async def _guarded(run: Run, phase: Callable[[Run], Awaitable[None]]) -> None:
    """One that went wrong is looked at no further, and does not hold up the others."""
    if run.wrong is not None:
        return
    try:
        await phase(run)
    except (AssertionError, pytest.fail.Exception) as error:
        steps = "\n".join(run.done)
        again = f"Again: --first {run.seed} --seeds 1"
        run.wrong = f"Seed {run.seed}: {error}\nWhat was done:\n{steps}\n{again}"


def main() -> int:
    """Prints what differed; 1 if anything did."""
    asked = arguments("Random changes and faults; what viewers show must be true.").parse_args()
    with ControlPlane() as control_plane, staged(control_plane, asked.server) as stage:
        return tell(control_plane, partial(Run, stage), asked)


def arguments(description: str) -> argparse.ArgumentParser:
    """Which seeds, and how."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne")
    return parser


def tell(control_plane: ControlPlane, make: MakeRun, asked: argparse.Namespace) -> int:
    """Prints what each seed came to; 1 if anything differed."""

    async def wrong() -> int:
        seeds = range(asked.first, asked.first + asked.seeds)
        count = 0
        async for seed, found in consult(control_plane, make, seeds, asked.at_once):
            print(found or f"seed {seed}: no mismatch", flush=True)
            count += found is not None
        return count

    count = asyncio.run(wrong())
    print(f"{asked.seeds} seeds, {count} with a mismatch")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
