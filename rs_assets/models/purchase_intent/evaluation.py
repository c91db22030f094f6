"""The evaluation: how every candidate does on the validation dates, and what the chosen one leans on.

Belongs here: `Evaluation` and its frames. Does not belong here: how they are measured (`measuring`), the
formulas (`metrics`), the plots (`rs_assets.models.plots`), the gates of promotion.

All of it is measured with the fits on the training side, on later dates that no fit has seen. The choice
between candidates was made on the same dates, so the chosen one's metrics are a little kind to it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

SCHEMAS: dict[str, dict[str, type[pl.DataType]]] = {
    "metrics": {"candidate": pl.String, "slice": pl.String, "metric": pl.String, "value": pl.Float64},
    "slices": {
        "candidate": pl.String,
        "slice": pl.String,
        "n": pl.Int64,
        "positives": pl.Int64,
        "pr_auc": pl.Float64,
    },
    "calibration": {
        "candidate": pl.String,
        "bin": pl.Int64,
        "predicted": pl.Float64,
        "observed": pl.Float64,
        "n": pl.Int64,
    },
    "curves": {"candidate": pl.String, "recall": pl.Float64, "precision": pl.Float64},
    "importances": {"input": pl.String, "pr_auc_drop": pl.Float64, "deviation": pl.Float64},
}
"""The columns of each frame of an `Evaluation`."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What was measured, on which dates, over how many rows. The frames have SCHEMAS' columns.

    Attributes:
        chosen: the candidate that was chosen.
        first_date, boundary, last_date: log dates. Fits saw what closed before the boundary; what was
            measured was taken from the boundary to the last date, inclusive.
        training_rows, training_positives, validation_rows, validation_positives, left_out: counts of rows;
            `left_out` are those of sessions that straddle the boundary.
        metrics: METRICS and `pr_auc_error` (a standard error) of each candidate in the slice `all`; with
            enough rows, log loss, Brier and ECE of the chosen one without and with recalibration in the
            slice `later_half` (candidate and candidate`+sigmoid` or `+isotonic`).
        slices: PR-AUC by `site=…`, `position=…`, `device=…` and `visitor=…`; null where there are too few of a class.
        calibration: predicted against observed, by bins of equal size.
        curves: precision and recall.
        importances: how much PR-AUC the chosen one loses when an input is shuffled, largest first. Inputs
            that say the same share their importance, so a small number is no proof of uselessness.
    """

    chosen: str
    first_date: dt.date
    boundary: dt.date
    last_date: dt.date
    training_rows: int
    training_positives: int
    validation_rows: int
    validation_positives: int
    left_out: int
    metrics: pl.DataFrame
    slices: pl.DataFrame
    calibration: pl.DataFrame
    curves: pl.DataFrame
    importances: pl.DataFrame

    @property
    def positive_rate(self) -> float:
        """The share of validation rows that bought: the PR-AUC of a random order."""
        return self.validation_positives / self.validation_rows

    def value(self, metric: str, candidate: str | None = None) -> float | None:
        """One metric over all validation rows, of the chosen candidate unless another is named."""
        named = (pl.col("candidate") == (candidate or self.chosen)) & (pl.col("metric") == metric)
        found = self.metrics.filter(named & (pl.col("slice") == "all"))["value"]
        return None if found.is_empty() else found.item()

    def to_frame(self) -> pl.DataFrame:
        """Everything but the curves and the bins as one tidy frame: `candidate, slice, metric, value`.

        Slices are `all`, `later_half`, those of `slices` and, for the importances, `input=…`.
        """
        tidy = {"variable_name": "metric", "value_name": "value"}
        numbers = self.slices.cast({"n": pl.Float64, "positives": pl.Float64})
        slices = numbers.unpivot(index=["candidate", "slice"], **tidy)
        drops = self.importances.select(
            pl.lit(self.chosen).alias("candidate"),
            pl.format("input={}", "input").alias("slice"),
            "pr_auc_drop",
        ).unpivot(index=["candidate", "slice"], **tidy)
        return pl.concat([self.metrics, slices, drops]).sort("candidate", "slice", "metric")
