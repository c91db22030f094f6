"""Counting what was quarantined.

Belongs here: what can be asked, the queries, and the report that scripts get as JSON. Does not belong here: pages.

The queries read nothing but the columns they count by, and the examples are taken while counting, so memory does
not grow with the history.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

import duckdb

from rs_assets.cli.quarantine import ASSET, chosen
from rs_assets.lake import Lake

EVENT_NAMES = 20
"""The most frequent event names in a report: a broken sender may make up any number of them."""


@dataclass(frozen=True)
class Asked:
    """Which quarantined events: of these log dates (inclusive), sites and reasons; empty means all."""

    first: dt.date | None = None
    last: dt.date | None = None
    sites: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    samples: int = 3


@dataclass(frozen=True)
class Day:
    """A log date: the events received on it, and those of them that are in question."""

    log_date: dt.date
    events: int
    quarantined: int
    rate: float | None


@dataclass(frozen=True)
class Group:
    """The quarantined events with something in common. Of a site, all `events` received are known, and the rate."""

    name: str | None
    quarantined: int
    first_log_date: dt.date
    last_log_date: dt.date
    by_log_date: dict[dt.date, int]
    events: int | None
    rate: float | None


@dataclass(frozen=True)
class Sample:
    """A violation and the exact place of its event; `event_index` is null where the whole line is at fault."""

    quarantine_id: str
    site: str
    log_date: dt.date
    segment: str
    line: int
    event_index: int | None
    event_name: str | None
    code: str
    path: str
    message: str
    expected: str
    observed: str | None


@dataclass(frozen=True)
class Report:
    """All of it. `event_names` counts the names there are; only the most frequent are listed."""

    environment: str
    first_log_date: dt.date
    last_log_date: dt.date
    events: int
    quarantined: int
    rate: float | None
    by_log_date: list[Day]
    by_reason: list[Group]
    by_site: list[Group]
    by_event_name: list[Group]
    event_names: int
    samples: list[Sample]


def log_dates(lake: Lake, asked: Asked) -> list[dt.date]:
    """The published log dates in question."""
    dates = (dt.date.fromisoformat(log_date) for log_date in lake.log_dates(ASSET))
    return [d for d in dates if (asked.first or d) <= d <= (asked.last or d)]


def count(connection: duckdb.DuckDBPyConnection, lake: Lake, asked: Asked, dates: list[dt.date]) -> Report:
    """Count and pick examples.

    Args:
        connection: to the environment's views.
        lake: the environment.
        asked: what.
        dates: `log_dates`, not empty.
    """
    chosen.choose(connection, asked)
    received: dict[tuple[str, dt.date], int] = {}
    for site, log_date, events in connection.execute(chosen.RECEIVED).fetchall():
        received[site, log_date] = events
    found: dict[dt.date, int] = dict(connection.execute(chosen.BY_LOG_DATE).fetchall())
    by_date, by_site = Counter[dt.date](), Counter[str | None]()
    for (site, log_date), events in received.items():
        by_date[log_date] += events
        by_site[site] += events
    ((names,),) = connection.execute(chosen.EVENT_NAMES).fetchall()
    return Report(
        environment=lake.environment,
        first_log_date=dates[0],
        last_log_date=dates[-1],
        events=by_date.total(),
        quarantined=sum(found.values()),
        rate=_rate(sum(found.values()), by_date.total()),
        by_log_date=[Day(d, by_date[d], found.get(d, 0), _rate(found.get(d, 0), by_date[d])) for d in dates],
        by_reason=_groups(connection.execute(chosen.BY_REASON)),
        by_site=_groups(connection.execute(chosen.BY_SITE), by_site),
        by_event_name=_groups(connection.execute(chosen.BY_EVENT_NAME, {"names": EVENT_NAMES})),
        event_names=names,
        samples=_samples(connection, asked) if asked.samples else [],
    )


def _groups(result: duckdb.DuckDBPyConnection, received: Counter[str | None] | None = None) -> list[Group]:
    groups = []
    for name, quarantined, first, last, by_log_date in result.fetchall():
        events = received[name] if received is not None else None
        rate = _rate(quarantined, events) if events else None
        groups.append(Group(name, quarantined, first, last, by_log_date, events, rate))
    return groups


def _samples(connection: duckdb.DuckDBPyConnection, asked: Asked) -> list[Sample]:
    parameters = {"samples": asked.samples, "reasons": list(asked.reasons)}
    return [Sample(*row) for row in connection.execute(chosen.SAMPLES, parameters).fetchall()]


def _rate(quarantined: int, events: int) -> float | None:
    return quarantined / events if events else None
