"""Lengths of time as kubectl prints them."""

import pytest

from democluster import ages
from pods.domain.duration import human_duration

DAY = 86_400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-0.5, "0s"),
        (119.9, "119s"),
        (120, "2m"),
        (330, "5m30s"),
        (3600, "60m"),
        (3 * 3600 + 60, "3h1m"),
        (47 * 3600, "47h"),
        (2 * DAY + 4 * 3600, "2d4h"),
        (400 * DAY, "400d"),
        (730 * DAY, "2y"),
        (735 * DAY, "2y5d"),
        (9 * 365 * DAY, "9y"),
    ],
)
def test_a_length_of_time(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


def test_the_api_server_of_the_demo_prints_the_same() -> None:
    lengths = [seconds * step for step in (1, 61, 3599, 43_201, 7 * DAY + 1) for seconds in range(-2, 700)]
    assert [human_duration(one) for one in lengths] == [ages.human(one) for one in lengths]
