"""Faults of one namespace's lists and watches: what each does, and what must hold meanwhile and after.

Written once: tests run each for seconds, `python -m tests.reliability.soak_upstream` for a minute. Each has
a namespace of its own, two viewers, and a writer that changes pods all the time.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from bisect import bisect_left
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

from tests.kube.writer import Writer, running
from tests.reliability.faults import GONE, HTML, Asked, Fault, Verb, error_event
from tests.reliability.stage import Stage
from tests.reliability.watching import Watched, older_shown

FIRST_SECONDS = 30.0
WRITE_SECONDS = 1.0
# Backoff is 30 s at most; then a list, and a watch that holds.
CURED_SECONDS = 35.0
STALE_SECONDS = 5.0
MOST_A_MINUTE = 20
# A fault that the portal outlasts by a deadline of its own ends in any case within these.
GIVE_UP_SECONDS = 200.0

_ALL: tuple[Verb, ...] = ("list", "watch", "get")
_LOST_TYPE = '{"type":"MODIFIED","object":{"kind":"Table","rows":[{"cells":["web","1/1"'
_FORBIDDEN = '{"kind":"Status","status":"Failure","reason":"Forbidden","code":403}'


@dataclass(frozen=True)
class Scenario:
    """Faults that come and go together. `reason` is what the page says of them; None: it stays live.

    `retry_after` is the pause that the server asks for, in seconds. Most faults begin while all is live;
    `from_the_start` those that would change nothing of a watch that is open.
    """

    name: str
    faults: tuple[Fault, ...]
    reason: str | None
    context: str = "test"
    least_seconds: float = 0.0
    retry_after: float = 0.0
    from_the_start: bool = False


SCENARIOS = (
    Scenario("410 as the answer", (Fault("answer", status=410, body=GONE),), "expired"),
    Scenario("410 as an event", (Fault("line", line=error_event(GONE), after_list=True),), "expired"),
    Scenario(
        "410 in a continued list",
        (Fault("answer", status=410, body=GONE), Fault("answer", ("list",), continued=True, status=410)),
        "expired",
        "paged",
    ),
    Scenario("410 after each list in pages", (Fault("answer", status=410, body=GONE),), "expired", "paged"),
    Scenario("each watch ends at once", (Fault("end", after_list=True),), "closed_early"),
    Scenario("each connection breaks", (Fault("cut", after_list=True),), "unreachable"),
    Scenario("502 with HTML", (Fault("answer", _ALL, status=502, body=HTML),), "server_error"),
    Scenario("500", (Fault("answer", _ALL, status=500),), "server_error"),
    Scenario("truncated JSON", (Fault("line", line=_LOST_TYPE),), "bad_answer"),
    Scenario("garbage", (Fault("line", line="\xff\xfe\x00 garbage\n"),), "bad_answer"),
    Scenario("HTML instead of lists", (Fault("answer", _ALL, body=HTML),), "bad_answer"),
    Scenario("5 MB objects", (Fault("inflate"),), None),
    Scenario("403", (Fault("answer", _ALL, status=403, body=_FORBIDDEN),), "forbidden"),
    Scenario(
        "renewal",
        (Fault("rewrite", query={"timeoutSeconds": "6"}),),
        None,
        least_seconds=15.0,
        from_the_start=True,
    ),
)


def throttled(retry_after: int) -> Scenario:
    """429 with that many seconds in `Retry-After`."""
    fault = Fault("answer", _ALL, status=429, headers={"Retry-After": str(retry_after)})
    return Scenario("429 with Retry-After", (fault,), "too_many_requests", retry_after=retry_after)


class Figures(msgspec.Struct, kw_only=True):
    """What was measured. Seconds, from the fault's beginning or from its cure; None where it never was."""

    name: str
    seconds: float
    reasons: list[str]
    lost: int
    older: list[str]
    stale_after: float | None
    right_after: float
    live_after: float
    requests: int
    most_a_minute: int
    pauses: list[float]
    states: list[str]


async def suffer(stage: Stage, scenario: Scenario, seconds: float) -> Figures:
    """Runs a scenario for `seconds`, and until its viewers are right and live again."""
    key = "".join(c if c.isalnum() else "-" for c in scenario.name.lower())
    namespace = await asyncio.to_thread(stage.new_namespace, f"fault-{key}")
    harm = Harm(stage, scenario, namespace)
    async with stage.control_plane.admin_session() as session:
        writer = Writer(session, namespace)
        await writer.pod("steady", {"app": "steady"})
        if scenario.from_the_start:
            harm.begin()
        async with _two_viewers(stage, scenario.context, namespace) as watched:
            if not scenario.from_the_start:
                await _all_watched(stage, scenario.context, namespace)
            begun = time.monotonic()
            harm.begin()
            async with _writing(writer):
                await asyncio.sleep(max(seconds, scenario.least_seconds))
            cured = time.monotonic()
            harm.cure()
            truth = await writer.truth()
            right = [await each.shows(truth, cured + GIVE_UP_SECONDS) for each in watched]
            live = [await each.live(cured + GIVE_UP_SECONDS) for each in watched]
            asked = stage.asked(scenario.context, namespace, begun, cured)
            return _figures(scenario, watched, (begun, cured), (max(right), max(live)), asked)


class Harm:
    """A scenario's faults, kept to one namespace."""

    def __init__(self, stage: Stage, scenario: Scenario, namespace: str) -> None:
        self._proxy = stage.proxies[scenario.context]
        self._faults = {
            f"{namespace} {number}": msgspec.structs.replace(fault, namespaces=(namespace,))
            for number, fault in enumerate(scenario.faults)
        }

    def begin(self) -> None:
        """A second time changes nothing but strikes what is open again."""
        for name, fault in self._faults.items():
            self._proxy.apply(fault, name)

    def cure(self) -> None:
        """From now on all is well."""
        for name in self._faults:
            self._proxy.clear(name)


async def _all_watched(stage: Stage, context: str, namespace: str) -> None:
    """Waits for the watch of events, which is opened when the pods are live already."""

    def watched() -> bool:
        about = {"cluster": context, "resource": "events", "namespace": namespace}
        return stage.portal.metric("k8sportal_upstream_watches", **about) == 1

    await asyncio.to_thread(stage.portal.wait_until, watched, FIRST_SECONDS, "the events are watched")


@asynccontextmanager
async def _two_viewers(stage: Stage, context: str, namespace: str) -> AsyncIterator[list[Watched]]:
    """One of all pods, one with a filter that all pods pass."""
    async with (
        stage.viewing(context, namespace) as plain,
        stage.viewing(context, namespace, "&selector=app") as filtered,
    ):
        watched = [Watched(plain, namespace), Watched(filtered, namespace)]
        for each in watched:
            await each.live(time.monotonic() + FIRST_SECONDS)
        yield watched


@asynccontextmanager
async def _writing(writer: Writer) -> AsyncIterator[None]:
    """Pods change all the time: one counts its restarts up, one is made, deleted, and made again."""
    task = asyncio.create_task(_write(writer), name=f"writes to {writer.namespace}")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


async def _write(writer: Writer) -> None:
    for count in itertools.count(1):
        await writer.status("steady", running(count))
        if count % 2:
            await writer.pod("again", {"app": "again"})
        else:
            await writer.delete("again")
        await asyncio.sleep(WRITE_SECONDS)


def _figures(
    scenario: Scenario,
    watched: list[Watched],
    fault: tuple[float, float],
    recovered: tuple[float, float],
    asked: list[Asked],
) -> Figures:
    begun, cured = fault
    told = [state for each in watched for state in each.states(begun)]
    stale = [at for at, state, _ in told if state == "stale"]
    return Figures(
        name=scenario.name,
        seconds=cured - begun,
        reasons=sorted({code for _, _, code in told if code}),
        states=sorted({state for _, state, _ in told}),
        lost=sum(each.viewer.closed_at is not None for each in watched),
        older=[older for each in watched for older in older_shown(each.viewer)],
        stale_after=min(stale) - begun if stale else None,
        right_after=recovered[0] - cured,
        live_after=recovered[1] - cured,
        requests=len(asked),
        most_a_minute=most_within(60.0, [each.at for each in asked]),
        pauses=pauses(asked),
    )


def most_within(seconds: float, moments: list[float]) -> int:
    """The most of `moments` (ascending) that fall into any span of so many seconds."""
    return max((bisect_left(moments, at + seconds) - n for n, at in enumerate(moments)), default=0)


def pauses(asked: list[Asked]) -> list[float]:
    """The seconds between requests of each kind, the shortest first."""
    moments: dict[str, list[float]] = {}
    for each in asked:
        moments.setdefault(each.resource, []).append(each.at)
    return sorted(after - before for each in moments.values() for before, after in itertools.pairwise(each))
