"""Tasks that have an owner: named, ended by whoever started them, and never lost without a word."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

import structlog

log = structlog.get_logger(__name__)


def owned_task(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """Starts `work`; the caller owns the task. If it fails, an error in the log says so."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_log_failure)
    return task


async def end_tasks(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancels each and waits for their ends."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    if ending:
        await asyncio.wait(ending)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("task_failed", task=task.get_name(), exc_info=task.exception())
