"""The check itself: a baseline, so many cycles of each way of leaving, and the return to the baseline."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pods.leakcheck.counts import COUNTS, POOLED, PROMPT, REAPED, RETURNING, Reading, read
from pods.leakcheck.target import Address, CannotCheckError, Target
from pods.leakcheck.ways import Way
from pods.leakcheck.wire import UnexpectedError, connected

# Everything must be as before within this time of the last leaving.
RETURN_SECONDS = 20.0
# One cycle of any way. Under load a portal may be slow; it must not hang.
CYCLE_SECONDS = 30.0
# How long a way's own viewers may take to be gone, so that what is left can be told by way.
GONE_SECONDS = 5.0
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Plan:
    """What is to be done. `say` is told of each step; `concurrency` bounds the sockets at any time."""

    target: Target
    metrics: Sequence[Address]
    ways: Sequence[Way]
    cycles: int
    concurrency: int
    say: Callable[[str], None]


@dataclass
class Done:
    """The cycles of one way: how many, in how many seconds, why some failed, what was left soon after."""

    way: Way
    cycles: int = 0
    seconds: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)
    left: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Cycles a second."""
        return self.cycles / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Outcome:
    """What a check found: `left` is what was not as before `waited` seconds after the last leaving."""

    before: Reading
    after: Reading
    waited: float
    done: list[Done]

    @property
    def left(self) -> dict[str, int]:
        """By how much each count is too high."""
        return self.after.beyond(self.before)

    @property
    def failures(self) -> Counter[str]:
        """Why cycles could not be done, by way and reason."""
        return Counter(
            {f"{done.way.name}: {why}": count for done in self.done for why, count in done.failures.items()}
        )


async def check(plan: Plan) -> Outcome:
    """Does all of it. Raises CannotCheckError where nothing can be said.

    Threads, files and connections come from pools, too (SQLite keeps a closed connection's file while another
    holds a lock, and uses it again; connections to Redis and a replica's own channel are kept). Where nothing
    else is left, it is all done once more: a pool that was full late does not grow again, a leak does.
    """
    outcome = await _round(plan, await _baseline(plan))
    if outcome.left and outcome.left.keys() <= set(POOLED):
        plan.say(f"{', '.join(outcome.left)}: once more, to tell a pool from a leak")
        outcome = await _round(plan, outcome.after)
    if outcome.after.started != outcome.before.started:
        raise CannotCheckError("A portal process was started anew meanwhile: nothing can be said.")
    return outcome


async def _round(plan: Plan, before: Reading) -> Outcome:
    """Every way of leaving, and the return to `before`."""
    done = []
    last = before
    for way in plan.ways:
        found = await _cycles(plan, way, plan.cycles)
        soon, _ = await _until_back(plan, last, PROMPT, GONE_SECONDS)
        found.left = soon.beyond(last, PROMPT)
        if found.left:
            last = soon
        done.append(found)
        plan.say(f"{way.name}: {found.cycles} cycles, {found.rate:.0f} a second")
    after, waited = await _until_back(plan, before, tuple(COUNTS), RETURN_SECONDS)
    return Outcome(before, after, waited, done)


async def _baseline(plan: Plan) -> Reading:
    """What is held before: as it is found, or less where that is less once the warm-up is over.

    Threads, tasks and files of the process are those after a warm-up with as many viewers at a time as
    later: pools fill at first use.
    """
    found = await read(plan.metrics)
    await _see_the_view(plan.target)
    for way in plan.ways:
        await _cycles(plan, way, plan.concurrency)
    warm, _ = await _until_back(plan, found, RETURNING, RETURN_SECONDS)
    least = [
        warmed | {name: min(cold[name], warmed[name]) for name in RETURNING}
        for cold, warmed in zip(found.replicas, warm.replicas, strict=True)
    ]
    return Reading(tuple(least), warm.memory, found.started)


async def _see_the_view(target: Target) -> None:
    """One viewer that stays for its first rows. Raises CannotCheckError where it gets none."""
    try:
        async with asyncio.timeout(CYCLE_SECONDS), connected(target) as connection:
            await connection.open()
            await connection.until("snapshot")
    except UnexpectedError as error:
        raise CannotCheckError(f"The view {target.query} cannot be looked at: {error}.") from error
    except TimeoutError as error:
        text = f"No rows of {target.query} came within {CYCLE_SECONDS:.0f} s."
        raise CannotCheckError(text) from error
    except (OSError, EOFError) as error:
        raise CannotCheckError(f"{target.portal} cannot be reached: {error}.") from error


async def _cycles(plan: Plan, way: Way, count: int) -> Done:
    """`count` cycles of one way, so many at a time as the plan's bound allows."""
    done = Done(way)
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            why = await _cycle(way, plan.target, number)
            done.cycles += 1
            if why is not None:
                done.failures[why] += 1

    started = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(max(1, min(count, plan.concurrency // way.sockets))):
            group.create_task(work(), name=f"leakcheck {way.name} {number}")
    done.seconds = time.monotonic() - started
    return done


async def _cycle(way: Way, target: Target, number: int) -> str | None:
    """One cycle; why it could not be done, or None."""
    try:
        async with asyncio.timeout(CYCLE_SECONDS):
            await way.leave(target, number)
    except TimeoutError:
        return f"not done within {CYCLE_SECONDS:.0f} s"
    except UnexpectedError as error:
        return str(error)
    except EOFError:
        return "the portal ended the connection"
    except OSError as error:
        return str(error.strerror or error)
    except ExceptionGroup as group:
        return _first(group)
    return None


def _first(group: ExceptionGroup[Exception]) -> str:
    """The reason of the first of several sockets' failures. Raises what is no such failure."""
    expected, rest = group.split((UnexpectedError, EOFError, OSError))
    if rest is not None:
        raise rest
    first: BaseException = expected or group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return str(first)


async def _until_back(
    plan: Plan, before: Reading, names: Sequence[str], seconds: float
) -> tuple[Reading, float]:
    """Reads until nothing of `names` is beyond `before`, at most `seconds`: the last reading, the time.

    What was reaped stays so: it is not waited for.
    """
    started = time.monotonic()
    while True:
        now = await read(plan.metrics)
        waited = time.monotonic() - started
        if now.beyond(before, names).keys() <= {REAPED} or waited > seconds:
            return now, waited
        await asyncio.sleep(POLL_SECONDS)
