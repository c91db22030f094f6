"""Measuring: from ranks to HR@20 and MRR@20 with intervals, over all and by slice.

Belongs here: metrics, slices. Does not belong here: how ranks come about (`questions`), thresholds (`gates`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from rs_assets.models.next_item.bootstrap import UNIT, credits, resampled
from rs_assets.models.next_item.limits import INTERVAL
from rs_assets.models.next_item.ragged import Flags, Floats, Ints

METRICS: dict[str, pl.DataType] = {
    "candidate": pl.String(),
    "slice": pl.String(),
    "questions": pl.Int64(),
    "sessions": pl.Int64(),
    "hit_rate": pl.Float64(),
    "hit_rate_low": pl.Float64(),
    "hit_rate_high": pl.Float64(),
    "mrr": pl.Float64(),
    "mrr_low": pl.Float64(),
    "mrr_high": pl.Float64(),
}
"""`hit_rate` (HR@20) is the share of questions whose answer was among the 20 shown; `mrr` (MRR@20) the mean of
1 / its place there, 0 where it was not. Both with the bounds of their 95 % interval."""

LENGTHS = ((2, 2), (3, 4), (5, 9), (10, None))
POSITIONS = ((2, 2), (3, 3), (4, 5), (6, 10), (11, None))


def measure(rows: pl.DataFrame, ranks: Mapping[str, Ints]) -> pl.DataFrame:
    """METRICS of each candidate in each slice that has questions: candidates in the order given, `all` first.

    Args:
        rows: of `Questions`.
        ranks: each candidate's, in their order.
    """
    session = rows["session_id"].rank("dense").to_numpy().astype(np.int64) - 1
    found: dict[str, list[tuple[str | float, ...]]] = {candidate: [] for candidate in ranks}
    for name, where in slices(rows):
        of = session[where]
        worth = [column for values in ranks.values() for column in credits(values[where])]
        columns = np.stack([np.ones(of.size), *worth], axis=1)
        draws = resampled(of, columns)
        draws = draws[draws[:, 0] > 0]
        for i, candidate in enumerate(ranks):
            row: list[float] = []
            for column, unit in ((1 + 2 * i, 1), (2 + 2 * i, UNIT)):
                row.append(float(np.sum(columns[:, column])) / of.size / unit)
                row += _interval(draws[:, column] / draws[:, 0] / unit)
            found[candidate].append((candidate, name, of.size, np.unique(of).size, *row))
    lines = [line for candidate in ranks for line in found[candidate]]
    return pl.DataFrame(lines, schema=METRICS, orient="row")


def slices(rows: pl.DataFrame) -> list[tuple[str, Flags]]:
    """The slices that have questions, and which: `all`, by length of session, by position, by what is known."""
    length, position, known = (rows[name].to_numpy() for name in ("length", "position", "known"))
    found = [
        ("all", np.ones(rows.height, dtype=np.bool_)),
        *((f"length={_range(*bounds)}", _within(length, *bounds)) for bounds in LENGTHS),
        *((f"position={_range(*bounds)}", _within(position, *bounds)) for bounds in POSITIONS),
        ("known=none", known == 0),
        ("known=some", (known > 0) & (known < 1)),
        ("known=all", known == 1),
    ]
    return [(name, where) for name, where in found if where.any()]


def _range(low: int, high: int | None) -> str:
    return f"{low}+" if high is None else str(low) if low == high else f"{low}-{high}"


def _within(values: Ints, low: int, high: int | None) -> Flags:
    return (values >= low) & (True if high is None else values <= high)


def _interval(draws: Floats) -> list[float]:
    if not draws.size:
        return [0.0, 1.0]
    return [float(np.quantile(draws, bound)) for bound in ((1 - INTERVAL) / 2, (1 + INTERVAL) / 2)]
