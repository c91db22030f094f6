"""The gate's rule: which differences between champion and challenger keep a challenger out.

Belongs here: the table of comparisons, and what it says. Does not belong here: measuring either of them (a model's
own `promotion`).

A difference is measured in pairs, on the same sessions, and with an interval from resamples of whole sessions. A
challenger has learned from newer data, so where neither is shown to be better it takes over; it is kept out where it
is shown to be worse, overall or on any protected slice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

CONFIDENCE = 0.95
"""The share of resamples within an interval."""

COMPARISON: dict[str, pl.DataType] = {
    "slice": pl.String(),
    "metric": pl.String(),
    "sessions": pl.Int64(),
    "champion": pl.Float64(),
    "challenger": pl.Float64(),
    "difference": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "passed": pl.Boolean(),
}
"""A row a protected slice and metric. `difference` is the challenger's less the champion's, `low` and `high` bound
its interval; `passed` is false where even `high` is below 0."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """What the gate says of a challenger.

    Attributes:
        refused: why it may not serve, a sentence a reason; empty where it may.
        comparison: COMPARISON with the champion; empty where there is none to compare with.
        there: whether there is a challenger at all.
    """

    refused: tuple[str, ...] = ()
    comparison: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=COMPARISON))
    there: bool = True


def compared(
    name: str,
    metric: str,
    sessions: int,
    measured: tuple[float, float],
    resampled: npt.NDArray[np.float64],
) -> tuple[object, ...]:
    """A row of COMPARISON.

    Args:
        measured: the champion's and the challenger's.
        resampled: their differences in resamples; NaN where there was nothing to measure.
    """
    champion, challenger = measured
    known = resampled[~np.isnan(resampled)]
    tail = (1 - CONFIDENCE) / 2
    low, high = (
        (float(np.quantile(known, tail)), float(np.quantile(known, 1 - tail)))
        if known.size
        else (-np.inf, np.inf)
    )
    return (name, metric, sessions, champion, challenger, challenger - champion, low, high, high >= 0)


def judged(rows: Iterable[tuple[object, ...]]) -> Judgement:
    """The verdict on rows of `compared`."""
    comparison = pl.DataFrame(list(rows), schema=COMPARISON, orient="row")
    worse = comparison.filter(~pl.col("passed"))
    return Judgement(
        tuple(
            f"worse than the champion on {row['slice']}: {row['metric']} {row['challenger']:.3f} against "
            f"{row['champion']:.3f} (difference {row['low']:.3f} to {row['high']:.3f} in 95 % of resamples)"
            for row in worse.iter_rows(named=True)
        ),
        comparison,
    )
