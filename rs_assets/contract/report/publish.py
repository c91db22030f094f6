"""quarantine_report in the lake: a table and a page, log date by log date.

Belongs here: which objects a report is made of, and in which order they are read. Does not belong here: counting
(`summary`), comparing (`dated`), the page itself.

A report reads the seven log dates before its own, where they are published: what was received on them is counted
once a run, and what was quarantined is little.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import duckdb
import polars as pl

from rs_assets.contract.report.asked import Asked
from rs_assets.contract.report.dated import BEFORE, Dated, table
from rs_assets.contract.report.page import page
from rs_assets.contract.report.summary import received, summarize
from rs_assets.lake.lineage import Reads, days_before, reading
from rs_assets.lake.paths import Lake
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import digest, write_table

REPORT, VALID, QUARANTINED = "quarantine_report", "valid_events", "quarantined_events"
PAGE = "page.html"
READS: dict[str, Reads] = {REPORT: reading(days_before(VALID, BEFORE), days_before(QUARANTINED, BEFORE))}
ALL_NAMES = 10_000
"""Event names whose trend is known; more than that a day are one sender's noise."""


@dataclass(frozen=True)
class ReportPublished:
    """A log date's report, and the digest of its table, which has the page's digest in it."""

    dated: Dated
    digest: str


def publish_report(
    stage: Stage,
    log_dates: list[str],
    *,
    settings: Callable[[str], tuple[str, ...]] = lambda spill: (),
    on_date: Callable[[str], None] = lambda log_date: None,
) -> dict[str, ReportPublished]:
    """Report on each log date that the stage does not keep.

    Args:
        stage: in its lake both tables of the split are published for these log dates.
        log_dates: in order.
        settings: DuckDB's, given a folder to spill to.
        on_date: called before each date.

    Raises:
        UserError: a table of the split is not published for one of the dates.
    """
    published = {}
    lake = stage.lake
    counted: dict[str, pl.DataFrame] = {}
    for log_date in stage.pending((REPORT,), log_dates):
        on_date(log_date)
        window = _window(lake, log_date)
        with _connection(settings(stage.scratch("spill"))) as connection:
            counted = {d: counted[d] if d in counted else _received(connection, lake, d) for d in window}
            dated = _dated(connection, lake, window, counted)
        place = stage.path(REPORT, log_date, PAGE)
        with open(place, "w", encoding="utf-8", newline="\n") as file:
            file.write(page(dated))
        write_table(table(dated, digest(place)), stage.path(REPORT, log_date))
        published[log_date] = ReportPublished(dated, stage.finish(REPORT, log_date).digest)
    return published


def _window(lake: Lake, log_date: str) -> list[str]:
    """The log date and those published among the seven before it."""
    lake.require(VALID, [log_date])
    lake.require(QUARANTINED, [log_date])
    last = dt.date.fromisoformat(log_date)
    days = [(last - dt.timedelta(days=n)).isoformat() for n in range(BEFORE, -1, -1)]
    return [d for d in days if lake.has(VALID, d) and lake.has(QUARANTINED, d)]


def _dated(
    connection: duckdb.DuckDBPyConnection, lake: Lake, window: list[str], counted: dict[str, pl.DataFrame]
) -> Dated:
    quarantined = connection.read_parquet(lake.objects(QUARANTINED, window), union_by_name=True)
    dates = [dt.date.fromisoformat(d) for d in window]
    day = Asked(dates[-1], dates[-1])
    week = replace(day, first=dates[0], samples=0, names=ALL_NAMES)
    return Dated(
        summarize(connection, quarantined, counted[window[-1]], day, dates[-1:]),
        summarize(connection, quarantined, pl.concat(counted[d] for d in window), week, dates),
    )


def _received(connection: duckdb.DuckDBPyConnection, lake: Lake, log_date: str) -> pl.DataFrame:
    return received(connection, connection.read_parquet(lake.object(VALID, log_date)))


@contextmanager
def _connection(settings: tuple[str, ...]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for setting in settings:
            connection.execute(f"SET {setting}")
        yield connection
