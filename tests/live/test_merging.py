"""Joining what is held with what is told: no pod goes back, and one that is gone stays gone."""

import random

import msgspec

from pods.kube.resource import PodRecord
from pods.live.merging import merge
from tests.live.fakes import pod

# 0 is no version.
FIRST = 10
UIDS = ("a", "b", "c", "d")


def at(uid: str, version: int) -> PodRecord:
    return msgspec.structs.replace(pod(uid), version=version)


def state(history: list[tuple[str, bool]], upto: int) -> tuple[dict[str, PodRecord], set[str]]:
    """What is there and what is gone for good after `upto` versions: at each something happens to one pod."""
    there: dict[str, PodRecord] = {}
    gone: set[str] = set()
    for version, (uid, lives) in enumerate(history[:upto], start=FIRST):
        if uid in gone:
            continue
        if lives:
            there[uid] = at(uid, version)
        elif there.pop(uid, None) is not None:
            gone.add(uid)
    return there, gone


def test_of_two_who_watch_the_one_that_knows_more_is_right() -> None:
    for seed in range(3000):
        compare(random.Random(seed))


def compare(rng: random.Random) -> None:
    """One history, of which each of the two has seen so much."""
    history = [(rng.choice(UIDS), rng.random() < 0.7) for _ in range(12)]
    here, elsewhere = rng.randrange(13), rng.randrange(13)
    held, gone = state(history, here)
    told, _ = state(history, elsewhere)
    newest, _ = state(history, max(here, elsewhere))
    merged = merge(held, gone, told.values(), FIRST - 1 + elsewhere)
    assert {record.uid: record for record in merged.records} == newest
    assert bool(merged.ahead) == (here > elsewhere and told != newest)


def test_versions_that_are_none_do_not_compare() -> None:
    told = merge({"a": at("a", 9)}, set(), [at("a", 0)], 0)
    assert told.records == [at("a", 0)]
    assert merge({"b": at("b", 9)}, set(), [], 0).records == []
