"""How a container ended, in words: now, or before its present run or back-off."""

from __future__ import annotations

from collections.abc import Iterator

from pods.domain.apitime import api_time
from pods.domain.oneline import one_line
from pods.domain.podobject import ContainerStatus, Terminated
from pods.domain.row import Detail, Next, ParamValue, Why
from pods.domain.startwhy import start
from pods.domain.whytexts import DETAILS, detail, next_step, reason

# The usual names of the signals that end programs; the numbers are those of Linux.
_SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    15: "SIGTERM",
}

# The runtime could not start the container's program; the message says why.
_NOT_STARTED = frozenset({"StartError", "ContainerCannotRun"})

_NEXT_OF_CODE = {0: "next_exit_0", 126: "next_command", 127: "next_command", 137: "next_killed"}


def end(container: ContainerStatus) -> Why:
    """Why a container that is not ready ended."""
    name, restarts = container.name, container.restart_count
    now = container.state.terminated if container.state else None
    ended = now or last_end(container)
    if ended is None:
        return reason("crash_loop", container=name, restarts=restarts)
    details = [*_exit_words(ended), *_about_the_run(ended)]
    if ended.reason == "OOMKilled":
        often = [detail("restarts", restarts=restarts)] if restarts else []
        return reason("out_of_memory", *_about_the_run(ended), *often, container=name)
    if ended.reason == "ContainerStatusUnknown":
        return reason("status_unknown", container=name)
    if ended.reason in _NOT_STARTED and ended.message:
        return start(name, ended.reason, ended.message)
    how, params = _exit(ended)
    step = _next(ended, is_over=now is not None)
    if now is not None:
        message = one_line(now.message)
        if message and how == "exit_code":
            said = [one for one in details if one.code != "last_words"]
            return reason("exit_code_message", *said, next=step, container=name, message=message, **params)
        return reason(how, *details, next=step, container=name, **params)
    if container.state is not None and container.state.waiting is not None:
        return reason(f"crash_loop_{how}", *details, next=step, container=name, restarts=restarts, **params)
    often = [detail("restarts", restarts=restarts)] if restarts else []
    return reason(f"restarted_{how}", *details, *often, next=step, container=name, **params)


def last_end(container: ContainerStatus) -> Terminated | None:
    """The end of the container's former run."""
    return container.last_state.terminated if container.last_state else None


def _exit(ended: Terminated) -> tuple[str, dict[str, ParamValue]]:
    """Whether an exit code or a signal ended a run, and which: runtimes report signal n as code 128 + n."""
    number = ended.signal or ended.exit_code - 128
    if ended.signal or number in _SIGNALS:
        return "signal", {"signal": _SIGNALS.get(number, f"SIG{number}")}
    return "exit_code", {"exit_code": ended.exit_code}


def _code(ended: Terminated) -> int:
    return 128 + ended.signal if ended.signal else ended.exit_code


def _exit_words(ended: Terminated) -> Iterator[Detail]:
    """What its exit code usually means, where it usually means something."""
    code = f"exit_{_code(ended)}"
    if code in DETAILS:
        yield detail(code)


def _about_the_run(ended: Terminated) -> Iterator[Detail]:
    """What the program left as its last words, and when it ran."""
    message = one_line(ended.message)
    if message:
        yield detail("last_words", message=message)
    started, finished = api_time(ended.started_at), api_time(ended.finished_at)
    if started and finished:
        yield detail("last_run", started=started, finished=finished)


def _next(ended: Terminated, is_over: bool) -> Next:
    code = _code(ended)
    if code in (130, 143):
        return next_step("next_asked_to_end")
    return next_step(_NEXT_OF_CODE.get(code, "next_log" if is_over else "next_last_log"))
