"""Rules about what is not there: sites and event types that fell silent, log dates that are missing.

Belongs here: pure functions to alerts; what is late is told the date that is expected, and has no clock. Does
not belong here: counting (`counts`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

import polars as pl

from rs_assets.alerts.alert import Alert, Rule, fingerprint
from rs_assets.alerts.counts import TOTALS
from rs_assets.alerts.facts import Facts
from rs_assets.alerts.redact import redact
from rs_assets.alerts.rules import Rules

STATUS = "rs-assets status"


def silent(rules: Rules, facts: Facts) -> Iterator[Alert]:
    """Sites, and event types of sites that still speak, with events on every log date before and none now."""
    rule = rules.silent
    if not rule.enabled or len(facts.before) < rules.baseline.log_dates:
        return
    gone: set[str] = set()
    for keys, least in (
        (["site"], rule.minimum_site_events),
        (["site", "event_name"], rule.minimum_event_events),
    ):
        named = facts.volumes.drop_nulls(keys)
        dates = pl.col("log_date").filter(pl.col("log_date") != facts.log_date).n_unique()
        today = (pl.col("log_date") == facts.log_date).any()
        found = (
            named.group_by(keys)
            .agg(*TOTALS, dates=dates, today=today)
            .filter(~pl.col("today"), pl.col("dates") == len(facts.before), pl.col("events") >= least)
            .filter(~pl.col("site").is_in(sorted(gone)))
            .sort(keys)
        )
        for *of, events in found.select(*keys, "events").iter_rows():
            who = f"{of[0]} sent nothing" if len(of) == 1 else f"{of[0]} sent no {redact(of[1])}"
            yield Alert(
                Rule.SILENT,
                fingerprint(Rule.SILENT, *of),
                facts.log_date,
                f"{who} on {facts.log_date}; on the {len(facts.before)} log dates before, {events:,} events.",
                of[0],
                place=f"site={of[0]}/log_date={facts.log_date}",
                command=STATUS,
            )
            gone |= {of[0]} if len(of) == 1 else set()


def missing(rules: Rules, facts: Facts) -> Iterator[Alert]:
    """Whether the log date, or the one before it, is not published, or nothing of it was received."""
    if not rules.log_date_missing.enabled:
        return
    date = facts.log_date
    previous = (dt.date.fromisoformat(date) - dt.timedelta(days=1)).isoformat()
    first = min(facts.published, default=date)
    for expected in (previous, date):
        if expected not in facts.published and (expected == date or expected > first):
            alert = _unpublished(expected)
            yield Alert(alert.rule, alert.fingerprint, date, alert.what, command=STATUS)
    if not facts.segments:
        yield Alert(
            Rule.LOG_DATE_MISSING,
            fingerprint(Rule.LOG_DATE_MISSING, "received"),
            date,
            f"Nothing was received on {date}: the raw log has no segment.",
            place=f"site=*/log_date={date}",
            command=STATUS,
        )


def late(rules: Rules, published: Iterable[str], expected: str) -> Alert | None:
    """The alert that `expected`, the newest log date that should be published by now, is not.

    None if it is, or if the lake is history: its newest log date lies too far back for anyone to wait.
    """
    rule, newest = rules.log_date_missing, max(published, default=None)
    if not rule.enabled or newest is None or newest >= expected:
        return None
    behind = (dt.date.fromisoformat(expected) - dt.date.fromisoformat(newest)).days
    return _unpublished(expected) if behind <= rule.live_within_log_dates else None


def _unpublished(log_date: str) -> Alert:
    """The alert that a log date has no published object."""
    return Alert(
        Rule.LOG_DATE_MISSING,
        fingerprint(Rule.LOG_DATE_MISSING, "published", log_date),
        log_date,
        f"Log date {log_date} is late: it is not published.",
        command=STATUS,
    )
