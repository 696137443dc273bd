"""Lines out of a log's bytes, however these are cut."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pods.domain.loglines import CUT_MARK, MAX_LINE_BYTES, LineSplitter, LogLine

TIME = "2026-11-25T12:00:00.123456789Z"


def lines_of(*chunks: bytes) -> list[LogLine]:
    splitter = LineSplitter()
    return [line for chunk in chunks for line in splitter.take(chunk)] + splitter.finish()


def test_a_line_is_its_time_and_its_text() -> None:
    assert lines_of(f"{TIME} hello  world\r\n".encode()) == [LogLine(TIME, "hello  world")]


def test_words_of_the_kubelet_have_no_time() -> None:
    assert lines_of(b"rpc error: no such container\n") == [LogLine(None, "rpc error: no such container")]


def test_an_empty_line_and_one_without_its_end_are_lines() -> None:
    assert lines_of(f"{TIME} \n{TIME} half".encode()) == [LogLine(TIME, ""), LogLine(TIME, "half")]


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert lines_of(b"caf\xc3\xa9 \xff\n") == [LogLine(None, "café �")]


def test_a_line_that_is_too_long_is_cut_and_says_so() -> None:
    text = b"x" * (3 * MAX_LINE_BYTES)
    (cut, after) = lines_of(text[:1000], text[1000:] + b"\nnext\n")
    assert cut == LogLine(None, "x" * MAX_LINE_BYTES + CUT_MARK, cut=True)
    assert after == LogLine(None, "next")


def test_nothing_more_is_held_than_one_line() -> None:
    splitter = LineSplitter()
    for _ in range(100):
        assert splitter.take(b"y" * MAX_LINE_BYTES) == []
    (line,) = splitter.finish()
    assert len(line.text) == MAX_LINE_BYTES + len(CUT_MARK)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_lines_do_not_depend_on_how_the_bytes_are_cut(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[start:end] for start, end in itertools.pairwise(places)]
    assert lines_of(*chunks) == lines_of(data)
