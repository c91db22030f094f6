"""From the file a dbt model wrote to objects, one a log date.

Belongs here: cutting by log date in the model's total order. Does not belong here: running dbt.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import write_table


def publish_model(stage: Stage, model: str, staged: str, log_dates: list[str], key: list[str] | None) -> None:
    """Finish an object for every log date of the range, those without a row included.

    Args:
        staged: the Parquet file of the whole range, with a `log_date` column.
        key: columns whose values are unique within a log date; their order is the object's. None where it is the
            order in which the rows were built.
    """
    table = pl.scan_parquet(staged)
    for log_date in log_dates:
        # Filtered while scanning: one date in memory at a time, however long the range.
        frame = table.filter(pl.col("log_date") == dt.date.fromisoformat(log_date)).collect()
        if key is not None and not _in_order(frame, key):
            frame = frame.sort(key)
        write_table(frame, stage.path(model, log_date))
        stage.finish(model, log_date)


def _in_order(frame: pl.DataFrame, key: list[str]) -> bool:
    """Whether each row's key is above that of the row before it; to find out takes a tenth of what sorting takes."""
    above = pl.lit(False)
    for name in reversed(key):
        before, this = pl.col(name).shift(1), pl.col(name)
        above = (before < this) | ((before == this) & above)
    return bool(frame.select(above.slice(1).fill_null(False).all()).item())
