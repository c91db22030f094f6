"""Counting what was quarantined, over any range of log dates.

Belongs here: from tables to a report. Does not belong here: what a report is made of (`counted`), pages, SQL
(`queries`), what of a sample may be shown (`redaction`).

The queries read nothing but the columns they count by, and the examples are taken while counting, so memory does
not grow with the history.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb
import polars as pl

from rs_assets.contract.report import queries
from rs_assets.contract.report.asked import Asked
from rs_assets.contract.report.counted import Day, Group, Place, Report, rate
from rs_assets.contract.report.samples import samples
from rs_assets.contract.report.scrub import scrub
from rs_assets.lake.tables import Schema

RECEIVED: Schema = {"log_date": pl.Date, "site": pl.String, "event_name": pl.String, "events": pl.Int64}


def received(connection: duckdb.DuckDBPyConnection, valid: duckdb.DuckDBPyRelation) -> pl.DataFrame:
    """How many valid events there are of each log date, site and name; as many rows as the contract has names.

    Args:
        connection: of the relation.
        valid: `valid_events`.

    Returns:
        The columns of `RECEIVED`, sorted.
    """
    valid.create_view("received_valid", replace=True)
    return _frame(connection, queries.RECEIVED)


def summarize(
    connection: duckdb.DuckDBPyConnection,
    quarantined: duckdb.DuckDBPyRelation,
    valid: pl.DataFrame,
    asked: Asked,
    dates: Sequence[dt.date],
) -> Report:
    """Count and pick examples.

    Args:
        connection: of the relation; views `asked_quarantined` and `chosen` are made in it.
        quarantined: `quarantined_events`; columns are read by name.
        valid: `received` of the same log dates and sites.
        asked: what.
        dates: the published log dates in question, not empty.
    """
    queries.choose(connection, quarantined, asked)
    everything = pl.concat([valid, _frame(connection, queries.ALL_QUARANTINED)])
    by_date = _totals(everything, "log_date")
    found: dict[dt.date, int] = dict(connection.execute(queries.BY_LOG_DATE).fetchall())
    ((names,),) = connection.execute(queries.EVENT_NAMES).fetchall()
    of_names = connection.execute(queries.BY_EVENT_NAME, {"names": asked.names})
    by_event_name = _groups(of_names, _totals(everything, "event_name"))
    in_range = [Day(d, by_date[d], found.get(d, 0), rate(found.get(d, 0), by_date[d])) for d in dates]
    return Report(
        first_log_date=dates[0],
        last_log_date=dates[-1],
        events=by_date.total(),
        quarantined=sum(found.values()),
        rate=rate(sum(found.values()), by_date.total()),
        by_log_date=in_range,
        by_reason=_groups(connection.execute(queries.BY_REASON)),
        by_site=_groups(connection.execute(queries.BY_SITE), _totals(everything, "site")),
        by_event_name=[_scrubbed(group) for group in by_event_name],
        event_names=names,
        samples=samples(connection, asked),
    )


def _frame(connection: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    return pl.DataFrame(connection.sql(query).to_arrow_table(), schema_overrides=RECEIVED)


def _totals(everything: pl.DataFrame, by: str) -> Counter[object]:
    return Counter(dict(everything.group_by(by).agg(pl.col("events").sum()).iter_rows()))


def _scrubbed(group: Group) -> Group:
    """An event's name is what a stranger sent."""
    return group if group.name is None else replace(group, name=scrub(group.name))


def _groups(result: duckdb.DuckDBPyConnection, of: Mapping[object, int] | None = None) -> list[Group]:
    groups = []
    for name, quarantined, by_log_date, first, last in result.fetchall():
        events = of[name] if of is not None else None
        seen = (first["log_date"], last["log_date"], Place(**first), Place(**last))
        of_all = rate(quarantined, events) if events else None
        groups.append(Group(name, quarantined, *seen, by_log_date, events, of_all))
    return groups
