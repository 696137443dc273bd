"""Logs of the demo's containers: made up from the clock, so that two readers read the same.

A container that runs writes a line every two seconds. One that ended wrote until then, and last of all why.
The refusals are the API server's and the kubelet's, in their words.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from democluster.kinds import Object
from democluster.status import bad_request

EVERY_SECONDS = 2.0
# A reader that follows looks this often whether its container still runs.
LOOK_SECONDS = 1.0
MOST_LINES = 10_000

_LINES = (
    'level=info msg="request served" method=GET path=/healthz status=200 duration=1ms',
    'level=info msg="request served" method=GET path=/api/items status=200 duration=12ms',
    'level=info msg="request served" method=POST path=/api/orders status=201 duration=48ms',
    'level=debug msg="cache looked at" key=items hit=true',
    'level=warn msg="slow query" table=orders duration=312ms',
    'level=info msg="queue is empty" queue=mail',
)


@dataclass(frozen=True)
class LogOptions:
    """What a reader asks for: `since` in Unix seconds, `tail` in lines (None: all there are)."""

    container: str
    previous: bool
    follow: bool
    timestamps: bool
    tail: int | None
    since: float


@dataclass(frozen=True)
class Run:
    """One run of a container, in Unix seconds; `ended` is None while it lasts."""

    seed: int
    started: float
    ended: float | None
    last_words: str


def parse_log_options(query: Mapping[str, str]) -> LogOptions:
    """Raises ApiError (400) for what the API server refuses."""
    try:
        tail = int(query["tailLines"]) if query.get("tailLines") else None
        since = _seconds(query["sinceTime"]) if query.get("sinceTime") else 0.0
    except ValueError as error:
        raise bad_request("tailLines or sinceTime is malformed") from error
    flags = {name: query.get(name) in ("true", "1") for name in ("previous", "follow", "timestamps")}
    return LogOptions(query.get("container", ""), tail=tail, since=since, **flags)


def run_of(pod: Object, options: LogOptions) -> Run:
    """The run whose log is asked for. Raises ApiError (400) where there is none."""
    name, spec, status = pod["metadata"]["name"], pod["spec"], pod.get("status", {})
    own = [one["name"] for one in spec.get("containers", ())]
    init = [one["name"] for one in spec.get("initContainers", ())]
    container = options.container or (own[0] if len(own) == 1 else "")
    if not container:
        choice = " ".join(own)
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{choice}]")
    if container not in own + init:
        raise bad_request(f"container {container} is not valid for pod {name}")
    found = [
        one
        for part in ("containerStatuses", "initContainerStatuses")
        for one in status.get(part, ())
        if one["name"] == container
    ]
    state = found[0].get("lastState" if options.previous else "state", {}) if found else {}
    if "running" not in state and "terminated" not in state:
        if options.previous:
            raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
        if found and "terminated" in found[0].get("lastState", {}):
            state = found[0]["lastState"]  # as the kubelet: between two runs the last one's is served
        else:
            raise bad_request(
                f'container "{container}" in pod "{name}" is waiting to start: ContainerCreating'
            )
    return _run(zlib.crc32(f"{name}/{container}".encode()), state)


def _run(seed: int, state: Object) -> Run:
    if "running" in state:
        return Run(seed, _seconds(state["running"]["startedAt"]), None, "")
    ended = state["terminated"]
    finished = _seconds(ended["finishedAt"])
    started = _seconds(ended.get("startedAt") or ended["finishedAt"])
    words = 'level=info msg="done"'
    if ended.get("exitCode"):
        reason = ended.get("reason") or "Error"
        words = f'level=fatal msg="giving up" reason={reason} exit_code={ended["exitCode"]}'
    return Run(seed, started, finished, words)


def lines(run: Run, after: float, until: float, options: LogOptions) -> list[bytes]:
    """The lines later than `after` and not later than `until`, at most MOST_LINES and the last words."""
    last = min(until, run.ended if run.ended is not None else until)
    first = max(_tick(run, max(after, options.since)) + 1, 0, _tick(run, last) - MOST_LINES)
    made = [
        _line(run.started + tick * EVERY_SECONDS, _words(run.seed, tick), options)
        for tick in range(first, _tick(run, last) + 1)
    ]
    if run.ended is not None and max(after, options.since) < run.ended <= until:
        made.append(_line(run.ended, run.last_words, options))
    return made


def _tick(run: Run, moment: float) -> int:
    """The number of the last line that is not later."""
    return int((moment - run.started) // EVERY_SECONDS)


async def follow(
    run_now: Callable[[], Run | None], clock: Callable[[], float], options: LogOptions
) -> AsyncIterator[bytes]:
    """The log of the run that `run_now` gives, until that run is over or is another's."""
    run = run_now()
    if run is None:
        return
    started, sent = run.started, clock()
    first = lines(run, 0.0, sent, options)
    yield b"".join(first if options.tail is None else first[len(first) - min(options.tail, len(first)) :])
    while options.follow and run.ended is None:
        await asyncio.sleep(LOOK_SECONDS)
        run, now = run_now(), clock()
        if run is None or run.started != started:
            return
        yield b"".join(lines(run, sent, now, options))
        sent = now


def _words(seed: int, tick: int) -> str:
    return _LINES[zlib.crc32(f"{seed}/{tick}".encode()) % len(_LINES)]


def _line(moment: float, words: str, options: LogOptions) -> bytes:
    stamp = datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds").replace("+00:00", "000Z")
    return f"{stamp} {words}\n".encode() if options.timestamps else f"{words}\n".encode()


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
