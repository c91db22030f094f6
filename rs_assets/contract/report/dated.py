"""A log date's report against the log dates before it.

Belongs here: what is compared, and the table of it. Does not belong here: reading the lake (`publish`), pages.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import polars as pl

from rs_assets.contract.report.counted import Group, Report, rate
from rs_assets.lake.tables import Schema

BEFORE = 7
"""The log dates that a log date is compared with: a week has each kind of day once."""

Kind: TypeAlias = Literal["reason", "site", "event_name"]
KINDS: tuple[Kind, ...] = ("reason", "site", "event_name")

QUARANTINE_REPORT: Schema = {
    "log_date": pl.Date,
    "kind": pl.String,
    "name": pl.String,
    "quarantined": pl.Int64,
    "events": pl.Int64,
    "rate": pl.Float64,
    "mean_before": pl.Float64,
    "dates_before": pl.Int32,
    "first_site": pl.String,
    "first_segment": pl.String,
    "first_line": pl.Int64,
    "first_event_index": pl.Int32,
    "last_site": pl.String,
    "last_segment": pl.String,
    "last_line": pl.Int64,
    "last_event_index": pl.Int32,
    "page_digest": pl.String,
}
"""The columns of `quarantine_report`. `kind` is `all`, `reason`, `site` or `event_name`, and `name` which one;
`events` are those received (null for a reason); `mean_before` is of quarantined events a log date, over the
`dates_before` of the last seven that are published (null if none is). What was quarantined before and is not
on this date has a row with 0."""


@dataclass(frozen=True)
class Dated:
    """The report of one log date, and the one over it and the published log dates among the seven before it."""

    day: Report
    week: Report

    @property
    def log_date(self) -> dt.date:
        """The log date."""
        return self.day.first_log_date

    @cached_property
    def window(self) -> list[dt.date]:
        """The log date and the seven before it, published or not."""
        return [self.log_date - dt.timedelta(days=n) for n in range(BEFORE, -1, -1)]

    @cached_property
    def published(self) -> set[dt.date]:
        """Those of them that are published."""
        return {day.log_date for day in self.week.by_log_date}

    @property
    def before(self) -> int:
        """How many of them lie before the log date."""
        return len(self.published) - 1

    @property
    def rate_before(self) -> float | None:
        """The share of events quarantined over the log dates before; None if there is none."""
        days = [day for day in self.week.by_log_date if day.log_date != self.log_date]
        return rate(sum(day.quarantined for day in days), sum(day.events for day in days))

    def counts(self, kind: Kind, name: str | None) -> list[int | None]:
        """Quarantined events of a group by date of the `window`; None where a date is not published."""
        found = self._history[kind].get(name)
        by_date = found.by_log_date if found else {}
        return [by_date.get(d, 0) if d in self.published else None for d in self.window]

    def mean_before(self, kind: Kind, name: str | None) -> float | None:
        """The mean of a group's counts before the log date; None if no date before is published."""
        counts = [count for count in self.counts(kind, name)[:-1] if count is not None]
        return sum(counts) / len(counts) if counts else None

    def gone(self, kind: Kind) -> list[Group]:
        """What was quarantined before and is not on this date."""
        here = {group.name for group in groups(self.day, kind)}
        return [
            group
            for group in self._history[kind].values()
            if self.log_date not in group.by_log_date and group.name not in here
        ]

    @cached_property
    def _history(self) -> dict[Kind, dict[str | None, Group]]:
        return {kind: {group.name: group for group in groups(self.week, kind)} for kind in KINDS}


def groups(report: Report, kind: Kind) -> list[Group]:
    """The groups of a kind, most events first."""
    return {"reason": report.by_reason, "site": report.by_site, "event_name": report.by_event_name}[kind]


def table(dated: Dated, page_digest: str) -> pl.DataFrame:
    """The report as rows (`QUARANTINE_REPORT`): all, then each kind's groups, those of before last."""
    return pl.DataFrame(_rows(dated, page_digest), schema=dict(QUARANTINE_REPORT))


def _rows(dated: Dated, page_digest: str) -> Iterator[dict[str, object]]:
    shared = {"log_date": dated.log_date, "dates_before": dated.before, "page_digest": page_digest}
    day, counts = dated.day, [d.quarantined for d in dated.week.by_log_date if d.log_date != dated.log_date]
    mean = sum(counts) / len(counts) if counts else None
    of_all = {"quarantined": day.quarantined, "events": day.events, "rate": day.rate, "mean_before": mean}
    yield {**shared, "kind": "all", **of_all}
    for kind in KINDS:
        for group in groups(day, kind):
            yield {**shared, "kind": kind, **_counted(dated, kind, group), **_places(group)}
        for group in _limited(dated, kind):
            yield {
                **shared,
                "kind": kind,
                "name": group.name,
                "quarantined": 0,
                "mean_before": dated.mean_before(kind, group.name),
            }


def _limited(dated: Dated, kind: Kind) -> Iterable[Group]:
    """Reasons and sites are few; names that a broken sender made up last week are not listed again."""
    return () if kind == "event_name" else dated.gone(kind)


def _counted(dated: Dated, kind: Kind, group: Group) -> dict[str, object]:
    counted = {name: getattr(group, name) for name in ("name", "quarantined", "events", "rate")}
    return {**counted, "mean_before": dated.mean_before(kind, group.name)}


def _places(group: Group) -> dict[str, object]:
    names = ("site", "segment", "line", "event_index")
    return {f"{at}_{name}": getattr(getattr(group, at), name) for at in ("first", "last") for name in names}
