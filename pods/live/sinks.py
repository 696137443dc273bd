"""Both: one reflector that fills two sinks."""

from typing import Generic, TypeVar

from pods.kube.listwatch import Event
from pods.live.reflector import Identified, Sink

T = TypeVar("T", bound=Identified)


class Both(Generic[T]):
    """Hands on to `first`, then to `second`."""

    def __init__(self, first: Sink[T], second: Sink[T]) -> None:
        self._sinks = (first, second)

    def replace(self, items: list[T]) -> None:
        """A whole list."""
        for sink in self._sinks:
            sink.replace(items)

    def apply(self, events: list[Event[T]]) -> None:
        """Changes, in their order."""
        for sink in self._sinks:
            sink.apply(events)
