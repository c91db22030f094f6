"""Drift: how far today's inputs of a model are from those it learned from, by the population stability index.

Belongs here: the index, for any model's inputs. Does not belong here: which rows are compared (a model's `publish`),
or what follows (a check).

PSI = sum over bins of (p - q) ln(p / q), p and q the shares of a bin. Below 0.1 nothing has changed to speak of;
above 0.25 the model is asked about other sessions than it knows. Small samples differ by chance: so much is expected
of the sizes alone, and stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

BINS = 10
"""Of equal numbers of training rows, and one for nulls. Values that are half of all take several bins' place."""
LARGE = 0.25
"""From which on an input counts as another one, if chance cannot explain it."""
CHANCE = 4.0
"""How many times what is expected by chance still counts as chance."""
LEAST = 1e-4
"""A share that is taken for an empty bin, so that its logarithm is finite."""

DRIFT: dict[str, pl.DataType] = {
    "input": pl.String(),
    "psi": pl.Float64(),
    "by_chance": pl.Float64(),
    "training_mean": pl.Float64(),
    "mean": pl.Float64(),
    "rows": pl.Int64(),
    "drifted": pl.Boolean(),
}
"""A row an input. Means are null for inputs that are no numbers; `psi` is null where there is nothing to compare."""


def drift(training: pl.DataFrame, rows: pl.DataFrame, inputs: Sequence[str]) -> pl.DataFrame:
    """DRIFT of each input, largest first.

    Args:
        training: what the model learned from, with `inputs`.
        rows: what it is asked about.
        inputs: numeric or text columns of both.
    """
    found = [_row(name, training[name], rows[name]) for name in inputs]
    frame = pl.DataFrame(found, schema=DRIFT, orient="row")
    return frame.sort("psi", "input", descending=[True, False], nulls_last=True)


def _row(name: str, learned: pl.Series, asked: pl.Series) -> tuple[object, ...]:
    number = learned.dtype.is_numeric()
    means = (learned.mean(), asked.mean()) if number else (None, None)
    if not len(learned) or not len(asked):
        return (name, None, None, *means, len(asked), False)
    one, other = (
        _counts(learned.cast(pl.Float64), asked.cast(pl.Float64)) if number else _named(learned, asked)
    )
    p, q = (np.maximum(counts / counts.sum(), LEAST) for counts in (one, other))
    psi = float(np.sum((q - p) * np.log(q / p)))
    chance = (np.count_nonzero(one + other) - 1) * (1 / len(learned) + 1 / len(asked))
    return (name, psi, float(chance), *means, len(asked), psi > max(LARGE, CHANCE * chance))


Counts = npt.NDArray[np.float64]


def _counts(learned: pl.Series, asked: pl.Series) -> tuple[Counts, Counts]:
    """How many values of each fall into the bins of what was learned from; the last bin has the nulls."""
    known = learned.drop_nulls().to_numpy()
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if known.size else np.empty(0)
    found = []
    for values in (learned, asked):
        there = values.drop_nulls().to_numpy()
        counted = np.bincount(np.searchsorted(edges, there, side="left"), minlength=edges.size + 1)
        found.append(np.append(counted, len(values) - there.size).astype(np.float64))
    return found[0], found[1]


def _named(learned: pl.Series, asked: pl.Series) -> tuple[Counts, Counts]:
    """How often each of the names is in either."""
    names = pl.concat([learned, asked]).unique().sort()
    codes = pl.DataFrame({"name": names, "code": np.arange(len(names))})
    found = []
    for values in (learned, asked):
        at = values.to_frame("name").join(codes, on="name", how="left", nulls_equal=True)["code"].to_numpy()
        found.append(np.bincount(at, minlength=len(names)).astype(np.float64))
    return found[0], found[1]
