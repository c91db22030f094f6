"""How the distribution of a feature moved. Nothing else belongs here.

By the population stability index over the deciles of what was before: 0 is the same; under 0.1 is small, over 0.25
large, as risk models have used it for decades.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import duckdb

from rs_assets.replay.diff.difference import Bin, Shift
from rs_assets.replay.diff.sides import NUMBERS

SMALL, LARGE = 0.1, 0.25
FLOOR = 1e-4
"""The share that an empty bin counts as: the index of one would be infinite."""


def shifts(
    before: duckdb.DuckDBPyRelation, after: duckdb.DuckDBPyRelation, leave_out: Sequence[str]
) -> list[Shift]:
    """The shift of every number that both tables have, the largest first.

    Args:
        before, after: the same log dates of a table of features.
        leave_out: columns that are no features: the key.
    """
    numbers = [
        name
        for name, kind in zip(before.columns, before.types, strict=True)
        if kind.id in NUMBERS and name in after.columns and name not in leave_out
    ]
    kinds = dict(zip(after.columns, after.types, strict=True))
    found = [_shift(before, after, name) for name in numbers if kinds[name].id in NUMBERS]
    return sorted(found, key=lambda one: (-one.psi, one.column))


def _shift(before: duckdb.DuckDBPyRelation, after: duckdb.DuckDBPyRelation, name: str) -> Shift:
    quoted = '"' + name.replace('"', '""') + '"'
    value = f"CASE WHEN isfinite({quoted}::DOUBLE) THEN {quoted}::DOUBLE END"
    tenths = ", ".join(f"{n / 10}" for n in range(1, 10))
    ((edges,),) = before.aggregate(f"quantile_cont({value}, [{tenths}])").fetchall()
    edges = sorted({float(edge) for edge in edges or []})
    counts = [_counts(side, value, edges) for side in (before, after)]
    (was, rows_before, mean_before), (now, rows_after, mean_after) = counts
    labels = _labels(edges)
    return Shift(
        name,
        psi(was, now),
        mean_before,
        mean_after,
        rows_before - sum(was),
        rows_after - sum(now),
        rows_before,
        rows_after,
        [Bin(label, a, b) for label, a, b in zip(labels, was, now, strict=True)],
    )


def psi(before: Sequence[int], after: Sequence[int]) -> float:
    """The population stability index of two histograms over the same bins; 0 if one of them is empty."""
    if not sum(before) or not sum(after):
        return 0.0
    shares = [
        (max(a / sum(before), FLOOR), max(b / sum(after), FLOOR)) for a, b in zip(before, after, strict=True)
    ]
    return max(0.0, sum((b - a) * math.log(b / a) for a, b in shares))


def _counts(
    side: duckdb.DuckDBPyRelation, value: str, edges: list[float]
) -> tuple[list[int], int, float | None]:
    bounds = [None, *edges, None]
    bins = []
    for low, high in itertools.pairwise(bounds):
        within = [f"{value} > {low!r}::DOUBLE"] if low is not None else []
        within += [f"{value} <= {high!r}::DOUBLE"] if high is not None else []
        bins.append(f"count(*) FILTER (WHERE {' AND '.join([*within, f'({value}) IS NOT NULL'])})")
    ((*counts, rows, mean),) = side.aggregate(f"{', '.join(bins)}, count(*), avg({value})").fetchall()
    return [int(count) for count in counts], int(rows), mean


def _labels(edges: list[float]) -> list[str]:
    if not edges:
        return ["all"]
    between = [f"to {edge:.4g}" for edge in edges]
    return [*between, f"above {edges[-1]:.4g}"]
