"""What assets of models share in the lake: objects that are made once a week, and windows of log dates.

Belongs here: sharing bytes between the log dates of a week, reading a window. Does not belong here: which log dates
a week or a window has (`cuts`), or what any model does with them.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
from collections.abc import Iterable, Iterator

import polars as pl

from rs_assets.lake.lineage import Read
from rs_assets.lake.paths import Lake
from rs_assets.lake.records import PART
from rs_assets.lake.stage import Stage
from rs_assets.models.cuts import cut_of


def weeks(log_dates: Iterable[str]) -> Iterator[tuple[dt.date, list[str]]]:
    """The log dates by the cut that is in force on them; both rising."""
    for cut, dates in itertools.groupby(log_dates, lambda day: cut_of(dt.date.fromisoformat(day))):
        yield cut, list(dates)


def share(stage: Stage, asset: str, dates: list[str], names: tuple[str, ...] = (PART,)) -> None:
    """Give the first date's files to the others, the same bytes stored once, and finish all of them."""
    for name, log_date in itertools.product(names, dates[1:]):
        os.link(stage.path(asset, dates[0], name), stage.path(asset, log_date, name))
    for log_date in dates:
        stage.finish(asset, log_date)


def link(stage: Stage, asset: str, of: str, log_date: str, name: str) -> None:
    """Give a log date a file of an object that is finished, or was published before: the same bytes, stored once."""
    os.link(stage.lake.object(asset, of, name), stage.path(asset, log_date, name))


def window(lake: Lake, read: Read) -> pl.LazyFrame:
    """The rows of the objects there are among those of `read`.

    Where no date of the window was ever replayed (it lies before the log begins), an empty table of its shape.
    """
    published = lake.log_dates(read.asset)
    objects = lake.objects(read.asset, [d for d in published if read.first <= d <= read.last])
    if objects:
        return pl.scan_parquet(objects, glob=False)
    return pl.scan_parquet(lake.objects(read.asset, published[:1]), glob=False).clear()
