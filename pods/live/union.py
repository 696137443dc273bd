"""Union: the feeds of several namespaces of one cluster seen as one, for `namespace=*`.

For credentials that may not list the whole cluster, and for people who may see few of its
namespaces: what is watched is what they may see, and not more.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from pods.clock import Clock
from pods.domain.scope import ALL_NAMESPACES, Scope
from pods.kube.resource import PodRecord
from pods.kube.workloads import RolloutRecord
from pods.live.feed import Feed
from pods.live.status import SEVERITY, FeedState
from pods.live.store import Changes

if TYPE_CHECKING:
    from pods.live.hub import Hub

R = TypeVar("R", PodRecord, RolloutRecord)


class Union:
    """Owns the use of its members' feeds while it runs. Members are scopes of one cluster."""

    def __init__(self, hub: "Hub", members: tuple[Scope, ...], clock: Clock) -> None:
        self._hub = hub
        self._records: dict[str, PodRecord] = {}
        self._rollouts: dict[str, RolloutRecord] = {}
        self._members = [hub.acquire(scope) for scope in members]
        self._feeds = [running.feed for running in self._members]
        self.feed = Feed(
            members[0].cluster, ALL_NAMESPACES, self._records, self._state, clock, self._rollouts
        )
        for feed in self._feeds:
            feed.followers.add(self)
        self._listeners = [(feed, self._listener(feed)) for feed in self._feeds]
        for feed, listener in self._listeners:
            feed.listeners.add(listener)
            listener({uid: record.row.namespace for uid, record in feed.records.items()})
            listener({uid: record.rollout.namespace for uid, record in feed.rollouts.items()})

    async def run(self) -> None:
        """Nothing of its own to do: the members' tasks fill it."""
        self.wake()
        await asyncio.get_running_loop().create_future()

    def restart(self) -> None:
        """Lists and watches every member anew."""
        for running in self._members:
            running.source.restart()

    def close(self) -> None:
        """Gives the members back."""
        for feed, listener in self._listeners:
            feed.listeners.discard(listener)
            feed.followers.discard(self)
        for running in self._members:
            self._hub.release(running, lingers=False)

    def wake(self) -> None:
        """A member moved, or its state changed. What never comes (refused) is not waited for."""
        if all(feed.synced or feed.state().state == "stale" for feed in self._feeds):
            self.feed.sync()
        self.feed.check_state()

    def _listener(self, member: Feed) -> Callable[[Changes], None]:
        def changed(changes: Changes) -> None:
            for uid in changes:
                _follow(self._records, member.records, uid)
                _follow(self._rollouts, member.rollouts, uid)
            self.feed.changed(changes)

        return changed

    def _state(self) -> FeedState:
        return max((feed.state() for feed in self._feeds), key=_badness)


def _follow(own: dict[str, R], member: Mapping[str, R], uid: str) -> None:
    record = member.get(uid)
    if record is None:
        own.pop(uid, None)
    else:
        own[uid] = record


def _badness(state: FeedState) -> tuple[int, bool, bool, float]:
    """The worst is what all is: the worst state, with a reason, and of those the one since the longest.

    When all are live, the last to become so says since when.
    """
    since = state.since.timestamp() if state.since is not None else 0.0
    longest = since if state.state == "live" else -since
    return SEVERITY[state.state], state.reason is not None, state.since is None, longest
