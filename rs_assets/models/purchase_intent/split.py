"""The temporal split: fit on the earlier log dates, measure on the later ones, as production does.

Belongs here: who stands on which side. Does not belong here: whether there is enough on each (`model`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from rs_assets.models.purchase_intent.limits import VALIDATION_SHARE
from rs_assets.models.purchase_intent.training import ORDER


@dataclass(frozen=True, eq=False)
class Split:
    """The two sides of a training set, and how many rows are on neither.

    Attributes:
        boundary: the first log date of the validation side.
        training: rows whose session *closed* before the boundary, in ORDER.
        validation: rows whose snapshot was taken on the boundary or later, in ORDER.
        left_out: rows taken before the boundary, of sessions that closed on it or later.
    """

    boundary: dt.date
    training: pl.DataFrame
    validation: pl.DataFrame
    left_out: int


def temporal_split(rows: pl.DataFrame) -> Split:
    """Split `rows` by time: the last quarter of their log dates, at least one, is for validation.

    A session that straddles the boundary is validated on, not trained on: its snapshots from before the
    boundary are left out. Their labels became known on validation dates only, so a model fitted at the
    boundary could not have had them; and with them on the training side the model would be asked about
    sessions whose ending it was told.

    Args:
        rows: what `training_set` returns.

    Raises:
        ValueError: the rows are of fewer than two log dates.
    """
    dates = rows["log_date"].unique().sort().to_list()
    if len(dates) < 2:
        raise ValueError(f"A temporal split needs 2 log dates, and there is {len(dates)}.")
    boundary = dates[-max(1, len(dates) // VALIDATION_SHARE)]
    training = rows.filter(pl.col("closed_on") < boundary).sort(ORDER)
    validation = rows.filter(pl.col("log_date") >= boundary).sort(ORDER)
    return Split(boundary, training, validation, rows.height - training.height - validation.height)
