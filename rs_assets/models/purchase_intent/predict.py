"""Predictions: the model in force, applied to the snapshots of the log dates it is in force on.

Belongs here: snapshots in, probabilities out. Does not belong here: which model is in force (`cuts`,
promotion), or what a shop does with a probability.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from rs_assets.errors import UserError
from rs_assets.models.purchase_intent.model import NotTrained, Trained
from rs_assets.models.purchase_intent.training import ORDER


def predict(artifact: Trained | NotTrained, features: pl.DataFrame, *, threads: int = 1) -> pl.DataFrame:
    """One row a snapshot, with the probability that its session buys after it.

    Args:
        artifact: what `train` or `load` returned.
        features: rows of `session_features`, of log dates on or after the artifact's cut.
        threads: for scoring; no result depends on the number.

    Returns:
        `log_date` (Date), `session_id`, `site` (Utf8), `position` (Int64), `as_of` (Datetime), `is_open`
        (Boolean, whether the session was still open when the log date ended), `probability` (Float64, 0 to 1),
        `model` (Utf8, the chosen candidate) and `cut` (Date), in the order of (log_date, session_id, position).
        `probability` and `model` are null when there is no model.

    Raises:
        UserError: a snapshot is from before the cut, so the model may have learned how its session ended.
    """
    rows = features.sort(ORDER)
    name, probability = None, pl.Series("probability", [None] * rows.height, dtype=pl.Float64)
    if isinstance(artifact, Trained):
        _refuse_the_past(artifact.cut, features)
        name = artifact.card.chosen
        probability = pl.Series("probability", artifact.probabilities(rows, threads))
    return rows.select(
        "log_date",
        "session_id",
        "site",
        pl.col("position").cast(pl.Int64),
        "as_of",
        "is_open",
        probability,
        pl.lit(name, dtype=pl.String).alias("model"),
        pl.lit(artifact.cut, dtype=pl.Date).alias("cut"),
    )


def _refuse_the_past(cut: dt.date, features: pl.DataFrame) -> None:
    seen = features.filter(pl.col("log_date") < cut)
    if not seen.is_empty():
        raise UserError(
            f"{seen.height} of {features.height} snapshots are from before the model's cut {cut}, the first "
            f"from {seen['log_date'].sort().item(0)}: it may have been trained on them.",
            "Predict a log date with the model of `cut_of(log_date)`, or of an earlier cut.",
        )
