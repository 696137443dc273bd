"""What is on its way to a viewer is counted, and who acknowledges nothing is found out."""

import pytest

from pods.live.outbox import SLOW_SECONDS, WINDOW_BYTES, Outbox
from pods.live.snapshot import Frame


def _frame(offset: int, size: int, part: int | None = None) -> Frame:
    return Frame("", size, offset, part)


def test_there_is_room_until_the_window_is_full() -> None:
    outbox = Outbox()
    room = []
    for frame in (_frame(1, WINDOW_BYTES - 1), _frame(2, 1)):
        outbox.sent("a", frame, 0.0)
        room.append(outbox.has_room)
    assert room == [True, False]
    outbox.acknowledged("a", 1, None)
    assert outbox.unacknowledged == 1


def test_an_acknowledgement_covers_all_before_it() -> None:
    outbox = Outbox()
    for offset in (1, 2, 3):
        outbox.sent("a", _frame(offset, 10), 0.0)
    outbox.sent("b", _frame(1, 10), 0.0)
    outbox.acknowledged("a", 2, None)
    assert outbox.unacknowledged == 20
    outbox.acknowledged("a", 2, None)
    outbox.acknowledged("a", 0, None)
    outbox.acknowledged("unknown", 9, None)
    assert outbox.unacknowledged == 20


@pytest.mark.parametrize(("part", "left"), [(1, 30), (2, 20), (None, 10)])
def test_a_part_covers_the_parts_before_it_and_none_means_all(part: int | None, left: int) -> None:
    outbox = Outbox()
    for number in (1, 2, 3):
        outbox.sent("a", _frame(7, 10, number), 0.0)
    outbox.sent("a", _frame(8, 10), 0.0)
    outbox.acknowledged("a", 7, part)
    assert outbox.unacknowledged == left


def test_a_part_that_was_not_sent_acknowledges_nothing() -> None:
    outbox = Outbox()
    for number in (1, 2):
        outbox.sent("a", _frame(7, 10, number), 0.0)
    outbox.acknowledged("a", 7, 999)
    assert outbox.unacknowledged == 20
    outbox.acknowledged("a", 7, 2)
    assert outbox.unacknowledged == 0


def test_a_subscription_that_is_gone_counts_no_more() -> None:
    outbox = Outbox()
    outbox.sent("a", _frame(1, 10), 0.0)
    outbox.sent("b", _frame(1, 10), 0.0)
    outbox.forget("a")
    outbox.forget("a")
    assert outbox.unacknowledged == 10


def test_slow_is_who_acknowledges_nothing_for_a_minute_while_something_waits() -> None:
    outbox = Outbox()
    outbox.sent("a", _frame(1, 10), 0.0)
    outbox.sent("a", _frame(2, 10), 0.0)
    assert not outbox.waiting(0)
    assert not outbox.waiting(SLOW_SECONDS - 0.1)
    outbox.acknowledged("a", 1, None)
    assert not outbox.waiting(SLOW_SECONDS)
    outbox.acknowledged("a", 1, None)
    assert outbox.waiting(2 * SLOW_SECONDS), "an acknowledgement of nothing new is none"
    outbox.flowing()
    assert not outbox.waiting(3 * SLOW_SECONDS)
