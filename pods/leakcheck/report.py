"""A check's outcome for people: two tables and a sentence."""

from collections.abc import Iterator, Sequence

from pods.leakcheck.check import Outcome
from pods.leakcheck.counts import COUNTS

MIB = 1024 * 1024


def report(outcome: Outcome) -> str:
    """What was done, what is held before and after, and what that means."""
    return "\n".join(
        [
            *_table(("way of leaving", "cycles", "a second", "failed", "left soon after"), _ways(outcome)),
            "",
            *_table(("what", "before", "after", "left"), _counts(outcome)),
            "",
            *_failures(outcome),
            verdict(outcome),
        ]
    )


def verdict(outcome: Outcome) -> str:
    """One sentence: what is left, or that nothing is."""
    if not outcome.left:
        return f"Nothing is left, {outcome.waited:.1f} s after the last leaving."
    left = ", ".join(f"{count} {name}" for name, count in outcome.left.items())
    return f"Left {outcome.waited:.1f} s after the last leaving: {left}."


def _ways(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    for done in outcome.done:
        left = ", ".join(f"{count} {name}" for name, count in done.left.items())
        failed = done.failures.total()
        yield done.way.name, str(done.cycles), f"{done.rate:.0f}", str(failed or "-"), left or "-"


def _counts(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    before, after = outcome.before, outcome.after
    for name in COUNTS:
        left = outcome.left.get(name, 0)
        yield name, str(before.counts[name]), str(after.counts[name]), str(left or "-")
    yield "memory, MiB", f"{before.memory / MIB:.1f}", f"{after.memory / MIB:.1f}", "not judged"


def _failures(outcome: Outcome) -> Iterator[str]:
    for why, count in outcome.failures.items():
        yield f"Failed {count} times: {why}."


def _table(heads: Sequence[str], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    """Columns as wide as their widest entry; the first and the last are words, the others figures."""
    lines = [tuple(heads), *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:-1], widths[1:-1], strict=True)]
        yield "  ".join([*cells, line[-1]]).rstrip()
