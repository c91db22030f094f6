"""site_shapes in the lake, log date by log date, and what has drifted on each.

Belongs here: which objects are read and written. Does not belong here: counting (`sent`, `sample`), comparing
(`compare`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import polars as pl

from rs_assets.contract.drift.compare import BEFORE, drifts
from rs_assets.contract.drift.sample import types
from rs_assets.contract.drift.sent import sent
from rs_assets.contract.drift.table import site_shapes
from rs_assets.lake.lineage import RAW, Reads, reading
from rs_assets.lake.paths import Lake
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import write_table
from rs_assets.log.layout import RawLog

ASSET, VALID = "site_shapes", "valid_events"
READS: dict[str, Reads] = {ASSET: reading(RAW, VALID)}
"""Of the object alone: what has drifted is found by looking at those before it as well."""
MEMORY = "256MiB"  # of DuckDB, which sees a sample only; the largest did with 64


@dataclass(frozen=True)
class ShapesPublished:
    """A log date's table, and what has drifted.

    Attributes:
        digest: of the object.
        drifts: DRIFTS.
        before: how many log dates before it were there to compare with.
    """

    digest: str
    drifts: pl.DataFrame
    before: int


def publish_site_shapes(
    log: RawLog,
    stage: Stage,
    log_dates: list[str],
    *,
    threads: int = 1,
    on_date: Callable[[str], None] = lambda log_date: None,
) -> dict[str, ShapesPublished]:
    """Count each log date that the stage does not keep, and compare it with those before it.

    Args:
        log: a sample of it is read.
        stage: in its lake `valid_events` is published for these log dates.
        log_dates: in order.
        threads: DuckDB may use.
        on_date: called before each date.

    Raises:
        UserError: a log date has no `valid_events`, or a segment cannot be read.
    """
    published = {}
    lake = stage.lake
    known: dict[str, pl.DataFrame] = {}
    with duckdb.connect(config={"threads": threads, "memory_limit": MEMORY}) as connection:
        for log_date in stage.pending((ASSET,), log_dates):
            on_date(log_date)
            [valid] = lake.require(VALID, [log_date])
            shapes = site_shapes(sent(valid), types(connection, log, log_date), log_date)
            write_table(shapes, stage.path(ASSET, log_date))
            digest = stage.finish(ASSET, log_date).digest
            window = _before(lake, log_date)
            known = {d: known[d] if d in known else pl.read_parquet(lake.object(ASSET, d)) for d in window}
            known[log_date] = shapes
            found = drifts(pl.concat(known.values()), dt.date.fromisoformat(log_date))
            published[log_date] = ShapesPublished(digest, found, len(window))
    return published


def _before(lake: Lake, log_date: str) -> list[str]:
    """The log dates to compare with that are published."""
    last = dt.date.fromisoformat(log_date)
    days = [(last - dt.timedelta(days=n)).isoformat() for n in range(BEFORE, 0, -1)]
    return [day for day in days if lake.has(ASSET, day)]
