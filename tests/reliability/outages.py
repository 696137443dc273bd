"""Outages of a whole cluster with many namespaces watched: killed, frozen, a dead link.

Tests run each for seconds and some namespaces, the soak for as long as docs/reliability.md says and 300.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import msgspec

from tests.kube.etcd import Etcd
from tests.reliability.stage import Busy, Stage
from tests.reliability.watching import Cells, Watched, tables

# docs/settings.md, PORTAL_MAX_NAMESPACES.
NAMESPACES_A_SOCKET = 50
FIRST_SECONDS = 120.0
GIVE_UP_SECONDS = 120.0
LOOK_SECONDS = 0.2
# The probe's deadline and its period, and the spread of the scopes.
SETTLED_SECONDS = 4.0


@dataclass(frozen=True)
class Outage:
    """How it begins, and how it ends; both block, and ending returns when the server answers again."""

    name: str
    begin: Callable[[Stage], None]
    cure: Callable[[Stage], None]


OUTAGES = (
    Outage(
        "killed",
        lambda stage: stage.control_plane.kill_apiserver(),
        lambda stage: stage.control_plane.start_apiserver(),
    ),
    Outage("frozen", lambda stage: stage.control_plane.pause(), lambda stage: stage.control_plane.resume()),
    Outage(
        "a dead link",
        lambda stage: stage.proxies["far"].swallow(),
        lambda stage: stage.proxies["far"].heal(),
    ),
)


class OutageFigures(msgspec.Struct, kw_only=True):
    """What was measured of all namespaces. Seconds from its beginning, or from its cure."""

    name: str
    seconds: float
    namespaces: int
    reasons: list[str]
    lost: int
    stale: int
    stale_after: float
    right_after: float
    live_after: float
    requests: int
    requests_after: int
    cpu_percent: float


@asynccontextmanager
async def many_namespaces(stage: Stage, count: int) -> AsyncIterator[list[Watched]]:
    """So many namespaces with a pod each, all watched, and live."""
    mark = secrets.token_hex(3)
    names = [f"many-{mark}-{number:03d}" for number in range(count)]
    etcd = Etcd(stage.control_plane)
    await asyncio.to_thread(etcd.put_namespaces, names)
    await asyncio.to_thread(etcd.put_pods, {name: ["steady"] for name in names})
    groups = [names[n : n + NAMESPACES_A_SOCKET] for n in range(0, count, NAMESPACES_A_SOCKET)]
    async with AsyncExitStack() as viewing:
        watched = []
        for group in groups:
            viewer = await viewing.enter_async_context(stage.viewing("far", "&namespace=".join(group)))
            watched += [Watched(viewer, name) for name in group]
        deadline = time.monotonic() + FIRST_SECONDS
        for each in watched:
            await each.live(deadline)
        yield watched


async def go_through(stage: Stage, outage: Outage, watched: list[Watched], seconds: float) -> OutageFigures:
    """Lets the outage last for `seconds`; meanwhile each pod is replaced by another of its name."""
    await _settled(stage)
    begun, busy, made = time.monotonic(), Busy(stage), stage.requests_made("far")
    await asyncio.to_thread(outage.begin, stage)
    try:
        await asyncio.sleep(seconds / 2)
        await asyncio.to_thread(_replace_pods, stage, [each.label for each in watched])
        await asyncio.sleep(seconds / 2)
    finally:
        used, ended = busy.percent(), time.monotonic()
        requests = stage.requests_made("far") - made
        await asyncio.to_thread(outage.cure, stage)
    cured = time.monotonic()
    truths = await _truths(stage, {each.label for each in watched})
    right = [await each.shows(truths[each.label], cured + GIVE_UP_SECONDS) for each in watched]
    live = [await each.live(cured + GIVE_UP_SECONDS) for each in watched]
    told = [[state for state in each.states(begun) if state[0] <= ended] for each in watched]
    stale = [next((at for at, state, _ in states if state == "stale"), None) for states in told]
    return OutageFigures(
        name=outage.name,
        seconds=ended - begun,
        namespaces=len(watched),
        reasons=sorted({code for states in told for _, _, code in states if code}),
        lost=sum(viewer.closed_at is not None for viewer in {each.viewer for each in watched}),
        stale=len(stale) - stale.count(None),
        stale_after=max((at - begun for at in stale if at is not None), default=0.0),
        live_after=max(live) - cured,
        right_after=max(right) - cured,
        requests=requests,
        requests_after=stage.requests_made("far") - made - requests,
        cpu_percent=used,
    )


async def _settled(stage: Stage) -> None:
    """Waits until nothing of an earlier outage is under way: what was frozen is opened anew late."""
    made = -1
    while (now := await asyncio.to_thread(stage.requests_made, "far")) != made:
        made = now
        await asyncio.sleep(SETTLED_SECONDS)


def _replace_pods(stage: Stage, namespaces: list[str]) -> None:
    """Behind the API server's back, which may not be there; in two steps, as it would have done."""
    etcd = Etcd(stage.control_plane)
    for namespace in namespaces:
        etcd.delete_pod(namespace, "steady")
    etcd.put_pods({namespace: ["steady"] for namespace in namespaces})


async def _truths(stage: Stage, namespaces: set[str]) -> dict[str, dict[str, Cells]]:
    """What the API server prints, by namespace, once it has itself caught up with etcd."""
    async with stage.control_plane.admin_session() as session, asyncio.timeout(GIVE_UP_SECONDS):
        while not namespaces <= (found := await tables(session)).keys():
            await asyncio.sleep(LOOK_SECONDS)
    return found
