"""A follower converges whatever is lost, doubled or late, and believes nobody who holds no more."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pods.live import following
from pods.live.following import SILENT_SECONDS
from tests.live.stage import Stage

STEPS = {
    "put": 10, "delete": 4, "beat": 6, "deliver": 12, "arrive": 4, "lose": 5, "double": 3, "wait": 3,
    "take_over": 1, "hand_over": 1, "old": 2,
}  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 11)), max_size=60))
def test_a_follower_converges(steps: list[tuple[str, int]]) -> None:
    stage = Stage()
    for step in steps:
        stage.play(*step)
    stage.converge()


@pytest.mark.parametrize("seed", range(20))
def test_a_follower_converges_through_a_long_life(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MAX_EARLY", 3)
    rng = random.Random(seed)
    stage = Stage()
    for step in rng.choices(list(STEPS), list(STEPS.values()), k=600):
        stage.play(step, rng.randrange(12))
    stage.converge()


def synced() -> Stage:
    stage = Stage()
    stage.play("put", 0)
    stage.converge()
    return stage


def test_in_order_nothing_is_asked_for_again() -> None:
    stage = synced()
    for number in range(20):
        stage.play("put", number)
        stage.play("arrive", 0)
        stage.play("beat", 0)
        stage.play("arrive", 0)
        assert stage.replica.following.ask(stage.now) is None
    assert stage.replica.records == stage.world


def test_a_lost_last_batch_is_noticed_by_the_next_beat() -> None:
    stage = synced()
    stage.play("put", 1)
    stage.play("lose", 0)
    assert stage.replica.following.ask(stage.now) is None
    stage.holder.beat()
    stage.do_arrive(0)
    assert stage.replica.following.ask(stage.now) is not None


def test_a_gap_waits_for_the_picture_and_goes_on_behind_it() -> None:
    stage = synced()
    stage.play("put", 1)
    stage.play("lose", 0)
    stage.holder.change(stage.world[stage.slots[0]], stage.slots[0], stage.version)
    stage.do_arrive(0)
    picture = stage.replica.following.ask(stage.now)
    assert picture is not None
    stage.holder.answer(picture)
    stage.play("put", 2)
    stage.play("put", 3)
    stage.under_way.reverse()  # the batches come before the picture that they follow
    stage.do_arrive(0)
    assert stage.replica.records == stage.world
    assert stage.replica.following.ask(stage.now) is None


def test_a_former_holder_is_refused() -> None:
    stage = synced()
    stage.play("take_over", 0)
    stage.play("put", 0)
    stage.converge()
    shown = dict(stage.replica.records)
    stage.play("old", 0)
    stage.play("arrive", 0)
    assert stage.replica.refused == 2
    assert stage.replica.records == shown
    assert stage.replica.following.ask(stage.now) is None


def test_a_clean_handover_costs_no_picture() -> None:
    stage = synced()
    stage.play("hand_over", 0)
    stage.play("arrive", 0)
    assert stage.replica.following.handed == stage.replica.following.position
    stage.play("put", 1)
    stage.play("beat", 0)
    stage.play("arrive", 0)
    assert stage.replica.following.ask(stage.now) is None
    assert stage.replica.records == stage.world


def test_what_one_that_left_did_not_answer_is_asked_of_the_next_at_once() -> None:
    """Who waited for a moment longer had nothing to go on from when that one left too."""
    stage = synced()
    stage.play("put", 1)
    stage.play("lose", 0)
    stage.holder.beat()
    stage.do_arrive(0)
    unanswered = stage.replica.following.ask(stage.now)
    assert unanswered is not None
    assert stage.replica.following.ask(stage.now) is None
    stage.do_hand_over(0)
    stage.holder.beat()
    stage.do_arrive(0)
    again = stage.replica.following.ask(stage.now)
    assert again not in (None, unanswered)


def test_silence_is_noticed() -> None:
    stage = synced()
    assert not stage.replica.following.silent(stage.now + SILENT_SECONDS - 0.1)
    assert stage.replica.following.silent(stage.now + SILENT_SECONDS)
