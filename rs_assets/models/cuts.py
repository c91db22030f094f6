"""The weekly cuts: which model is in force on a log date, and which log dates it may have seen.

Belongs here: the calendar that every model shares. Does not belong here: what is read on those dates, or
how a model is fitted.

A model of cut C is trained on what *closed* on log dates before C and is in force on the seven log dates
from C on. So no prediction comes from a model that has seen its day, and the dates of a week share one
artifact: a replay rebuilds the history of models from the dates alone.
"""

from __future__ import annotations

import datetime as dt

CUT_WEEKDAY = 0
"""Monday, as `date.weekday()` counts: a cut sees whole weeks, so weekends weigh the same in each model."""

TRAINING_DAYS = 28
"""Four whole weeks: each day of the week four times, and old habits of shoppers are forgotten in a month."""


def cut_of(log_date: dt.date) -> dt.date:
    """The cut in force on `log_date`: the last Monday (00:00 UTC) on or before it.

    `cut_of(date(2024, 1, 10))` is `date(2024, 1, 8)`; a Monday is its own cut.
    """
    return log_date - dt.timedelta(days=(log_date.weekday() - CUT_WEEKDAY) % 7)


def training_window(cut: dt.date, days: int = TRAINING_DAYS) -> tuple[dt.date, dt.date]:
    """The first and the last log date, both inclusive, on which what trains the model of `cut` closed.

    The last one is the day before the cut, always.

    Raises:
        ValueError: `days` is less than 1, or `cut` is no cut (not a Monday).
    """
    if days < 1:
        raise ValueError(f"A training window has at least 1 day, not {days}.")
    if cut != cut_of(cut):
        raise ValueError(f"{cut} is no cut: cuts are Mondays, and the one in force then is {cut_of(cut)}.")
    return cut - dt.timedelta(days=days), cut - dt.timedelta(days=1)
