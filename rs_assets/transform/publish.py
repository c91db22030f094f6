"""From the file a dbt model wrote to objects, one a log date.

Belongs here: cutting by log date in the model's total order. Does not belong here: running dbt.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import write_table


def publish_model(
    stage: Stage, model: str, staged: str, log_dates: list[str], key: list[str], order: str | None = None
) -> None:
    """Finish an object for every log date of the range, those without a row included.

    Args:
        staged: the Parquet file of the whole range, with a `log_date` column.
        key: columns whose values are unique within a log date; their order is the object's.
        order: a column that tells the order in place of the key; it is no part of the table.
    """
    table = pl.scan_parquet(staged)
    for log_date in log_dates:
        # Filtered while scanning: one date in memory at a time, however long the range.
        frame = table.filter(pl.col("log_date") == dt.date.fromisoformat(log_date)).collect()
        write_table(in_order(frame, key, order), stage.path(model, log_date))
        stage.finish(model, log_date)


def in_order(frame: pl.DataFrame, key: list[str], order: str | None = None) -> pl.DataFrame:
    """Rows of one log date in the order in which they are published, with the columns of the table."""
    by = [order] if order else key
    frame = _apart(frame) if _is_in_order(frame, by) else frame.sort(by)
    return frame.drop(order) if order else frame


def _apart(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows, lists without what stood beside them in the file: a filter keeps it, pages are cut by it."""
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    return frame.with_columns(pl.col(nested).gather(pl.int_range(pl.len()))) if nested else frame


def _is_in_order(frame: pl.DataFrame, key: list[str]) -> bool:
    """Whether each row's key is above that of the row before it; to find out takes a tenth of what sorting takes."""
    above = pl.lit(False)
    for name in reversed(key):
        before, this = pl.col(name).shift(1), pl.col(name)
        above = (before < this) | ((before == this) & above)
    return bool(frame.select(above.slice(1).fill_null(False).all()).item())
