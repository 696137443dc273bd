"""Threads beside a test."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def beside(work: Callable[[threading.Event], object], name: str) -> Iterator[None]:
    """Runs `work` in a thread; at the block's end its event is set, and its end waited for."""
    ended = threading.Event()
    thread = threading.Thread(target=work, args=(ended,), name=name)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
