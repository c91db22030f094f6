"""The rehearsal: what training would have made some dates earlier, measured on what came then.

Belongs here: holding the window's last dates back, training on the others, evaluating on those. Does not belong
here: training and evaluating.

The model that will serve is trained on the whole window, so nothing of the window can measure it. What can be
measured is the way it is made: the same training without the last dates, and a champion that has not seen them
either.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from rs_assets.models.next_item.evaluation import Evaluation, evaluate
from rs_assets.models.next_item.model import NextItem
from rs_assets.models.next_item.training import train

HELD_BACK = 4
"""One log date in so many, the latest: of a window of four weeks the last one, which last week's champion has not
seen."""


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """A model trained without the window's last dates, and how it did on them.

    Attributes:
        boundary: the first log date that was held back; None where there was none to hold back.
    """

    model: NextItem
    evaluation: Evaluation
    boundary: dt.date | None


def rehearse(training: pl.DataFrame, cut: dt.date) -> Rehearsal:
    """Train on what closed before the last dates of a training set, and evaluate on what closed on them.

    Args:
        training: ITEM_EVENTS with `closed_on`.
        cut: the training set's; the model that is rehearsed for.
    """
    early, later, boundary = held_back(training)
    model = train(early, cut=boundary or cut)
    return Rehearsal(model, evaluate(model, early, later), boundary)


def held_back(training: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, dt.date | None]:
    """What closed before the window's last dates, what closed on them, and the first of them.

    A window of one date has nothing to hold back: all of it is early, and the boundary is None.
    """
    dates = training["closed_on"].unique().sort()
    if len(dates) < 2:
        return training, training.clear(), None
    boundary: dt.date = dates[-max(1, len(dates) // HELD_BACK)]
    later = pl.col("closed_on") >= boundary
    return training.filter(~later), training.filter(later), boundary
