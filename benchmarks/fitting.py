"""Least squares with coefficients that cannot be negative: what each thing costs, from sums of them."""

from collections.abc import Mapping, Sequence

ROUNDS = 20_000


def fit(rows: Sequence[Mapping[str, float]], target: str, names: Sequence[str]) -> dict[str, float]:
    """The coefficients by which the columns `names` add up to `target` best; each at least 0."""
    columns = [[row[name] for row in rows] for name in names]
    wanted = [row[target] for row in rows]
    found = [0.0] * len(names)
    rest = list(wanted)
    for _ in range(ROUNDS):
        moved = 0.0
        for place, column in enumerate(columns):
            norm = sum(value * value for value in column)
            if not norm:
                continue
            step = sum(value * left for value, left in zip(column, rest, strict=True)) / norm
            new = max(0.0, found[place] + step)
            change, found[place] = new - found[place], new
            rest = [left - change * value for left, value in zip(rest, column, strict=True)]
            moved = max(moved, abs(change) * norm**0.5)
        if moved < 1e-12:
            break
    return dict(zip(names, found, strict=True))


def predicted(row: Mapping[str, float], coefficients: Mapping[str, float]) -> float:
    """What the model says of one measurement."""
    return sum(row[name] * value for name, value in coefficients.items())


def quality(
    rows: Sequence[Mapping[str, float]], target: str, coefficients: Mapping[str, float]
) -> dict[str, float]:
    """How well it fits: the share of the variation that it explains; errors as shares of the largest."""
    wanted = [row[target] for row in rows]
    errors = [row[target] - predicted(row, coefficients) for row in rows]
    mean = sum(wanted) / len(wanted)
    spread = sum((value - mean) ** 2 for value in wanted)
    largest = max(abs(value) for value in wanted) or 1.0
    return {
        "r2": 1 - sum(error * error for error in errors) / spread if spread else 1.0,
        "median_error": sorted(abs(error) for error in errors)[len(errors) // 2] / largest,
        "worst_error": max(abs(error) for error in errors) / largest,
    }
